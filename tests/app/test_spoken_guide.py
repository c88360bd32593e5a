"""The command `guide`: of a running assistant; alone it speaks by itself, and a terminal has keys."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.app import cli
from assistant.ipc import socket_paths
from assistant.voice.controls.button_map import MAIN_BUTTON
from assistant.voice.controls.control_socket import ControlSocket
from assistant.voice.controls.gestures import Gesture
from assistant.voice.guide import keyboard
from tests.support.command_handler_standin import CommandHandlerStandin

ROOT = Path(__file__).parents[2]
WITHOUT_KEYS = '[voice]\nengine = "printed"\n[controls]\nkeys = "off"\n'


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A settings file without media keys, which a test must not take from this machine."""
    file = tmp_path / "settings.toml"
    file.write_text(WITHOUT_KEYS)
    return file


@contextlib.contextmanager
def typing(*arguments: object, state: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A command with a terminal as its standard input: the process, and where to type."""
    terminal, input_side = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant", *map(str, arguments)], cwd=ROOT, text=True, stdin=input_side,
        stdout=subprocess.PIPE, env={**os.environ, "XDG_STATE_HOME": str(state), "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        yield process, terminal
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()
        os.close(terminal)
        os.close(input_side)


def test_alone_it_is_practised_with_the_digits_of_a_terminal(tmp_path: Path, settings: Path) -> None:
    presses = {
        "Press short now.": "1",
        "Press twice now.": "2",
        "For smiles only, press short now.": "\n",
        "Press long now, about one second.": "3",
        "After ten seconds without a press this ends.": "3",
        "Long press. I fall silent, or speak again.": "q",
    }
    with typing("guide", "--config", settings, state=tmp_path / "state") as (process, terminal):
        assert process.stdout
        heard = []
        for line in process.stdout:
            heard.append(line.strip())
            if typed := presses.pop(heard[-1], ""):
                os.write(terminal, typed.encode())
        assert process.wait() == 0
    assert "1, short press. 2, two short presses. 3, long press. 4, press of five seconds." in heard
    assert not presses, heard
    assert heard.count("Good.") == 3
    assert "From now on, unasked, only smiles." in heard
    assert heard[-1] == "The guide has ended."
    kept = json.loads((tmp_path / "state/emotion-assistant/voice.json").read_text())
    assert (kept["verbosity"], kept["guide_known"]) == ("smiles", True)


def test_alone_and_without_any_key_it_is_told_to_its_end(settings: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "guide", "--config", str(settings)],
        cwd=ROOT, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=True,
    )  # fmt: skip
    assert "No button and no headset key is connected." in done.stdout
    assert "[happy]" in done.stdout or "happy" in done.stdout
    assert done.stdout.splitlines()[-1] == "That was the guide. From now on I work as usual."


@pytest.mark.parametrize(("arguments", "command"), [((), "guide"), (("--keys",), "guide_keys")])
def test_a_running_assistant_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...], command: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(tmp_path / "control.sock"))
    handler = CommandHandlerStandin()
    with contextlib.closing(ControlSocket(socket_paths.control_socket(), handler.handle)):
        assert cli.main(["guide", *arguments]) == 0
    assert handler.next() == command
    assert capsys.readouterr().out == f"{command}!\n"


def test_each_gesture_has_its_digit() -> None:
    for character, gesture in zip("1234", Gesture, strict=True):
        press = keyboard.to_press(character)
        assert press
        assert (press.gesture, press.command) == (gesture, MAIN_BUTTON[gesture])
    assert keyboard.to_press("\n") == keyboard.to_press("1")
    assert keyboard.to_press("x") is None
