"""Turns the times at which a button's contact closes and opens into short, double, long and very long presses.

Pure: time comes with the calls, in seconds. A wearer cannot see what a press was taken for, so the rules are few and
the same for all buttons:

- A button acts when it is released. The first sound must come within half a second of the press, so a short press never
  waits to see whether a second one follows: it acts at once, and a second one that follows soon is a double press,
  whose action takes the place of the first one's. Only actions that do no harm one after the other may share a button.
- A long press acts on release, not at its threshold: else a wearer on the way to a very long press would mute the voice
  that is about to ask. Anything from LONG_PRESS_S to VERY_LONG_PRESS_S will do; nobody has to count.
- A very long press acts while the button is still held, once, so that the wearer hears when to let go.
- Where no press is long there is nothing to wait for: a press, the second of a double one too, acts as the button goes
  down.

Debounce: a level counts once it has held for `debounce_s`, and then from when it began: contacts bounce, and long wires
catch sparks.
"""

from collections.abc import Collection
from enum import StrEnum

DEBOUNCE_S = 0.03
"""How long a level must hold to count; longer makes every press act later."""
DOUBLE_PRESS_GAP_S = 0.4
"""From the end of a short press to the beginning of the next one: at most so much makes it a double press."""
LONG_PRESS_S = 0.8
"""A press of at least this length is long."""
VERY_LONG_PRESS_S = 5.0
"""A press of at least this length is very long."""


class Gesture(StrEnum):
    """What a press was. Each press is exactly one of these, or none where the button has no use for its length."""

    SHORT = "short"
    DOUBLE = "double"
    LONG = "long"
    VERY_LONG = "very long"


class GestureRecognizer:
    """Recognizes the gestures of one button."""

    def __init__(self, wanted: Collection[Gesture], debounce_s: float = DEBOUNCE_S) -> None:
        """wanted: the gestures that the button has; a press that is longer than all of these counts as the longest.

        debounce_s: see DEBOUNCE_S; 0.0 for keys whose events are debounced already.
        """
        self._wanted, self._debounce_s = frozenset(wanted), debounce_s
        self._raw_level = self._is_down = False  # as fed; debounced
        self._raw_level_at = self._down_at = 0.0  # when each began
        self._is_recognized = False  # the gesture of this press has been returned
        self._may_become_double = False  # it was a short one, returned as the button went down
        self._acts_on_press = self._wanted <= {Gesture.SHORT, Gesture.DOUBLE}
        self._short_press_end: float | None = None  # of a short press that may become a double one

    @property
    def next_deadline(self) -> float | None:
        """When `poll` will have something to decide, if nothing happens before; None: never."""
        if self._raw_level != self._is_down:
            return self._raw_level_at + self._debounce_s
        if self._is_down and not self._is_recognized and Gesture.VERY_LONG in self._wanted:
            return self._down_at + VERY_LONG_PRESS_S
        return None

    def feed(self, is_closed: bool, at: float) -> list[Gesture]:
        """The contact is closed or open from `at` on; returns the gestures that are thereby recognized."""
        found = self.poll(at)
        if is_closed != self._raw_level:
            self._raw_level, self._raw_level_at = is_closed, at
        return found + self.poll(at)

    def poll(self, at: float) -> list[Gesture]:
        """The gestures that are recognized by `at` if nothing happened since the last call."""
        found: list[Gesture] = []
        while (deadline := self.next_deadline) is not None and at >= deadline:
            is_bounce_over = self._raw_level != self._is_down
            gesture = self._accept_level() if is_bounce_over else self._recognized(Gesture.VERY_LONG)
            found += [gesture] if gesture else []
        return found

    def reset(self) -> None:
        """The device is gone: a press that has not ended is forgotten."""
        self._raw_level = self._is_down = self._may_become_double = False
        self._short_press_end = None

    def _accept_level(self) -> Gesture | None:
        self._is_down = self._raw_level
        if self._is_down:
            self._down_at, self._is_recognized = self._raw_level_at, False
            if not self._acts_on_press:
                return None
            self._may_become_double = Gesture.DOUBLE in self._wanted and not self._is_second_press()
            is_double = Gesture.DOUBLE in self._wanted and not self._may_become_double
            return self._recognized(Gesture.DOUBLE if is_double else Gesture.SHORT)
        if self._is_recognized:
            self._short_press_end = self._raw_level_at if self._may_become_double else None
            self._may_become_double = False
            return None
        if self._raw_level_at >= self._down_at + LONG_PRESS_S and Gesture.LONG in self._wanted:
            return self._recognized(Gesture.LONG)
        if self._is_second_press():
            return self._recognized(Gesture.DOUBLE)
        self._short_press_end = self._raw_level_at if Gesture.DOUBLE in self._wanted else None
        return Gesture.SHORT

    def _is_second_press(self) -> bool:
        return self._short_press_end is not None and self._down_at <= self._short_press_end + DOUBLE_PRESS_GAP_S

    def _recognized(self, gesture: Gesture) -> Gesture:
        self._is_recognized, self._short_press_end = True, None
        return gesture
