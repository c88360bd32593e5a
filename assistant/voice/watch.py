"""What the voice watches by itself: that vision lives, that the board is well, that silence means nothing to say."""

import logging
from collections.abc import Callable
from typing import Protocol

from assistant.board import Board
from assistant.faults import Faults
from assistant.records import Fate, Fault, LinkError, Priority, Utterance

log = logging.getLogger(__name__)

MISSED_S = 3.0
"""A vision that completed no step for so long has stopped."""
LOOK_S = 0.25
"""The voice looks at all this so often."""
BOARD_S = 5.0
"""The board's state changes no faster."""
BOARD_AGAIN_S = (600.0,)
"""A weak supply or heat that lasts is told again so often: the wearer cannot always help it at once."""


class Words(Protocol):
    """The words of a language, as far as the voice needs them. voice: its espeak-ng voice."""

    @property
    def voice(self) -> str: ...

    def status(self, name: str) -> str: ...

    def said(self, table: str, name: str) -> str: ...

    def fault(self, name: str, *, is_over: bool = False) -> str:
        """What is wrong, or that it no longer is. Raises KeyError for a fault that has no words."""
        ...


class Tick:
    """A soft sound after `every_s` of silence: silence must not be ambiguous. text: where no sound can be played."""

    def __init__(self, text: str, say: Callable[[Utterance], None], clock: Callable[[], float], every_s: float) -> None:
        self._text, self._say, self._clock, self._every_s = text, say, clock, every_s
        self._last = clock()

    def heard(self, fate: Fate, at: float) -> None:
        """Something ended; if it was heard the silence begins anew."""
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._last = at

    def look(self) -> None:
        """Compare the last sound with the clock."""
        now = self._clock()
        if now - self._last >= self._every_s:
            self._last = now
            self._say(Utterance(self._text, Priority.STATUS, "tick", now + LOOK_S, "nothing to say", "still_here"))


class Watch:
    """Says that vision has stopped MISSED_S after its last step, again while it stays away, and when it is back.

    It begins with the first step: before that vision says itself what keeps it.
    """

    def __init__(self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float]) -> None:
        self._words, self._say, self._clock = words, say, clock
        self._faults = Faults()
        self._last: float | None = None

    @property
    def is_seeing(self) -> bool:
        """Whether vision completed a step lately."""
        return self._last is not None and self._clock() - self._last <= MISSED_S

    def beat(self, at: float) -> None:
        """Vision completed a step at `at`; a step in the future cannot have been completed."""
        self._last = min(at, self._clock())

    def look(self) -> None:
        """Compare the last step with the clock, and say what follows."""
        if self._last is None:
            return
        now = self._clock()
        if now - self._last > MISSED_S:
            news = self._faults.begin("vision", now, f"no step for {MISSED_S:.0f} s")
        else:
            news = self._faults.end("vision", now)
        for fault in news:
            log.warning("vision: %s", "back" if fault.is_over else fault.detail)
            self._say(fault_utterance(self._words, fault))


def fault_utterance(words: Words, fault: Fault) -> Utterance:
    """A fault, or its end, as it is spoken. Raises LinkError for one that has no words."""
    try:
        text = words.fault(fault.name, is_over=fault.is_over)
    except KeyError as err:
        raise LinkError(f"there are no words for a fault named {fault.name!r}") from err
    topic, why = f"fault {fault.name}", fault.detail or fault.name
    return Utterance(text, Priority.FAULT, topic, None, why, is_over=fault.is_over)


class BoardWatch:
    """Tells that the power is weak or the board too hot, and when that is over."""

    def __init__(
        self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float], board: Board | None = None
    ) -> None:
        self._words, self._say, self._clock, self._board = words, say, clock, board or Board()
        self._faults, self._next = Faults(BOARD_AGAIN_S), clock()

    def look(self) -> None:
        """Look at the board, if it is time to."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + BOARD_S
        troubles = self._board.troubles()
        news = [fault for name, detail in troubles.items() for fault in self._faults.begin(name, now, detail)]
        for name in set(self._faults.standing()) - troubles.keys():
            news += self._faults.end(name, now)
        for fault in news:
            log.warning("%s: %s", fault.name, "over" if fault.is_over else fault.detail)
            self._say(fault_utterance(self._words, fault))
