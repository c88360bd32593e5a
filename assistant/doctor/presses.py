"""An answer to the doctor: a press of a button or a media key, or Enter on the terminal."""

import contextlib
import os
import select
import sys
import threading
import time
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.doctor.finding import Finding, bad, good
from assistant.doctor.isolated_check import run_isolated
from assistant.errors import ControlError
from assistant.ipc.commands import Command, Reply
from assistant.voice.controls import Control
from assistant.voice.controls.gpio import Buttons
from assistant.voice.controls.keys import MediaKeys

LISTEN_S = 60.0
"""Longest time for which one answer is awaited."""
POLL_S = 0.05
"""How often the terminal is read."""


class PressListener:
    """Waits for one press, from when it is made until `close`; pins and keys are opened in a process of their own."""

    def __init__(self, settings: Settings, cancel: threading.Event) -> None:
        """cancel: gives up waiting."""
        self._cancel, self._closing, self._pressed = cancel, threading.Event(), threading.Event()
        self._has_terminal = os.name == "posix" and sys.stdin is not None and sys.stdin.isatty()
        self._drop_typed()
        self._thread = threading.Thread(target=self._listen, args=(settings,), name="press", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether there was a press, from the beginning on; at once where nothing can be pressed."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._cancel.is_set():
            if self._pressed.wait(POLL_S) or self._was_entered():
                return True
            if not self._thread.is_alive() and not self._has_terminal:
                break
        return self._pressed.is_set()

    def close(self) -> None:
        """Release the pins and keys."""
        self._closing.set()
        self._thread.join(2.0)

    def _listen(self, settings: Settings) -> None:
        found = run_isolated("press", settings, lambda why: bad("sound_unanswered", "pins"), LISTEN_S, self._closing)
        if found.ok:
            self._pressed.set()

    def _was_entered(self) -> bool:
        """Whether a line was entered on the terminal."""
        if not self._has_terminal or not select.select([sys.stdin], [], [], 0)[0]:
            return False
        return bool(sys.stdin.readline())

    def _drop_typed(self) -> None:
        """What was typed before the question is no answer."""
        if self._has_terminal:
            with contextlib.suppress(ImportError, OSError):
                import termios

                termios.tcflush(sys.stdin, termios.TCIFLUSH)


def press(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Wait for a press of a button or a media key of the settings. Runs in a child process, and ends with it."""
    pressed = threading.Event()

    def take(_: Command) -> Reply:
        pressed.set()
        return Reply(True)

    pins, keys = settings.controls.buttons, settings.controls.keys
    sources: list[Callable[[], Control]] = []
    if pins:
        sources.append(lambda: Buttons(pins, take))
    if keys != "off":
        sources.append(lambda: MediaKeys(take, only="" if keys == "auto" else keys))
    opened, errors = [], []
    trying("to open buttons and media keys")
    for source in sources:
        try:
            opened.append(source())
        except ControlError as err:  # none are set up, or the running assistant has them
            errors.append(str(err))
    if not opened:
        return bad("sound_unanswered", "pins", detail="; ".join(errors))
    pressed.wait()
    for control in opened:
        control.close()
    return good("sound_chosen")
