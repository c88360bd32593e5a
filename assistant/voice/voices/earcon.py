"""Presents utterances by a short sound, alone or before their words, as the setting `voice.changes` says."""

import threading
from collections.abc import Callable

from assistant.config.settings import VoiceSettings
from assistant.earcon_names import AIM, CENTRED
from assistant.errors import VoiceError
from assistant.records import Priority, Utterance, UtteranceKind
from assistant.voice.audio.aim_tone import CHUNK_S, RATE, AimTone
from assistant.voice.audio.loudness import with_volume
from assistant.voice.audio.player import Player, StreamingPlayer, with_lead_in
from assistant.voice.speech import earcons

ALWAYS_ALONE = (UtteranceKind.CUE, UtteranceKind.IDLE_TICK)
"""Kinds of utterances whose sound is never followed by words: these would break the silence that it stands for."""


class EarconVoice:
    """Decides for which utterances a sound is enough."""

    def __init__(
        self,
        settings: VoiceSettings,
        play: Callable[[str, threading.Event], bool],
        aim: Callable[[threading.Event], bool] | None = None,
    ) -> None:
        """play(name, cancel): makes a sound heard, or prints its name; returns like a voice's `say`. aim(cancel): plays
        the tone of aiming to its end; None: there is none, and the words are spoken."""
        self._changes, self._play, self._aim = settings.changes, play, aim

    def present(self, utterance: Utterance, cancel: threading.Event) -> bool | None:
        """Play the utterance's earcon; True: it was enough, False: cut off, None: its words remain to be spoken.

        A fault has words only. Raises VoiceError.
        """
        name = utterance.earcon
        if name == AIM and self._aim is not None:
            return self._aim(cancel)
        if name not in earcons.NAMES or utterance.priority is Priority.FAULT:
            return None
        is_alone = utterance.kind in ALWAYS_ALONE or utterance.kind is UtteranceKind.SOUND_SAMPLE
        if self._changes == "words" and not is_alone and name != CENTRED:
            return None
        if not self._play(name, cancel):
            return False
        return True if is_alone or (self._changes == "sounds" and name != CENTRED) else None

    def play(self, name: str, cancel: threading.Event) -> bool:
        """One sound, whatever `voice.changes` says. Raises KeyError for an unknown one, and VoiceError."""
        return self._play(name, cancel)


def earcon_player(settings: VoiceSettings, player: Player) -> Callable[[str, threading.Event], bool]:
    """A function that plays the earcon of a name, at the configured volume and after the configured lead-in."""

    def play(name: str, cancel: threading.Event) -> bool:
        sound = with_volume(earcons.earcon(name), settings.volume)
        return player.play(with_lead_in(sound, settings.lead_in_ms), cancel)

    return play


def aim_player(settings: VoiceSettings, player: Player, tone: AimTone) -> Callable[[threading.Event], bool]:
    """A function that plays the tone of aiming, at the configured volume, until it is over."""
    channels = 1 if settings.channels == "mono" else 2

    def play(cancel: threading.Event) -> bool:
        if not isinstance(player, StreamingPlayer):
            raise VoiceError("this player cannot play a tone that is made while it plays")
        return player.stream(tone.chunks(settings.volume, channels=channels), CHUNK_S, RATE, channels, cancel)

    return play
