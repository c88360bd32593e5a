"""Asks in each sound device in turn whether it is heard there, and writes the answer into the settings."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from assistant.config.setting_writer import file_to_change, write_setting
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import ConfigError
from assistant.voice.audio.sound_cards import SoundCard

ANSWER_S = 5.0
"""Seconds in which a question is answered, after its last word; a press during the question counts too."""


class Listener(Protocol):
    """Waits for an answer, from when it is made until `close`."""

    def wait(self, seconds: float) -> bool:
        """Whether there was an answer, from the beginning on; at once where nobody can answer."""
        ...

    def close(self) -> None: ...


class SoundChoice:
    """The question on which sound device the assistant is heard."""

    def __init__(
        self,
        question: str,
        listen: Callable[[threading.Event], Listener],
        file: Path | None,
        show: Callable[[str], None] = lambda line: None,
    ) -> None:
        """question: is asked in each device. listen(cancel): begins to wait for an answer. file: the settings file that
        the user named. show: prints a line."""
        self.question = question
        self._listen, self._file, self._show = listen, file, show

    def ask(self, cards: Sequence[SoundCard], play: Callable[[str], bool], cancel: threading.Event) -> SoundCard | None:
        """Ask in each card in turn; the one in which the answer was yes, None: in none.

        play(device): plays the question; False: it could not be played.
        """
        for card in cards:
            if cancel.is_set():
                break
            self._show(f"       {card.name}: {self.question} (Enter)")
            with contextlib.closing(self._listen(cancel)) as listener:
                if play(card.device) and listener.wait(ANSWER_S):
                    return card
        return None

    def is_answered(self, ask: Callable[[], None], cancel: threading.Event) -> bool:
        """Whether a press answers the question that `ask` speaks."""
        with contextlib.closing(self._listen(cancel)) as listener:
            ask()
            return listener.wait(ANSWER_S)

    def keep(self, card: SoundCard, raised: Sequence[str] = ()) -> Finding:
        """Write the card into the settings file that is in use. raised: further sentences of the finding."""
        setting = f'voice.device = "{card.setting}"'
        file = self._file
        try:
            file = file_to_change("voice", "device", self._file)
            write_setting(file, "voice", "device", card.setting)
        except OSError as err:
            return bad(
                "faults.disk", "ask", detail=f"{file or err.filename}: {err.strerror}; {setting} belongs into it"
            )
        except ConfigError as err:
            return bad("settings_wrong", "settings", detail=f"{err}; {setting} belongs into it")
        restart = "restart the assistant for it to take effect"
        return good("sound", "sound_chosen", *raised, detail=f"{setting} in {file}; {restart}")
