"""The state machine of the spoken guide: what it says next, and what a press means. Pure: time comes with the calls.

A step says its lines, then asks for a press if it has a practice. The right press is taken from the step's beginning
on: nobody has to wait for the end of the words. A wrong press, or none for PRACTICE_S, repeats the request once, then
the guide goes on. A short press goes on to the request, or to the next step. A long press that is not asked for, and
every press that mutes, ends the guide.

The guide always ends: no step waits for longer than its deadlines, no step is entered twice, and a line is only said
again where something outside of the guide has cut it off.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import Enum, StrEnum, auto
from typing import NamedTuple

from assistant.dataclass import dataclass
from assistant.ipc.commands import Command
from assistant.voice.controls.button_map import Press
from assistant.voice.controls.gestures import DOUBLE_PRESS_GAP_S, LONG_PRESS_S, Gesture

PRACTICE_S = 8.0
"""Seconds in which a press is awaited, after the last word of the request."""
IDLE_S = 10.0
"""Seconds without a press, after the last word, that end the explanation of the keys."""
DOUBLE_WAIT_S = DOUBLE_PRESS_GAP_S + LONG_PRESS_S
"""Seconds after a short press in which the second one of a double press is released at the latest."""
LEAVING = (Command.TOGGLE_MUTE, Command.MUTE)
"""The commands of presses that end the guide, besides every long press."""

PressName = tuple[str, Gesture]
"""A press by its key and its gesture."""


class Line(NamedTuple):
    """What is said in one go, without a pause."""

    text: str
    """One or two sentences."""
    earcon: str = ""
    """The sound that is played in place of the text; empty where the text is said."""


@dataclass(frozen=True)
class Practice:
    """The press that a step asks for."""

    prompt: Line
    presses: frozenset[PressName]
    """Each of these is right."""
    wrong: Line
    """Said after a wrong press, before the request is repeated."""
    done: tuple[Line, ...]
    """Said after the right press."""
    missed: tuple[Line, ...]
    """Said where the right press has not come."""
    requests: int = 2
    """How often the press is asked for."""
    is_choice: bool = False
    """The right press chooses something: it is taken only once the request has begun."""


@dataclass(frozen=True)
class Step:
    """A part of the guide. A step with a practice has no `key_help`, and the other way round."""

    name: str
    lines: tuple[Line, ...]
    practice: Practice | None = None
    key_help: Mapping[PressName, Line] = field(default_factory=dict)
    """What each press does, for the step that explains every press until none has come for IDLE_S; else empty."""


class Outcome(StrEnum):
    """How the guide ended."""

    FINISHED = "finished"
    LEFT = "left"
    """By a press or a command."""
    UNHEARD = "unheard"
    """No sound could be played."""


class _Phase(Enum):
    TELLING, ASKING, ANSWERING, EXPLAINING, CLOSING, OVER = (auto() for _ in range(6))


class GuideMachine:
    """One run of the guide."""

    def __init__(self, steps: Sequence[Step], finished: Sequence[Line], left: Sequence[Line], at: float) -> None:
        """finished, left: said at the end, and after the wearer has left. at: now, in seconds, like every `at` here."""
        self._steps, self._last_words = deque(steps), {Outcome.FINISHED: finished, Outcome.LEFT: left}
        self.line: Line | None = None
        """What is to be said now; None while a press is awaited, and when all is over."""
        self.serial = 0
        """Grows with each line, also where the next one has the same words."""
        self.outcome: Outcome | None = None
        """Set as soon as it is decided; the last words may not have been said yet."""
        self.chosen: list[str] = []
        """The names of the steps whose practice succeeded."""
        self._phase = _Phase.TELLING
        self._lines: deque[Line] = deque()
        self._step = Step("", ())
        self._requests_left = 0
        self._deadline: float | None = None
        self._single_press_at: float | None = None  # may become the double press that is asked for
        self._deaf_until = at  # the second press of a double one, whose first was enough, means nothing
        self._next_step(at)

    @property
    def is_over(self) -> bool:
        """Whether everything is said."""
        return self._phase is _Phase.OVER

    @property
    def step(self) -> str:
        """The name of the step."""
        return self._step.name

    @property
    def explains_keys(self) -> bool:
        """Whether each press is explained now."""
        return bool(self._step.key_help) and self.outcome is None

    def wants(self, press: Press) -> bool:
        """Whether this is the press that is asked for now."""
        practice = self._step.practice
        if practice is None or (press.key, press.gesture) not in practice.presses:
            return False
        return self._phase is _Phase.ASKING or (self._phase is _Phase.TELLING and not practice.is_choice)

    def spoken(self, at: float) -> None:
        """The line was said to its end."""
        if self.line is not None:
            self._next_line(at)

    def press(self, press: Press, at: float) -> None:
        """A key was pressed."""
        self.poll(at)
        if self._phase in (_Phase.CLOSING, _Phase.OVER):
            return
        if self._step.key_help:
            self._explain(press, at)
        elif self.wants(press):
            self._succeed(at)
        elif press.gesture is Gesture.LONG or press.command in LEAVING:
            self.leave(at)
        elif at >= self._deaf_until:
            self._other_press(press, at)

    def poll(self, at: float) -> None:
        """Time has passed."""
        if self._single_press_at is not None and at >= self._single_press_at + DOUBLE_WAIT_S:
            self._single_press_at = None
            self._ask_again((self._practice.wrong,), at)
        if self._deadline is not None and at >= self._deadline and self._single_press_at is None:
            if self._phase is _Phase.EXPLAINING:
                self._next_step(at)
            else:
                self._ask_again((), at)

    def leave(self, at: float) -> None:
        """The wearer does not want to hear more."""
        self._close(Outcome.LEFT, at)

    def give_up(self) -> None:
        """Nothing can be heard: end without a word."""
        self.outcome, self.line, self._phase = Outcome.UNHEARD, None, _Phase.OVER
        self.serial += 1

    @property
    def _practice(self) -> Practice:
        assert self._step.practice
        return self._step.practice

    def _succeed(self, at: float) -> None:
        self.chosen.append(self._step.name)
        self._deaf_until = at + DOUBLE_WAIT_S
        self._begin(_Phase.ANSWERING, self._practice.done, at)

    def _other_press(self, press: Press, at: float) -> None:
        """A press that is not the right one and does not end the guide."""
        if self._phase is _Phase.ASKING:
            if press.gesture is Gesture.SHORT and (press.key, Gesture.DOUBLE) in self._practice.presses:
                self._single_press_at = at
            else:
                self._ask_again((self._practice.wrong,), at)
        elif press.gesture is Gesture.SHORT:  # the rest of these lines is passed over
            self._lines.clear()
            self._next_line(at)

    def _ask_again(self, before: tuple[Line, ...], at: float) -> None:
        """Repeat the request after the lines `before`, or go on where it was repeated already."""
        self._requests_left -= 1
        if self._requests_left > 0:
            self._begin(_Phase.ASKING, (*before, self._practice.prompt), at)
        else:
            self._begin(_Phase.ANSWERING, self._practice.missed, at)

    def _explain(self, press: Press, at: float) -> None:
        line = self._step.key_help.get((press.key, press.gesture))
        if line is not None:
            self._begin(_Phase.EXPLAINING, (line,), at)

    def _begin(self, phase: _Phase, lines: Iterable[Line], at: float) -> None:
        self._phase, self._lines, self._single_press_at = phase, deque(lines), None
        self._next_line(at)

    def _next_line(self, at: float) -> None:
        self.serial += 1
        self._deadline = None
        self.line = self._lines.popleft() if self._lines else None
        if self.line is not None:
            return
        match self._phase:
            case _Phase.TELLING if self._step.practice:
                self._begin(_Phase.ASKING, (self._practice.prompt,), at)
            case _Phase.TELLING | _Phase.EXPLAINING if self._step.key_help:
                self._phase, self._deadline = _Phase.EXPLAINING, at + IDLE_S
            case _Phase.TELLING | _Phase.ANSWERING:
                self._next_step(at)
            case _Phase.ASKING:
                self._deadline = at + PRACTICE_S
            case _Phase.CLOSING:
                self._phase = _Phase.OVER

    def _next_step(self, at: float) -> None:
        if not self._steps:
            self._close(Outcome.FINISHED, at)
            return
        self._step = self._steps.popleft()
        self._requests_left = self._step.practice.requests if self._step.practice else 0
        self._begin(_Phase.TELLING, self._step.lines, at)

    def _close(self, outcome: Outcome, at: float) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self._begin(_Phase.CLOSING, self._last_words[outcome], at)
