"""What the wearer would hear of a recording, as sound in the recording's own time.

The voices are those of a running assistant, in the same order, with their earcons and recorded names; only the player
is another one, which keeps the sound. A sentence ends where a more urgent one cuts it off.
"""

import logging
import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assistant.app.simulated_speaker import UTTERANCE_PAUSE_S
from assistant.dataclass import dataclass
from assistant.records import Utterance, UtteranceKind
from assistant.voice.audio.player import Pcm, Player
from assistant.voice.speech import earcons
from assistant.voice.speech.fallback_voice import FallbackVoice

log = logging.getLogger(__name__)

RATE = 48_000
"""Samples a second of the track."""
AUDIBLE = 300
"""A sample from which a sound is heard, of 32767: espeak-ng begins with up to 0.1 s of near silence."""

Samples = NDArray[np.int16]
"""One channel at RATE."""


@dataclass
class Cue:
    """A subtitle."""

    start: float
    """Seconds of the recording at which the words, or the sound, begin to be heard."""
    end: float
    """When they end, or are cut off."""
    text: str


class KeepingPlayer:
    """A player that plays nothing and keeps what it is given."""

    def __init__(self) -> None:
        self.played: list[Pcm] = []

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        self.played.append(pcm)
        return True


class Soundtrack:
    """The sound of the utterances, each at its time; see `simulated_speaker.Sound`."""

    def __init__(
        self, make_voice: Callable[[Player], FallbackVoice], resample: Callable[[Pcm], Samples], *, changes: str = ""
    ) -> None:
        """make_voice: the voices that use a player. resample: brings a sound to RATE. changes: the setting of that
        name: whether sounds stand for words."""
        self._player = KeepingPlayer()
        self._voice, self._resample, self._changes = make_voice(self._player), resample, changes
        self.cues: list[Cue] = []
        """The subtitles so far, in the order of their time."""
        self._began: list[tuple[int, Samples]] = []  # what is not yet taken to its end
        self._taken = 0
        self.ends_at = 0.0
        """Seconds of the recording at which the last sound ends."""

    def begin(self, utterance: Utterance, at: float) -> float:
        """An utterance begins at `at` seconds; returns how long it takes, with the pause after it."""
        self._player.played.clear()
        self._voice.speak(utterance, threading.Event(), lambda: at, lambda error: log.warning("voice: %s", error))
        sounds = [self._resample(each) for each in self._player.played]
        samples = np.concatenate(sounds) if sounds else np.empty(0, np.int16)
        heard = np.flatnonzero(np.abs(samples.astype(np.int32)) >= AUDIBLE)
        seconds = len(samples) / RATE
        if len(heard):
            text = f"♪ {utterance.text}" if self._is_sound(utterance) else utterance.text
            self.cues.append(Cue(at + heard[0] / RATE, at + (heard[-1] + 1) / RATE, text))
            self._began.append((round(at * RATE), samples))
            self.ends_at = max(self.ends_at, at + seconds)
        return seconds + UTTERANCE_PAUSE_S

    def cut_off(self, at: float) -> None:
        """The utterance that was begun last is heard no further than `at` seconds."""
        if not self._began:
            return
        start, samples = self._began.pop()
        self._began.append((start, samples[: max(0, round(at * RATE) - start)]))
        self.ends_at = min(self.ends_at, at)
        self.cues[-1].end = min(self.cues[-1].end, at)
        if self.cues[-1].end <= self.cues[-1].start:  # nothing of it was heard
            self.cues.pop()

    def take(self, until: float) -> Samples:
        """The samples from where the last call ended up to `until` seconds; they cannot be cut off any more."""
        end = max(self._taken, round(until * RATE))
        taken = np.zeros(end - self._taken, np.int16)
        for start, samples in self._began:
            first, last = max(start, self._taken), min(start + len(samples), end)
            if first < last:
                taken[first - self._taken : last - self._taken] = samples[first - start : last - start]
        self._began = [(start, samples) for start, samples in self._began if start + len(samples) > end]
        self._taken = end
        return taken

    def text_at(self, at: float) -> str:
        """The subtitle at `at` seconds; empty where nothing is heard."""
        return next((cue.text for cue in reversed(self.cues) if cue.start <= at < cue.end), "")

    def close(self) -> None:
        """Close the voices."""
        self._voice.close()

    def _is_sound(self, utterance: Utterance) -> bool:
        """Whether a sound stands for the words."""
        is_alone = self._changes == "sounds" and utterance.earcon in earcons.NAMES
        return utterance.kind is UtteranceKind.CUE or is_alone
