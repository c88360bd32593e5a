"""The voice that prints: for terminals, screen readers and tests. It takes no time."""

import sys
import threading
from typing import TextIO

from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.voice.voices import sanitize_text


class PrintedVoice:
    """Prints one line for each utterance."""

    name = "printed"

    def __init__(self, out: TextIO | None = None) -> None:
        """out: None: the standard output."""
        self._out = out

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        return self._print(sanitize_text(text), cancel)

    def close(self) -> None:
        pass

    def play(self, name: str, cancel: threading.Event) -> bool:
        """The name of a sound instead of the sound."""
        return self._print(f"♪ {name.replace('_', ' ')}", cancel)

    def _print(self, line: str, cancel: threading.Event) -> bool:
        if cancel.is_set():
            return False
        try:
            print(line, file=self._out or sys.stdout, flush=True)
        except (OSError, ValueError) as err:
            raise VoiceError(f"cannot print: {err}") from err
        return True
