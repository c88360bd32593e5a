"""Switching the box off: by a command, or by the unit that waits for a file."""

import sys
import threading
from pathlib import Path

import pytest

from assistant.voice.controls import shutdown


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


def test_a_command_does_it(tmp_path: Path) -> None:
    program = tmp_path / "off.py"
    program.write_text(f"open({str(tmp_path / 'off')!r}, 'w')")
    assert shutdown.switch_off(f"{sys.executable} '{program}'") == ""
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
def test_a_command_that_does_not_says_why(command: str, why: str) -> None:
    assert why in shutdown.switch_off(command)


def test_where_no_unit_waits_the_systems_own_command_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "systemctl").write_text('#!/bin/sh\necho "$*" >"$0.called"')
    (tmp_path / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutdown.switch_off("auto") == ""
    assert (tmp_path / "systemctl.called").read_text() == "poweroff\n"


def test_where_it_is_installed_a_file_is_left_for_the_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{tmp_path}:{tmp_path}/other")
    asked, never = tmp_path / "poweroff", threading.Event()

    def take() -> None:
        while not asked.exists():
            never.wait(0.001)
        asked.unlink()

    unit = threading.Thread(target=take)
    unit.start()
    assert shutdown.switch_off("auto") == ""
    unit.join()


def test_a_file_that_nobody_takes_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(shutdown, "LIMIT_S", 0.1)
    assert "emotion-assistant-poweroff.path" in shutdown.switch_off("auto")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "gone"))
    assert "No such file" in shutdown.switch_off("auto")
