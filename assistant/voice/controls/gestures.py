"""Pure: when a contact was closed and opened → short, double, long and very long presses. All times are seconds.

A wearer cannot see what a button has taken a press for, so the rules are few and the same for all of them:

- A button acts when it is let go. The first sound must come within half a second of the press, so a short press never
  waits to see whether a second one follows: it acts at once, and a second one that follows soon is a double press,
  whose action takes the place of the first one's. Only actions that do no harm one after the other may share a button.
- A long press acts when it is let go, not at its threshold: else whoever is on the way to a very long one would mute
  the voice that is about to ask. Anything from LONG_S to VERY_LONG_S will do; nobody has to count.
- A very long press acts while the button is still held, once, so that the wearer hears when to let go.
- Where there is only a short action there is nothing to tell apart: it acts as the button goes down.

A level counts once it has held for `settle_s`, and then from when it began: contacts bounce, long wires catch sparks.
"""

from collections.abc import Collection
from enum import StrEnum

SETTLE_S = 0.03
DOUBLE_S = 0.4
"""From the end of a short press to the beginning of one that makes it double."""
LONG_S, VERY_LONG_S = 0.8, 5.0


class Gesture(StrEnum):
    """What a press was. Each press is exactly one of these, or none where the button has no use for its length."""

    SHORT = "short"
    DOUBLE = "double"
    LONG = "long"
    VERY_LONG = "very long"


class Contact:
    """The gestures of one button. wanted: those that it has; a press that is longer counts as the longest of them."""

    def __init__(self, wanted: Collection[Gesture], settle_s: float = SETTLE_S) -> None:
        self._wanted, self._settle_s = frozenset(wanted), settle_s
        self._level = self._is_down = False  # as it is now; as it counts
        self._level_at = self._down_at = 0.0  # since when
        self._is_told = False  # the gesture of this press is known
        self._tapped_at: float | None = None  # the end of a short press that may become double

    @property
    def due(self) -> float | None:
        """When `look` will have something to decide, if nothing happens before."""
        if self._level != self._is_down:
            return self._level_at + self._settle_s
        if self._is_down and not self._is_told and Gesture.VERY_LONG in self._wanted:
            return self._down_at + VERY_LONG_S
        return None

    def feed(self, level: bool, at: float) -> list[Gesture]:
        """The contact is closed (True) or open from `at` on; the gestures that have thereby ended."""
        found = self.look(at)
        if level != self._level:
            self._level, self._level_at = level, at
        return found + self.look(at)

    def look(self, at: float) -> list[Gesture]:
        """The gestures that are known by `at` if nothing happened since the last call."""
        found: list[Gesture] = []
        while (due := self.due) is not None and at >= due:
            gesture = self._settle() if self._level != self._is_down else self._told(Gesture.VERY_LONG)
            found += [gesture] if gesture else []
        return found

    def forget(self) -> None:
        """The contact is gone: a press that has not ended never was one."""
        self._level = self._is_down = False
        self._tapped_at = None

    def _settle(self) -> Gesture | None:
        self._is_down = self._level
        if self._is_down:
            self._down_at, self._is_told = self._level_at, False
            return self._told(Gesture.SHORT) if self._wanted == {Gesture.SHORT} else None
        if self._is_told:
            return None
        if self._level_at >= self._down_at + LONG_S and Gesture.LONG in self._wanted:
            return self._told(Gesture.LONG)
        if self._tapped_at is not None and self._down_at <= self._tapped_at + DOUBLE_S:
            return self._told(Gesture.DOUBLE)
        self._tapped_at = self._level_at if Gesture.DOUBLE in self._wanted else None
        return Gesture.SHORT

    def _told(self, gesture: Gesture) -> Gesture:
        self._is_told, self._tapped_at = True, None
        return gesture
