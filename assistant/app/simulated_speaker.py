"""A speaker in the time of a clip: the real speech queue, without waiting."""

from collections.abc import Callable
from typing import Protocol

from assistant.records import Fate, Utterance, UtteranceKind
from assistant.voice.speech.speech_queue import SpeechQueue

UTTERANCE_PAUSE_S = 0.2
"""Added to the time of an utterance's words: from the queue to the first sound, and the pause after it."""
CUE_S = 0.2
"""How long an utterance without words takes."""


class Sound(Protocol):
    """Makes the sound of the utterances of a replay."""

    def begin(self, utterance: Utterance, at: float) -> float:
        """An utterance begins at `at` seconds of the clip; returns how many seconds it takes."""
        ...

    def cut_off(self, at: float) -> None:
        """The utterance that was begun last ends at `at` seconds, before its end."""
        ...


class SimulatedSpeaker:
    """A speaker in clip time: it makes no sound itself, and takes as long as speaking the text would, or as `sound`
    says."""

    def __init__(
        self, rate_wpm: int, on_fate: Callable[[Utterance, Fate, float], None], sound: Sound | None = None
    ) -> None:
        self._rate_wpm, self._sound = rate_wpm, sound
        self.queue = SpeechQueue(on_fate)
        self._ends_at = 0.0
        self.on_start: Callable[[Utterance, float], None] = lambda utterance, at: None

    def duration_s(self, utterance: Utterance) -> float:
        """Seconds that an utterance takes."""
        if utterance.kind is UtteranceKind.CUE:
            return CUE_S
        return len(utterance.text.split()) * 60 / self._rate_wpm + UTTERANCE_PAUSE_S

    def say(self, utterance: Utterance, at: float) -> None:
        """Queue an utterance at `at` seconds of the clip."""
        if self.queue.put(utterance, at):
            if self._sound is not None:
                self._sound.cut_off(at)
            self.queue.finish(Fate.INTERRUPTED, at)
        if self.queue.speaking is None:
            self._begin(at)

    def advance(self, at: float) -> None:
        """Let time pass up to `at`: utterances end, and those that wait begin."""
        while self.queue.speaking is not None and self._ends_at <= at:
            self.queue.finish(Fate.SPOKEN, self._ends_at)
            self._begin(self._ends_at)

    def _begin(self, at: float) -> None:
        utterance = self.queue.take(at)
        if utterance is not None:
            self._ends_at = at + (self._sound.begin(utterance, at) if self._sound else self.duration_s(utterance))
            self.on_start(utterance, at)
