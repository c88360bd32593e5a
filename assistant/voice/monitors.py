"""What the voice watches by itself: that vision lives, that the board is well, that silence means nothing to say."""

import logging
import math
from collections.abc import Callable
from typing import Protocol

from assistant.faults import FaultAnnouncer, FaultTracker
from assistant.records import Fate, FaultName, Priority, Utterance, UtteranceKind
from assistant.system.board import Board

log = logging.getLogger(__name__)

HEARTBEAT_TIMEOUT_S = 2.5
"""A vision that completed no step for so long has stopped: the wearer hears of it within 3 s."""
START_TIMEOUT_S = 18.0
"""A vision that has completed no step so long after the voice began is still starting: heard within 20 s."""
RESTART_LOOP_REPEAT_S = 60.0
"""A vision that stops again and again is told of once in so long."""
POLL_S = 0.25
"""The voice looks at all this so often."""
BOARD_POLL_S = 5.0
"""The board's state changes no faster."""
BOARD_REPEAT_S = (600.0,)
"""A weak supply or heat that lasts is told again so often: the wearer cannot always help it at once."""


class Words(Protocol):
    """The words of a language, as far as the voice needs them. voice: its espeak-ng voice."""

    @property
    def voice(self) -> str: ...

    def status(self, name: str) -> str: ...

    def said(self, table: str, name: str) -> str: ...

    def silence(self, seconds: float) -> str: ...

    def fault(self, name: FaultName, *, is_over: bool = False) -> str: ...


class IdleTick:
    """A soft sound after `every_s` of silence: silence must not be ambiguous, also where it was asked for."""

    def __init__(
        self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float], every_s: float
    ) -> None:
        self._words, self._say, self._clock, self._every_s = words, say, clock, every_s
        self._last = clock()

    def heard(self, fate: Fate, at: float) -> None:
        """Something ended; if it was heard the silence begins anew."""
        if fate in (Fate.SPOKEN, Fate.INTERRUPTED):
            self._last = at

    def look(self, *, is_muted: bool) -> None:
        """Compare the last sound with the clock. is_muted: what the silence means, where words must tell it because no
        sound can be played."""
        now = self._clock()
        if now - self._last >= self._every_s:
            self._last = now
            text = self._words.status("muted") if is_muted else self._words.said("sounds", "still_here")
            note = "muted" if is_muted else "nothing to say"
            self._say(
                Utterance(text, Priority.STATUS, "tick", now + POLL_S, note, "still_here", kind=UtteranceKind.IDLE_TICK)
            )


class VisionMonitor:
    """Reports that the vision process has stopped, when it is back, and that its start takes long.

    Stopped: no completed step for HEARTBEAT_TIMEOUT_S, or at once when its exit is reported. Repeated while it lasts.
    """

    def __init__(self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float]) -> None:
        self._words, self._say, self._clock = words, say, clock
        tracker = FaultTracker(max_announcements=1, announcements_s=RESTART_LOOP_REPEAT_S)
        self._faults = FaultAnnouncer(words, say, tracker)
        self._began, self._last, self._why = clock(), -math.inf, ""

    @property
    def is_seeing(self) -> bool:
        """Whether vision's loop turned lately, with pictures or without."""
        return self._clock() - self._last <= HEARTBEAT_TIMEOUT_S

    def beat(self, at: float) -> None:
        """Vision completed a step at `at`; a step in the future cannot have been completed."""
        self._last, self._why = min(at, self._clock()), ""

    def gone(self, why: str) -> None:
        """Whoever keeps vision knows that its process has ended."""
        self._last, self._why = -math.inf, why or "the process has ended"

    def look(self) -> None:
        """Compare the last step with the clock, and say what follows."""
        now = self._clock()
        if self.is_seeing:
            self._faults.end(FaultName.STARTING, now)
            self._faults.end(FaultName.VISION, now)
        elif self._why or self._last > -math.inf:
            self._faults.begin(FaultName.VISION, now, self._why or f"no step for {HEARTBEAT_TIMEOUT_S:.0f} s")
        elif now - self._began > START_TIMEOUT_S:
            self._faults.begin(FaultName.STARTING, now)


class BoardMonitor:
    """Tells that the power is weak or the board too hot, and when that is over."""

    def __init__(
        self, words: Words, say: Callable[[Utterance], None], clock: Callable[[], float], board: Board | None = None
    ) -> None:
        self._words, self._say, self._clock, self._board = words, say, clock, board or Board()
        self._faults, self._next = FaultAnnouncer(words, say, FaultTracker(BOARD_REPEAT_S)), clock()

    def look(self) -> None:
        """Look at the board, if it is time to."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + BOARD_POLL_S
        self._faults.update_all(self._board.faults(), now)
