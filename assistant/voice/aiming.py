"""Aiming by ear, on the voice's side: what is heard from the answer to `aim` to its last words, and while a thing is
looked for.

The answer is presented by the tone; where that cannot be played, its words are spoken. Where the sound is mono, the
words for the side come before the tone, and again when the face has changed sides.
"""

import dataclasses
import threading
from collections.abc import Callable
from typing import Protocol

from assistant.config.settings import VoiceSettings
from assistant.earcon_names import AIM
from assistant.ipc.messages import AimEnded, AimPosition
from assistant.records import Fate, Priority, Utterance, UtteranceKind
from assistant.voice.audio.aim_tone import AimTone
from assistant.voice.audio.sound_cards import preferred_device
from assistant.voice.audio.stream import is_mono

__all__ = ["AimEnded", "AimPosition", "AimTone", "AimingVoice", "has_one_side"]

SIDE = 1 / 3
"""A face farther off the middle than this share of half the picture is left or right (`geometry.OUTER_THIRD`)."""


class AimPhrases(Protocol):
    """The part of Phrases that aiming needs."""

    def text(self, table: str, name: str) -> str: ...


class AimingVoice:
    """Speaks, and plays the tone, of one aiming at a time. Its methods may be called from any thread."""

    def __init__(
        self, tone: AimTone, phrases: AimPhrases, put: Callable[[Utterance], None], is_mono: Callable[[], bool]
    ) -> None:
        """put(utterance): has it spoken next. is_mono(): whether the sound is mono."""
        self.tone, self._phrases, self._put, self._is_mono = tone, phrases, put, is_mono
        self._is_by_words, self._side, self._words = False, "", ""
        self._is_ticking = False
        self._current: Utterance | None = None

    def begin(self, answer: Utterance) -> Utterance:
        """The answer to `aim` has come; returns what to speak in its place."""
        return self._begin(answer, is_ticking=False)

    @property
    def is_on(self) -> bool:
        """Whether the tone has begun and neither ended nor been cut off."""
        return self.tone.is_wanted

    def begin_search(self, words: Utterance) -> None:
        """A skill looks for a thing: the same, in ticks. words: spoken where the tone cannot be played."""
        self._put(self._begin(dataclasses.replace(words, earcon=AIM), is_ticking=True))

    def stop(self) -> None:
        """The tone ends, without words."""
        self.tone.over()

    def take(self, message: AimPosition | AimEnded) -> None:
        """A message of vision about the aiming."""
        if isinstance(message, AimEnded):
            self.end(message.utterance)
        else:
            self.move(message.x, message.y)

    def move(self, x: float | None, y: float | None) -> None:
        """The face is there, see AimPosition."""
        self.tone.move(x, y)
        side = "" if x is None or abs(x) <= SIDE else "left" if x < 0 else "right"
        has_changed, self._side = bool(side and self._side and side != self._side), side or self._side
        if self._is_by_words and self.tone.is_wanted and has_changed:
            self._next("")

    def end(self, words: Utterance) -> None:
        """The aiming is over: these are its last words, unless the wearer has ended it before."""
        if self.tone.is_wanted:
            self.tone.over()
            self._put(words)

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance: after the words for the side comes the tone; else the wearer, or a fault,
        has ended the aiming."""
        if utterance is not self._current or not self.tone.is_wanted:
            return
        if self._is_ticking and utterance.earcon and fate is Fate.SPOKEN:
            self._is_by_words = False  # the ticks cannot be played: what was said in their place is said once
        elif utterance.earcon or fate is not Fate.SPOKEN:
            self.tone.over()
        else:
            self._next(AIM)

    def _begin(self, answer: Utterance, *, is_ticking: bool) -> Utterance:
        self._side, self._is_by_words, self._words = "", self._is_mono(), answer.text
        self._is_ticking = is_ticking
        self._current = dataclasses.replace(answer, earcon="") if self._is_by_words else answer
        self.tone.begin(is_ticking=is_ticking)
        return self._current

    def _next(self, earcon: str) -> None:
        text = self._phrases.text("aim", self._side) if self._side else self._words
        self._current = Utterance(text, Priority.ANSWER, "answer", None, AIM, earcon, kind=UtteranceKind.ANSWER)
        self._put(self._current)


def has_one_side(settings: VoiceSettings, stop: threading.Event) -> bool:
    """Whether the sound is mono, by the settings or by what is known of the sound card."""
    if settings.channels != "auto":
        return settings.channels == "mono"
    return is_mono(preferred_device(settings.device, stop))
