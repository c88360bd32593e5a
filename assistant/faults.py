"""Which faults stand, when they are said, and when they end. Pure; time comes with the calls.

A fault is said at once, then again while it stands, at a growing interval; its end is said if its beginning was. One
that comes and goes is not said more often than one that stays.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Fault

REPEAT_S = (60.0, 300.0, 900.0)
"""From one saying to the next while a fault stands; the last interval stays."""


@dataclass
class _Standing:
    fault: Fault
    said: int
    next_at: float


class Faults:
    """The faults of one process, by name. repeat_s: seconds from one saying of a fault to the next. again_s: a fault
    that was said less than so long ago and ended, and comes back, waits for that time before it is said again."""

    def __init__(self, repeat_s: Sequence[float] = REPEAT_S, *, again_s: float = 0.0) -> None:
        self._repeat_s, self._again_s = tuple(repeat_s), again_s
        self._standing: dict[str, _Standing] = {}
        self._said_at: dict[str, float] = {}

    def begin(self, name: str, at: float, detail: str = "") -> tuple[Fault, ...]:
        """Something is wrong, or still wrong, at `at` seconds: what is to be said of it now, if anything."""
        standing = self._standing.get(name)
        if standing is None:
            fault = Fault(name, at, detail)
            quiet_until = self._said_at.get(name, -math.inf) + self._again_s
            standing = self._standing[name] = _Standing(fault, 0, max(at, quiet_until))
        if at < standing.next_at:
            return ()
        standing.said += 1
        self._said_at[name] = at
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
