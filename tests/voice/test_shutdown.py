"""Shutdown by a command or by the unit that watches a file, and the detection of an unclean shutdown."""

import sys
import threading
from pathlib import Path

import pytest

from assistant.voice import shutdown
from assistant.voice.shutdown import MARKER, UncleanShutdownDetector


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


def test_a_command_shuts_down(tmp_path: Path) -> None:
    program = tmp_path / "off.py"
    program.write_text(f"open({str(tmp_path / 'off')!r}, 'w')")
    assert shutdown.power_off(f"{sys.executable} '{program}'") == ""
    assert (tmp_path / "off").exists()


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("/no/such/program", "No such file"),
        (f"{sys.executable} -c 'raise SystemExit(1)'", "exit code 1"),
        (f"{sys.executable} -c 'raise SystemExit(\"not you\")'", "not you"),
        ("'", "No closing quotation"),
        (" ", "names no command"),
    ],
)
def test_a_command_that_fails_reports_why(command: str, why: str) -> None:
    assert why in shutdown.power_off(command)


def test_without_the_unit_the_systems_command_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "systemctl").write_text('#!/bin/sh\necho "$*" >"$0.called"')
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutdown.power_off("auto") == ""
    assert (tmp_path / "systemctl.called").read_text() == "poweroff\n"


def test_with_the_unit_a_request_file_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:{tmp_path}/other")
    asked, never = tmp_path / "poweroff", threading.Event()

    def take() -> None:
        while not asked.exists():
            never.wait(0.001)
        asked.unlink()

    unit = threading.Thread(target=take)
    unit.start()
    assert shutdown.power_off("auto") == ""
    unit.join()


def test_a_request_file_that_is_not_taken_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(shutdown, "POWEROFF_TIMEOUT_S", 0.1)
    assert "emotion-assistant-poweroff.path" in shutdown.power_off("auto")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "gone"))
    assert "No such file" in shutdown.power_off("auto")


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The state folder, which is on the disk, and the runtime folder, which is not."""
    for name in ("STATE_DIRECTORY", "RUNTIME_DIRECTORY"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, f"{tmp_path / name}:/somewhere/else")
    return tmp_path / "STATE_DIRECTORY", tmp_path / "RUNTIME_DIRECTORY"


def test_a_first_start_an_orderly_end_and_a_crash_are_no_power_cuts(folders: tuple[Path, Path]) -> None:
    first = UncleanShutdownDetector()
    assert not first.was_power_cut
    first.close()
    second = UncleanShutdownDetector()  # the box was shut down in between, or not
    assert not second.was_power_cut
    assert not second.did_voice_crash
    third = UncleanShutdownDetector()  # the voice process alone has crashed: the file in memory is still there
    assert (third.was_power_cut, third.did_voice_crash) == (False, True)


def test_a_power_cut_is_noticed_once(folders: tuple[Path, Path]) -> None:
    UncleanShutdownDetector()
    (folders[1] / MARKER).unlink()  # a power cut clears the memory
    second = UncleanShutdownDetector()
    assert (second.was_power_cut, second.did_voice_crash) == (True, False)
    assert not UncleanShutdownDetector().was_power_cut, "it is reported once"


def test_without_the_folders_nothing_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "gone"))
    detector = UncleanShutdownDetector()
    assert not detector.was_power_cut
    detector.close()
