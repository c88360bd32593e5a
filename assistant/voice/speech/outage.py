"""While no sound can be played: tries again and again, then announces how long that lasted, and repeats lost faults."""

import logging
from collections.abc import Callable
from typing import Protocol

from assistant.records import Fate, Priority, Utterance, UtteranceKind

log = logging.getLogger(__name__)

RETRY_S = 1.5
"""Seconds from one attempt to the next."""
TOPIC = "silence"
"""Topic of the announcement how long the outage lasted."""
REPEATED = (Priority.FAULT, Priority.PAUSE)
"""Priorities of lost utterances that are spoken after the outage, besides that vision is ready; others are no longer
true."""


class OutagePhrases(Protocol):
    """The sentence of a language that is needed here."""

    def outage(self, seconds: float) -> str: ...


class AudioOutage:
    """Finds out from the fates of utterances whether sound can be played. `on_fate` may be called from any thread,
    `poll` from one."""

    def __init__(self, phrases: OutagePhrases, put: Callable[[Utterance], None], clock: Callable[[], float]) -> None:
        """put: queues an utterance."""
        self._phrases, self._put, self._clock = phrases, put, clock
        self._began_at: float | None = None
        self._retry_at = 0.0
        self._lost: dict[str, Utterance] = {}

    @property
    def is_active(self) -> bool:
        """Whether no sound can be played, as far as is known."""
        return self._began_at is not None

    def on_fate(self, utterance: Utterance, fate: Fate, at: float) -> None:
        """An utterance has ended."""
        if fate is Fate.FAILED:
            if self._began_at is None:
                log.warning("no sound can be played")
                self._began_at = at
            self._retry_at = at + RETRY_S
            if utterance.kind is not UtteranceKind.AUDIO_OUTAGE and (
                utterance.priority in REPEATED or utterance.kind is UtteranceKind.READY
            ):
                self._lost[utterance.topic] = utterance
        elif fate is Fate.INTERRUPTED and self._began_at is not None:
            self._retry_at = at + RETRY_S  # it may have been cut off before a sound was made
        elif fate is Fate.SPOKEN and self._began_at is not None:
            log.warning("sound is back after %.0f s", at - self._began_at)
            if utterance.kind is not UtteranceKind.AUDIO_OUTAGE:
                self._put(self._sentence(at, self._began_at))
            self._began_at = None
            lost, self._lost = self._lost, {}
            for each in sorted(lost.values(), key=lambda each: each.priority):  # "Ready." is a small thing, and short
                self._put(each)
        elif fate is Fate.DROPPED and utterance.is_over:  # it began and ended during the outage
            self._lost.pop(utterance.topic, None)

    def poll(self) -> None:
        """Try again, if that is due: the attempt is the announcement itself."""
        now = self._clock()
        if self._began_at is not None and now >= self._retry_at:
            self._retry_at = now + 60.0  # until it has ended, which `on_fate` learns
            self._put(self._sentence(now, self._began_at))

    def _sentence(self, now: float, began_at: float) -> Utterance:
        seconds = now - began_at
        return Utterance(
            self._phrases.outage(seconds),
            Priority.FAULT,
            TOPIC,
            None,
            f"no sound for {seconds:.0f} s",
            is_over=True,
            kind=UtteranceKind.AUDIO_OUTAGE,
        )
