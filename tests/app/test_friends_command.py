"""`emotion-assistant friends`: from pictures to a friend, and what is done with friends afterwards."""

import dataclasses
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assistant.app import cli, friends_command
from assistant.app.friends_parser import add_actions
from assistant.app.parser import make_parser
from assistant.config.settings import FriendsSettings, Settings
from assistant.records import Track
from assistant.skills.friends import transfer
from assistant.skills.friends.friend import ConsentWay
from assistant.skills.friends.store import COPY, LIST, FriendStore
from assistant.system import friends_folder
from assistant.system.account import Account
from assistant.vision import factory
from tests.skills.friends.people import friend
from tests.support.scripted_pipeline import with_landmarks

Run = Callable[..., int]
GEORGE = [f"George_W_Bush_000{number}.jpg" for number in (1, 2, 3, 5, 6)]


@pytest.fixture
def store() -> FriendStore:
    """Where the tests' commands keep friends."""
    return FriendStore(Path(os.environ["XDG_STATE_HOME"]) / "emotion-assistant" / "friends")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `emotion-assistant friends …`, with lines that are typed, as where no service is installed."""
    monkeypatch.setattr(friends_command, "SYSTEM_FOLDER", tmp_path / "no-service")

    def command(*arguments: object, typed: tuple[str, ...] = ()) -> int:
        lines = iter(typed)
        monkeypatch.setattr("builtins.input", lambda question: next(lines, ""))
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        monkeypatch.setattr(friends_command.Account, "find", lambda name: None)
        return cli.main(["friends", *map(str, arguments)])

    return command


@pytest.fixture
def pictures(data: Path, sface: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of five pictures of one person."""
    monkeypatch.setenv("EMOTION_SFACE", str(sface))
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in GEORGE:
        shutil.copy(data / "muxspace/images" / name, folder)
    return folder


@pytest.mark.data
def test_pictures_become_a_friend(
    pictures: Path, run: Run, store: FriendStore, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("add", "George", "--pictures", pictures, "--they-agreed", typed=("yes",)) == 0
    (george,) = store.load()
    assert (george.name, len(george.views), george.consent, george.is_adult) == (
        "George",
        5,
        ConsentWay.SAID_BY_USER,
        True,
    )
    assert "George saved. 5 views." in capsys.readouterr().out
    assert not [file for file in store.folder.rglob("*") if file.suffix in (".jpg", ".png", ".npy")]


@pytest.mark.data
def test_pictures_without_a_word_of_the_consent_are_not_looked_at(pictures: Path, run: Run, store: FriendStore) -> None:
    with pytest.raises(SystemExit) as ended:
        run("add", "George", "--pictures", pictures)
    assert ended.value.code == 2
    assert store.load() == ()


@pytest.mark.data
def test_pictures_of_two_people(
    pictures: Path, data: Path, run: Run, store: FriendStore, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(data / "muxspace/images" / "Tony_Blair_0001.jpg", pictures)
    assert run("add", "George", "--pictures", pictures, "--they-agreed", "--adult", "yes") == 1
    assert "Tony_Blair_0001.jpg differs from the others" in capsys.readouterr().err
    assert store.load() == ()


@pytest.mark.data
def test_somebody_who_is_a_friend_by_another_name(
    pictures: Path, data: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("add", "George", "--pictures", pictures, "--they-agreed", "--adult", "yes") == 0
    for name in GEORGE:
        (pictures / name).unlink()
    for number in range(10, 17):
        shutil.copy(data / "muxspace/images" / f"George_W_Bush_00{number}.jpg", pictures)
    assert run("add", "Walker", "--pictures", pictures, "--they-agreed", "--adult", "yes") == 1
    assert "a friend already, by the name George" in capsys.readouterr().err


@pytest.mark.data
def test_each_view_that_is_left_out_is_told_with_its_reason(
    pictures: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "A_empty.jpg").write_bytes(b"no picture")
    shutil.copy(pictures / GEORGE[0], pictures / "copy.jpg")
    for name in GEORGE[2:]:
        (pictures / name).unlink()
    assert run("add", "George", "--pictures", pictures, "--they-agreed", "--adult", "yes") == 1
    told = capsys.readouterr()
    assert "A_empty.jpg: not a picture that can be read" in told.out
    assert "copy.jpg: the same view as before; left out" in told.out
    assert "2 good views; 3 are needed" in told.err


@pytest.mark.videos
def test_a_clip_becomes_a_friend(
    clips: Path, sface: Path, run: Run, store: FriendStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMOTION_SFACE", str(sface))
    arguments = ("--clip", clips / "one-person-smiling.mp4", "--they-agreed", "--adult", "no")
    assert run("add", "Anna", *arguments) == 0
    (anna,) = store.load()
    assert anna.is_adult is False
    assert 3 <= len(anna.views) <= 5


@pytest.mark.videos
def test_with_the_camera_the_friend_is_asked_first(
    clips: Path, sface: Path, run: Run, store: FriendStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("EMOTION_SFACE", str(sface))
    spoken: list[str] = []
    monkeypatch.setattr(friends_command, "spoken", lambda settings, language: _noting(spoken))
    config = tmp_path / "camera.toml"
    config.write_text(f'[camera]\ndriver = "opencv"\nsource = "{clips}/one-person-signing-help.mkv"\n', "utf-8")
    assert run("add", "Anna", "--config", config, typed=("no",)) == 1
    assert "did not agree: nothing was kept" in capsys.readouterr().out
    assert store.load() == ()
    assert run("add", "Anna", "--config", config, typed=("yes", "yes")) == 0
    (anna,) = store.load()
    assert anna.consent is ConsentWay.TERMINAL
    assert spoken[0] == "Do you agree to be recognized?"
    assert spoken[-1] == "Anna saved."


def _noting(spoken: list[str]) -> object:
    from contextlib import nullcontext

    return nullcontext(spoken.append)


def test_without_the_recognizer_it_is_told_what_to_do(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOTION_SFACE", str(tmp_path / "none.onnx"))
    assert run("add", "Anna", "--pictures", tmp_path, "--they-agreed") == 1
    assert "none.onnx: cannot be read" in capsys.readouterr().err


def test_the_list(run: Run, store: FriendStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("list") == 0
    assert "no friends" in capsys.readouterr().out
    store.add(friend(0, "Anna"))
    assert run() == 0
    assert capsys.readouterr().out == "Anna: an adult, 3 views, agreed on 2026-11-30 (button)\n"


def test_a_friend_of_another_recognizer_is_listed_as_such(
    run: Run, store: FriendStore, sface: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMOTION_SFACE", str(sface))
    store.add(friend(0, "Anna"))
    assert run("list") == 0
    assert "another face recognizer is used now: teach anew" in capsys.readouterr().out


def test_rename_and_forget(run: Run, store: FriendStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.add(friend(0, "Anna"))
    store.add(friend(1, "Ben"))
    assert run("rename", "anna", "Anne") == 0
    assert run("forget", "Anne", typed=("no",)) == 1
    assert [each.name for each in store.load()] == ["Anne", "Ben"]
    assert run("forget", "Anne", typed=("yes",)) == 0
    assert run("forget", "Bem") == 1
    assert "no friend is called Bem; did you mean Ben?" in capsys.readouterr().err
    assert run("forget-all") == 1  # nothing was typed
    assert [each.name for each in store.load()] == ["Ben"]
    assert run("forget-all", "--yes") == 0
    assert store.load() == ()


def test_a_damaged_list_is_one_line(run: Run, store: FriendStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.add(friend(0, "Anna"))
    for file in store.folder.glob("*.json"):
        file.write_bytes(file.read_bytes()[:80])
    assert run("list") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "the list of friends is damaged, and its copy too" in line


def test_friends_move_to_another_box(
    run: Run, store: FriendStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("cryptography", reason="cryptography is not installed: the extra friends")
    monkeypatch.setattr(transfer, "SCRYPT_N", 16)
    store.add(dataclasses.replace(friend(0, "Anna"), friend_id="0a0a0a0a"), b"RIFF says Anna")
    before, secret, file = store.load(), "a box of blue pencils", tmp_path / "moving"
    assert run("export", file, typed=(secret, "another passphrase")) == 1
    assert not file.exists()
    assert run("export", file, typed=(secret, secret)) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    store.forget_all()
    assert run("import", file, typed=("a wrong passphrase",)) == 1
    assert "the passphrase is wrong" in capsys.readouterr().err
    assert run("import", file, typed=(secret,)) == 0
    assert store.load() == before
    assert run("import", file, typed=(secret,)) == 1
    assert "called Anna already" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can work for the service")
def test_root_works_on_the_services_friends_with_its_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = Account.find("nobody")
    assert nobody is not None
    monkeypatch.setattr(friends_command.Account, "find", lambda name: nobody)
    open_to_all = Path(os.path.realpath(tmp_path))
    for folder in (open_to_all, *list(open_to_all.parents)[:3]):
        if folder.stat().st_uid == 0 and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    monkeypatch.setattr(friends_command, "SYSTEM_FOLDER", tmp_path / "service")
    monkeypatch.setattr(friends_folder, "SYSTEM_FOLDER", tmp_path / "service")
    options = make_parser().parse_args(["friends", "list"])
    assert friends_command.run(options, Settings()) == 0
    assert (tmp_path / "service").stat().st_uid == nobody.uid
    FriendStore(tmp_path / "service").add(friend(0, "Anna"))  # as root, as if an older version had done it
    for file in (tmp_path / "service").iterdir():
        os.chown(file, nobody.uid, nobody.gid)
    rename = make_parser().parse_args(["friends", "rename", "Anna", "Anne"])
    assert friends_command.run(rename, Settings()) == 0
    assert (tmp_path / "service" / LIST).stat().st_uid == nobody.uid
    assert os.geteuid() == 0
    assert "Anna is now Anne." in capsys.readouterr().out
    (tmp_path / "service" / COPY).unlink()  # as after a power cut: whoever reads the list makes it anew
    names = factory.names_at_once(Settings(friends=FriendsSettings(enabled=True)))
    assert names is not None
    names.update(
        np.zeros((480, 640), np.uint8), [Track(1, with_landmarks(), hits=1)], 0.0
    )  # a recording that root plays
    assert (tmp_path / "service" / COPY).stat().st_uid == nobody.uid


def test_who_may_not_enter_the_services_folder_is_told_of_sudo(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(friends_command, "SYSTEM_FOLDER", tmp_path)
    assert run("list") == 1
    assert "use sudo" in capsys.readouterr().err


def test_every_action_has_arguments() -> None:
    assert callable(add_actions)
    for action in ("add X", "list", "rename X Y", "forget X", "forget-all", "export X", "import X"):
        assert make_parser().parse_args(["friends", *action.split()]).action == action.split()[0]
