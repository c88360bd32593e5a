"""Utterances told by a short sound, alone or before their words, as `voice.changes` says; played or printed."""

import threading
from collections.abc import Callable

from assistant.config.settings import VoiceSettings
from assistant.records import Priority, Utterance
from assistant.voice.audio.player import Player, with_lead_in, with_volume
from assistant.voice.speech import earcons

ALWAYS_ALONE = "still_here"
"""Words would break the silence that it tells of."""


class EarconVoice:
    """Decides what a sound tells; play(name, cancel) makes the sound heard and answers like a voice's `say`."""

    def __init__(self, settings: VoiceSettings, play: Callable[[str, threading.Event], bool]) -> None:
        self._changes, self._play = settings.changes, play

    def tell(self, utterance: Utterance, cancel: threading.Event) -> bool | None:
        """True: told by its sound alone, False: cut off, None: its words remain. A fault is told in words only."""
        name = utterance.earcon
        if name not in earcons.NAMES or utterance.priority is Priority.FAULT:
            return None
        is_alone = name == ALWAYS_ALONE
        if self._changes == "words" and not is_alone:
            return None
        if not self._play(name, cancel):
            return False
        return True if is_alone or self._changes == "sounds" else None

    def play(self, name: str, cancel: threading.Event) -> bool:
        """One sound, whatever the settings say of changes. Raises KeyError for an unknown one, and VoiceError."""
        return self._play(name, cancel)


def tones(settings: VoiceSettings, player: Player) -> Callable[[str, threading.Event], bool]:
    """Plays the earcon of a name, at the volume and after the silence that are set."""

    def play(name: str, cancel: threading.Event) -> bool:
        sound = with_volume(earcons.earcon(name), settings.volume)
        return player.play(with_lead_in(sound, settings.lead_in_ms), cancel)

    return play
