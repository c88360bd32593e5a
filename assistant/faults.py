"""When a fault is announced, repeated and declared over, and how it becomes a log line and an utterance.

A fault is announced at once, then again while it lasts, at a growing interval; its end is announced if its beginning
was. One that comes and goes is announced at once too, but no more than MAX_ANNOUNCEMENTS times in ANNOUNCEMENTS_S
seconds. Time comes with the calls.
"""

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from assistant.records import Fault, FaultName, Priority, Utterance, UtteranceKind

log = logging.getLogger(__name__)

REPEAT_S = (60.0, 300.0, 900.0)
"""Seconds from one announcement to the next while a fault lasts; the last interval is used again and again."""
MAX_ANNOUNCEMENTS, ANNOUNCEMENTS_S = 3, 60.0
"""A condition that comes and goes is announced at most so many times in so many seconds: a loose plug must not be
announced without end, but a camera that is lost once more is news."""


class RepeatSchedule:
    """Decides when a condition that comes and goes is announced."""

    def __init__(
        self,
        repeat_s: Sequence[float] = REPEAT_S,
        *,
        max_announcements: int = MAX_ANNOUNCEMENTS,
        announcements_s: float = ANNOUNCEMENTS_S,
    ) -> None:
        """repeat_s: seconds between announcements while the condition lasts. A condition that comes back is announced
        at once, unless it was announced max_announcements times in the last announcements_s seconds; else as soon as
        that is no longer so."""
        self._repeat_s, self._announcements_s = tuple(repeat_s), announcements_s
        self._announced_at: deque[float] = deque(maxlen=max_announcements)
        self._count = 0
        self._next_at: float | None = None

    def begin(self, at: float) -> bool:
        """The condition holds at `at` seconds; returns whether it is to be announced now."""
        if self._next_at is None:
            announced_at = self._announced_at
            is_often = len(announced_at) == announced_at.maxlen
            self._next_at = max(at, announced_at[0] + self._announcements_s if is_often else -math.inf)
            self._count = 0
        if at < self._next_at:
            return False
        self._count += 1
        self._announced_at.append(at)
        self._next_at = at + self._repeat_s[min(self._count, len(self._repeat_s)) - 1]
        return True

    def end(self) -> bool:
        """The condition no longer holds; returns whether that is to be announced, because its beginning was."""
        was_announced = self._next_at is not None and self._count > 0
        self._next_at = None
        return was_announced


class FaultTracker:
    """The active faults of one process, each with its schedule; the arguments are those of RepeatSchedule."""

    def __init__(
        self,
        repeat_s: Sequence[float] = REPEAT_S,
        *,
        max_announcements: int = MAX_ANNOUNCEMENTS,
        announcements_s: float = ANNOUNCEMENTS_S,
    ) -> None:
        self._new_schedule = partial(
            RepeatSchedule, repeat_s, max_announcements=max_announcements, announcements_s=announcements_s
        )
        self._schedules: dict[FaultName, RepeatSchedule] = {}
        self._active: dict[FaultName, Fault] = {}

    def begin(self, name: FaultName, at: float, detail: str = "") -> tuple[Fault, ...]:
        """A fault began or lasts at `at` seconds; returns it if it is to be announced now, else nothing."""
        first = self._active.setdefault(name, Fault(name, at, detail))
        if name not in self._schedules:
            self._schedules[name] = self._new_schedule()
        if not self._schedules[name].begin(at):
            return ()
        return (Fault(name, at, detail or first.detail),)

    def end(self, name: FaultName, at: float) -> tuple[Fault, ...]:
        """A fault is over; returns its end if that is to be announced, because its beginning was, else nothing."""
        if self._active.pop(name, None) is None or not self._schedules[name].end():
            return ()
        return (Fault(name, at, is_over=True),)

    def active(self) -> tuple[FaultName, ...]:
        """The active faults, oldest first."""
        return tuple(self._active)


class FaultPhrases(Protocol):
    """The part of Phrases that faults need."""

    def fault(self, name: FaultName, *, is_over: bool = False) -> str: ...


class FaultAnnouncer:
    """Tracks the faults of one process; logs what is to be announced of them, and has it spoken."""

    def __init__(
        self, phrases: FaultPhrases, speak: Callable[[Utterance], None], tracker: FaultTracker | None = None
    ) -> None:
        self._phrases, self._speak, self._tracker = phrases, speak, tracker or FaultTracker()

    def begin(self, name: FaultName, at: float, detail: str = "") -> None:
        """A fault began or lasts at `at` seconds: announce it if that is due."""
        for fault in self._tracker.begin(name, at, detail):
            self.announce(fault)

    def end(self, name: FaultName, at: float) -> None:
        """A fault is over, or there was none: announce its end if its beginning was announced."""
        for fault in self._tracker.end(name, at):
            self.announce(fault)

    def update(self, name: FaultName, at: float, *, is_active: bool, detail: str = "") -> None:
        """Begin or end a fault."""
        if is_active:
            self.begin(name, at, detail)
        else:
            self.end(name, at)

    def update_all(self, details: Mapping[FaultName, str], at: float) -> None:
        """Begin or continue the faults in `details`, with their details, and end every other one."""
        for name, detail in details.items():
            self.begin(name, at, detail)
        for name in self.active():
            if name not in details:
                self.end(name, at)

    def repeat(self, at: float) -> None:
        """Announce again the active faults for which that is due."""
        for name in self.active():
            self.begin(name, at)

    def active(self) -> tuple[FaultName, ...]:
        """The active faults, oldest first."""
        return self._tracker.active()

    def announce(self, fault: Fault) -> None:
        """Log a fault and have it spoken, whatever was announced before."""
        log.warning("%s: %s", fault.name, "over" if fault.is_over else fault.detail or "began")
        self._speak(fault_utterance(self._phrases, fault))


def fault_utterance(phrases: FaultPhrases, fault: Fault) -> Utterance:
    """The sentence for a fault, or for its end."""
    text = phrases.fault(fault.name, is_over=fault.is_over)
    topic, note = f"fault {fault.name}", fault.detail or fault.name
    return Utterance(text, Priority.FAULT, topic, None, note, is_over=fault.is_over, kind=UtteranceKind.FAULT)
