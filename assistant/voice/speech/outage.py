"""When no sound can be played at all: tries again and again, then tells how long it was, and what was missed."""

import logging
from collections.abc import Callable
from typing import Protocol

from assistant.records import Fate, Priority, Utterance, UtteranceKind

log = logging.getLogger(__name__)

RETRY_S = 1.5
"""From one try to the next."""
TOPIC = "silence"
LATER = (Priority.FAULT, Priority.PAUSE)
"""Of what was lost only the faults are told later, that it pauses, and that it is ready: the rest is no longer true."""


class Words(Protocol):
    """The words of a language, as far as they are needed here."""

    def silence(self, seconds: float) -> str: ...


class AudioOutage:
    """Told of every utterance's end by `ended`, from any thread, and asked to `look` again and again, from one."""

    def __init__(self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float]) -> None:
        self._words, self._say, self._clock = words, say, clock
        self._since: float | None = None
        self._retry_at = 0.0
        self._lost: dict[str, Utterance] = {}

    @property
    def stands(self) -> bool:
        """Whether nothing can be heard, as far as is known."""
        return self._since is not None

    def ended(self, utterance: Utterance, fate: Fate, at: float) -> None:
        """What became of an utterance."""
        if fate is Fate.FAILED:
            if self._since is None:
                log.warning("no sound can be played")
                self._since = at
            self._retry_at = at + RETRY_S
            if utterance.kind is not UtteranceKind.AUDIO_OUTAGE and (
                utterance.priority in LATER or utterance.kind is UtteranceKind.READY
            ):
                self._lost[utterance.topic] = utterance
        elif fate is Fate.INTERRUPTED and self._since is not None:
            self._retry_at = at + RETRY_S  # it may have been cut off before a sound was made
        elif fate is Fate.SPOKEN and self._since is not None:
            log.warning("sound is back after %.0f s", at - self._since)
            if utterance.kind is not UtteranceKind.AUDIO_OUTAGE:
                self._say(self._sentence(at, self._since))
            self._since = None
            lost, self._lost = self._lost, {}
            for each in sorted(lost.values(), key=lambda each: each.priority):  # "Ready." is a small thing, and short
                self._say(each)
        elif fate is Fate.DROPPED and utterance.is_over:  # it began and ended unheard
            self._lost.pop(utterance.topic, None)

    def look(self) -> None:
        """Try again, if it is time to: the attempt is the sentence itself."""
        now = self._clock()
        if self._since is not None and now >= self._retry_at:
            self._retry_at = now + 60.0  # until it has ended, which `ended` is told
            self._say(self._sentence(now, self._since))

    def _sentence(self, now: float, since: float) -> Utterance:
        seconds = now - since
        note = f"no sound for {seconds:.0f} s"
        return Utterance(
            self._words.silence(seconds),
            Priority.FAULT,
            TOPIC,
            None,
            note,
            is_over=True,
            kind=UtteranceKind.AUDIO_OUTAGE,
        )
