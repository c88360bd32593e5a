"""Which faults stand, when they are said, and when they end. Pure; time comes with the calls.

A fault is said at once, then again while it stands, at a growing interval; its end is said if its beginning was.
"""

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
    """The faults of one process, by name. repeat_s: seconds from one saying of a fault to the next."""

    def __init__(self, repeat_s: Sequence[float] = REPEAT_S) -> None:
        self._repeat_s = tuple(repeat_s)
        self._standing: dict[str, _Standing] = {}

    def begin(self, name: str, at: float, detail: str = "") -> tuple[Fault, ...]:
        """Something is wrong, or still wrong, at `at` seconds: what is to be said of it now, if anything."""
        standing = self._standing.get(name)
        if standing is None:
            fault = Fault(name, at, detail)
            self._standing[name] = _Standing(fault, 1, at + self._repeat_s[0])
            return (fault,)
        if at < standing.next_at:
            return ()
        standing.said += 1
        standing.next_at = at + self._repeat_s[min(standing.said, len(self._repeat_s)) - 1]
        return (Fault(name, at, detail or standing.fault.detail),)

    def end(self, name: str, at: float) -> tuple[Fault, ...]:
        """It is no longer wrong; says so if it stood."""
        if self._standing.pop(name, None) is None:
            return ()
        return (Fault(name, at, is_over=True),)

    def standing(self) -> tuple[str, ...]:
        """The names of the faults that stand, oldest first."""
        return tuple(self._standing)
