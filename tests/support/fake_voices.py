"""Voices that make no sound and behave as the test sets them, and utterances for them."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from assistant.records import Fate, Priority, Utterance
from assistant.voice.speech.fallback_voice import Voice
from assistant.voice.speech.speaker import Speaker

WAIT_S = 5.0
"""Longest wait for an event, seconds; only a failed test waits so long."""
Outcome = bool | Exception | Callable[[threading.Event], bool]
"""What `say` does: returns that, raises it, or calls it with the event that cancels."""


def until_cancelled(cancel: threading.Event) -> bool:
    """An outcome: speaks until it is cut off."""
    assert cancel.wait(WAIT_S)
    return False


class FakeVoice:
    """A voice whose `outcome` the test sets; by default it speaks every text to its end, at once."""

    def __init__(self, name: str = "fake", outcome: Outcome = True) -> None:
        self.name, self.outcome = name, outcome
        self.spoken: list[tuple[str, Priority]] = []
        """Every text that it was given, with its priority."""
        self.began: SimpleQueue[str] = SimpleQueue()
        """The texts again, for a test that waits for them."""
        self.closed = threading.Event()
        self.close_count = 0

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        self.spoken.append((text, priority))
        self.began.put(text)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome(cancel) if callable(self.outcome) else self.outcome

    def close(self) -> None:
        self.close_count += 1
        self.closed.set()

    def next(self) -> str:
        """Wait for the next text."""
        return self.began.get(timeout=WAIT_S)


class SpeakerBench:
    """Speakers that share a clock which only the test moves, their fates and their errors."""

    def __init__(self) -> None:
        self.now = 100.0
        self.fates: SimpleQueue[tuple[str, Fate]] = SimpleQueue()
        self.errors: list[str] = []
        self._speakers: list[Speaker] = []

    def speaker(self, *voices: Voice) -> Speaker:
        speaker = Speaker(
            voices,
            on_fate=lambda utterance, fate, at: self.fates.put((utterance.text, fate)),
            on_error=self.errors.append,
            clock=lambda: self.now,
        )
        self._speakers.append(speaker)
        return speaker

    def fate(self) -> tuple[str, Fate]:
        """Wait for the next fate."""
        return self.fates.get(timeout=WAIT_S)

    def close(self) -> None:
        for speaker in self._speakers:
            speaker.close(1.0)


def utterance(text: str, priority: Priority = Priority.CHANGE, expires_at: float | None = None) -> Utterance:
    """An utterance whose topic is its text."""
    return Utterance(text, priority, text, expires_at)
