"""Which faults stand, when they are said, and when they end. Pure; time comes with the calls.

A fault is said at once, then again while it stands, at a growing interval; its end is said if its beginning was. One
that comes and goes is said at once too, but no more than TIMES in AGAIN_S.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Fault

REPEAT_S = (60.0, 300.0, 900.0)
"""From one saying to the next while a fault stands; the last interval stays."""
TIMES, AGAIN_S = 3, 60.0
"""A loose plug must not talk without end; but that it is out again is news."""


@dataclass
class _Standing:
    fault: Fault
    said: int
    next_at: float


class Faults:
    """The faults of one process, by name. repeat_s: seconds from one saying of a fault to the next. times, again_s: one
    that comes back is said at once, if it was not said so often in so many seconds; else when that is over."""

    def __init__(self, repeat_s: Sequence[float] = REPEAT_S, *, times: int = TIMES, again_s: float = AGAIN_S) -> None:
        self._repeat_s, self._times, self._again_s = tuple(repeat_s), times, again_s
        self._standing: dict[str, _Standing] = {}
        self._said_at: dict[str, deque[float]] = {}

    def begin(self, name: str, at: float, detail: str = "") -> tuple[Fault, ...]:
        """Something is wrong, or still wrong, at `at` seconds: what is to be said of it now, if anything."""
        standing = self._standing.get(name)
        if standing is None:
            fault = Fault(name, at, detail)
            said_at: Sequence[float] = self._said_at.get(name, ())
            quiet_until = said_at[0] + self._again_s if len(said_at) == self._times else -math.inf
            standing = self._standing[name] = _Standing(fault, 0, max(at, quiet_until))
        if at < standing.next_at:
            return ()
        standing.said += 1
        self._said_at.setdefault(name, deque(maxlen=self._times)).append(at)
        standing.next_at = at + self._repeat_s[min(standing.said, len(self._repeat_s)) - 1]
        return (Fault(name, at, detail or standing.fault.detail),)

    def end(self, name: str, at: float) -> tuple[Fault, ...]:
        """It is no longer wrong; says so if it was said that it is."""
        standing = self._standing.pop(name, None)
        if standing is None or not standing.said:
            return ()
        return (Fault(name, at, is_over=True),)

    def standing(self) -> tuple[str, ...]:
        """The names of the faults that stand, oldest first."""
        return tuple(self._standing)
