"""What root sees and the service does not: found by the doctor, whoever runs it."""

import dataclasses
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.config.settings import Settings, VoiceSettings
from assistant.doctor import service_access
from assistant.doctor.service_access import closed_settings, closed_source, closed_voice, why_closed
from assistant.system.account import Account, children_as
from assistant.system.child_process import run_child
from assistant.system.worker_process import WorkerProcess
from tests.doctor.test_doctor import ROOT, Answer, board, doctor, doctor_here, found

__all__ = ["board", "doctor_here"]  # fixtures
MODELS = ROOT / "models"
as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may become another user"
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everyone may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def own_model(folder: Path, mode: int = 0o644) -> Path:
    """A copy of a shipped model with its card."""
    for suffix in (".tflite", ".json"):
        file = folder / f"own{suffix}"
        file.write_bytes((MODELS / f"emotion-small-int8{suffix}").read_bytes())
        file.chmod(mode if suffix == ".tflite" else 0o644)
    return folder / "own.tflite"


def naming(file: Path, table: str, key: str, folder: Path) -> list[str]:
    """The arguments of a doctor whose settings name a file."""
    config = folder / "settings.toml"
    config.write_text(f'[{table}]\n{key} = "{file}"\n')
    return ["--json", "--config", str(config), "--voice", "printed", "--camera", "opencv", "--source", "63"]


@as_root
@pytest.mark.usefixtures("board")
@pytest.mark.parametrize(("table", "key"), [("model", "file"), ("detector", "model")])
def test_a_file_of_roots_alone_is_told_with_the_folder_for_own_files(
    folder: Path, table: str, key: str, doctor_here: Callable[..., Answer]
) -> None:
    model = own_model(folder, 0o600)
    done = doctor_here(*naming(model, table, key, folder))
    finding, printed = found(done)[table], done.stderr
    assert (finding["ok"], finding["text"]) == (False, "The service cannot read the chosen file.")
    assert finding["advice"] == "Copy the file to the shared folder."
    assert f"{model}: the service may not read it (mode 600); copy it" in printed
    assert "/usr/local/share/emotion-assistant" in printed
    assert "docs/train-your-own.md" in printed


@as_root
@pytest.mark.usefixtures("board")
def test_a_model_that_everyone_may_read_is_used(folder: Path) -> None:
    done = doctor(*naming(own_model(folder), "model", "file", folder))
    assert found(done)["model"]["ok"], done.stderr


@pytest.mark.parametrize("place", ["/home/pi/own.tflite", "/root/own.tflite", "/run/user/1000/own.tflite"])
def test_the_folders_that_the_units_hide(place: str) -> None:
    assert why_closed(Path(place), None).startswith(f"{place}: the service sees nothing of /")


def test_a_link_into_a_hidden_folder(folder: Path) -> None:
    (folder / "own.tflite").symlink_to("/home/pi/own.tflite")
    assert "sees nothing of /home" in why_closed(folder / "own.tflite", None)


def test_rights_of_the_file_and_of_every_folder_above(folder: Path) -> None:
    model = own_model(folder)
    owner = Account("owner", model.stat().st_uid, 99999, (), "/")
    member = Account("member", 99999, 99999, (model.stat().st_gid,), "/")
    assert [why_closed(model, each) for each in (None, owner, member)] == ["", "", ""]
    model.chmod(0o640)
    assert "may not read it (mode 640)" in why_closed(model, None)
    assert [why_closed(model, each) for each in (owner, member)] == ["", ""]
    model.chmod(0o604)
    assert "mode 604" in why_closed(model, member)
    model.chmod(0o644)
    folder.chmod(0o700)
    assert f"may not enter the folder {folder}" in why_closed(model, None)
    assert why_closed(folder / "missing" / "x.tflite", owner) == ""


@as_root
def test_voices_sources_and_settings_files_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    voice = folder / "voice.onnx"
    for name in ("voice.onnx", "voice.onnx.json"):
        (folder / name).write_text("")
        (folder / name).chmod(0o644)
    piper = dataclasses.replace(Settings(), voice=VoiceSettings(engine="piper", model=str(voice)))
    assert closed_voice(piper) is None
    (folder / "voice.onnx.json").chmod(0o600)
    assert (told := closed_voice(piper)) is not None
    assert "voice.onnx.json: the service may not read it" in told.detail
    assert closed_voice(dataclasses.replace(piper, voice=VoiceSettings(model=str(voice)))) is None, "not piper"
    clip = dataclasses.replace(Settings().camera, source="/home/pi/clip.mp4")
    assert (told := closed_source(dataclasses.replace(Settings(), camera=clip))) is not None
    assert told.keys == ("closed",)
    assert closed_source(Settings()) is None
    pictures = dataclasses.replace(clip, source=str(folder / "pictures"))
    monkeypatch.setattr(service_access, "USER", "no such user")
    (folder / "pictures").mkdir(mode=0o700)
    assert closed_source(dataclasses.replace(Settings(), camera=pictures)) is None, "played without the service"
    monkeypatch.setattr(service_access, "USER", "nobody")
    assert (told := closed_source(dataclasses.replace(Settings(), camera=pictures))) is not None
    assert "may not read it (mode 700)" in told.detail
    assert closed_source(dataclasses.replace(Settings(), camera=dataclasses.replace(clip, source="/dev/mem"))) is None
    voice.chmod(0o600)
    assert (told := closed_settings([folder / "none", voice])) is not None
    assert told.advice == "settings"
    assert told.detail.endswith("sudo chmod 644 it")


def test_for_another_user_without_the_service_nothing_is_judged(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_access, "_is_root", lambda: False)
    monkeypatch.setattr(service_access, "UNIT_FILES", (folder / "emotion-assistant.service",))
    settings = dataclasses.replace(Settings(), model=dataclasses.replace(Settings().model, file="/home/x/own.tflite"))
    assert service_access.closed_model(settings) is None
    (folder / "emotion-assistant.service").touch()
    assert service_access.closed_model(settings) is not None
    assert service_access.closed_model(Settings()) is None, "a shipped one"


@as_root
def test_children_have_the_rights_of_the_account_and_only_within_the_block() -> None:
    account = Account.find("nobody")
    assert account is not None
    program = "import json, os; print(json.dumps([os.getuid(), os.getgid(), os.getgroups(), os.environ['HOME']]))"
    command = ["/usr/bin/env", "python3", "-c", program]

    def child() -> list[object]:
        done = run_child(command, b"", 20.0, threading.Event(), {"PATH": "/usr/bin:/bin", "HOME": "/root"})
        assert done is not None
        return list(json.loads(done.output))

    with children_as(account):
        assert child() == [account.uid, account.gid, list(account.groups), account.home]
        worker = WorkerProcess("id", ["/bin/sh", "-c", "id -u >&2; exit 3"], 5.0)
        with pytest.raises(Exception, match=str(account.uid)):
            worker.request(b"x", 5.0, threading.Event())
        worker.close()
    assert child()[0] == 0
    assert Account.find("no such user") is None


def test_only_root_becomes_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_access, "_is_root", lambda: False)
    monkeypatch.setattr(service_access, "USER", "root")
    assert service_access.service_account() is None
    monkeypatch.setattr(service_access, "_is_root", lambda: True)
    monkeypatch.setattr(service_access, "USER", "no such user")
    assert service_access.service_account() is None


@as_root
def test_a_user_who_cannot_start_this_program_is_not_become(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(service_access, "USER", "nobody")
    program = folder / "python"
    monkeypatch.setattr(sys, "executable", str(program))
    for mode, becomes in ((0o700, False), (0o755, True)):
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(mode)
        account = service_access.service_account()
        assert (account is not None and account.name == "nobody") is becomes
