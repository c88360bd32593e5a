"""The keys while they ask the skills: which press means what, and when they are the usual keys again. Pure: time comes
with the calls.

The key that begins this steps through the skills, and through the favourites among the things to find; the main key
asks what was named last, which is at first the first one. On a box with more buttons the second one begins with the
favourites, and the third one reads. A long press of the main key, or IDLE_S without a press, ends it. Whatever is not
named here keeps its meaning, above all the press that calls a word or a name wrong.
"""

import math
from collections.abc import Sequence
from enum import Enum, auto
from typing import NamedTuple

from assistant.ipc.commands import Command
from assistant.voice.controls.button_map import Press
from assistant.voice.controls.gestures import Gesture

IDLE_S = 10.0
"""Seconds without a press, after the last word, after which the keys are the usual ones again."""
STEPS_ON, STEPS_BACK = ("button 4", "next"), ("previous",)
"""The keys that step through what can be asked. Each tap counts: none of them is double."""
FAVOURITES_KEY, READING_KEY = "button 2", "button 3"
"""The buttons that have a skill of their own."""
OTHER_KEYS = (*STEPS_ON, *STEPS_BACK, FAVOURITES_KEY, READING_KEY)
TAPS = (Gesture.SHORT, Gesture.DOUBLE)


class Item(NamedTuple):
    """Something that can be asked."""

    command: Command
    argument: str = ""
    """The name of the thing to find; else empty."""


READ = Item(Command.READ)


class Act(Enum):
    """What a press does."""

    NAME, ASK, LEAVE, NOTHING = auto(), auto(), auto(), auto()


class Meaning(NamedTuple):
    """What a press means."""

    act: Act
    item: Item | None = None
    """What is named, or asked."""


class SkillKeys:
    """The keys of one wearer; at first they are the usual ones."""

    def __init__(self, enabled: Sequence[Command], favourites: Sequence[str] = ()) -> None:
        """enabled: the questions whose skills are on, in the order in which they are stepped through. favourites: the
        names of the things to find."""
        named = [Item(each) for each in enabled if each not in (Command.FIND, Command.WHAT_MORE)]
        things = [Item(Command.FIND, name) for name in favourites if Command.FIND in enabled]
        self.items = (*named, *things)
        """What can be asked, in its order."""
        self._first_thing = len(named)
        self._index: int | None = None
        self._until = -math.inf
        self.is_on = False
        """Whether the keys ask the skills."""

    def enter(self, at: float) -> None:
        """From now on the keys ask the skills. at: now, in seconds, like every `at` here."""
        self.is_on, self._index = bool(self.items), None
        self.keep(at)

    def leave(self) -> None:
        """The keys are the usual ones again."""
        self.is_on = False

    def keep(self, at: float) -> None:
        """Something is pressed, asked or said: the seconds without a press begin anew."""
        self._until = at + IDLE_S

    def poll(self, at: float) -> bool:
        """Time has passed; whether the keys have just become the usual ones again."""
        is_over = self.is_on and at >= self._until
        if is_over:
            self.leave()
        return is_over

    def press(self, press: Press, at: float) -> Meaning | None:
        """What a press means now; None: what it usually does."""
        if not self.is_on:
            return None
        self.keep(at)
        return self._tap(press.key) if press.gesture in TAPS and press.key in OTHER_KEYS else self._main(press)

    def _tap(self, key: str) -> Meaning | None:
        if key in STEPS_ON:
            return self._step(1)
        if key in STEPS_BACK:
            return self._step(-1)
        if key == FAVOURITES_KEY:
            return self._step_through_favourites() if self._first_thing < len(self.items) else None
        return self._choose(self.items.index(READ)) if READ in self.items else None

    def _main(self, press: Press) -> Meaning | None:
        if press.command is Command.ASK:
            return self._choose(self._index or 0)
        if press.command is Command.REPEAT_INSTEAD:
            return self._again()
        if press.command is Command.TOGGLE_MUTE and press.gesture is Gesture.LONG:
            self.leave()
            return Meaning(Act.LEAVE)
        return None

    def _step(self, by: int) -> Meaning:
        start = -1 if by > 0 else 0
        return self._name((start if self._index is None else self._index) + by)

    def _step_through_favourites(self) -> Meaning:
        is_among_them = self._index is not None and self._first_thing <= self._index < len(self.items) - 1
        return self._name(self._index + 1 if is_among_them and self._index is not None else self._first_thing)

    def _name(self, index: int) -> Meaning:
        self._index = index % len(self.items)
        return Meaning(Act.NAME, self.items[self._index])

    def _choose(self, index: int) -> Meaning:
        self._index = index
        return Meaning(Act.ASK, self.items[index])

    def _again(self) -> Meaning:
        """The second tap of a double press, whose first one has asked: of things, tell the next ones."""
        is_what = self.items[self._index or 0].command is Command.WHAT
        return Meaning(Act.ASK, Item(Command.WHAT_MORE)) if is_what else Meaning(Act.NOTHING)
