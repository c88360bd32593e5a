"""The state of one question to a skill: what is said next, when the wearer is told to wait, and when it is given up.
Pure: time comes with the calls.

The lines of the answer are said one after the other: the next one once the one before has ended. One that something
else has cut off, a fault or "Louder.", is said again. While the answer is read out, a short press pauses and goes on,
and a double press goes back: from a line to the one before it.

Every question ends: by its last line, by the wearer, because vision is gone, or because its limit is over.
"""

import math
from collections.abc import Mapping
from enum import Enum, StrEnum, auto

from assistant.ipc.commands import Command
from assistant.ipc.messages import Press
from assistant.records import Utterance

MOMENT_S = 0.7
"""Seconds without an answer after which the wearer is told to wait: long enough that most answers come before it, short
enough that nobody presses again."""
LIMITS_S: Mapping[Command, float] = {
    Command.WHAT: 15.0,
    Command.WHAT_MORE: 15.0,
    Command.DESCRIBE: 75.0,
    Command.FIND: 40.0,
    Command.READ: 60.0,
    Command.TEACH_FRIEND: 300.0,
}
"""Seconds after which a question is given up whose answer is not complete. A search ends by itself after 30 s, with the
start of its process before it; a friend takes minutes to be taught, for there are presses to wait for. A description
comes as soon as what is in front; the program of describe.command may add its guess for 50 s more."""
PAGED = (Command.READ,)
"""The questions whose answer is read out in lines, through which the presses go."""
PRESSED = (Command.TEACH_FRIEND,)
"""The questions during which the skill itself wants the presses."""
PAUSE_LIMIT_S = 120.0
"""Seconds after which a pause ends the reading: whoever presses after that means to ask what is in view."""
MAX_LINES = 1000
"""More lines are not kept: a newspaper's page has fewer sentences."""


class Ending(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    FAILED = "failed"
    """The skill could not answer; its last line says why."""
    LEFT = "left"
    """By a press or a command."""
    GIVEN_UP = "given_up"
    """The answer was not complete in time."""
    LOST = "lost"
    """Vision, which was to answer, is gone."""


class Due(Enum):
    """What the time that has passed brings."""

    NOTHING, MOMENT, GIVING_UP = auto(), auto(), auto()


class Dialogue:
    """One question, from the press to its last line."""

    def __init__(self, question_id: int, command: Command, last_words: Mapping[Ending, Utterance], at: float) -> None:
        """last_words: the last line where it is GIVEN_UP or LOST. at: now, in seconds, like every `at` here."""
        self.question_id, self.command = question_id, command
        self.lines: list[Utterance] = []
        """All lines that have come, in their order."""
        self.ending: Ending | None = None
        """None: the question is not over."""
        self.serial = 0
        """Grows each time that a line is to be begun, also where it is the same again."""
        self.begun = 0
        """How many of the lines have been begun."""
        self._last_words = last_words
        self._index = 0  # of the line that is said, or comes next
        self._is_complete = self._is_paused = False
        self._ending_when_said = Ending.ANSWERED
        self._moment_at, self._until, self._pause_ends_at = at + MOMENT_S, at + LIMITS_S[command], math.inf

    @property
    def line(self) -> Utterance | None:
        """The line that is to be said now; None where none has come yet, while the wearer pauses, and at the end."""
        is_silent = self._is_paused or self.ending is not None or self._index >= len(self.lines)
        return None if is_silent else self.lines[self._index]

    @property
    def is_paused(self) -> bool:
        """Whether the wearer pauses."""
        return self._is_paused

    @property
    def due_at(self) -> float:
        """When `poll` will have something to decide, if nothing happens before."""
        if self.ending is not None:
            return math.inf
        awaited = math.inf if self._is_complete else min(self._moment_at, self._until)
        return min(awaited, self._pause_ends_at)

    def answered(self, line: Utterance | None, *, is_last: bool, has_failed: bool = False) -> None:
        """The skill says something; None: nothing more. has_failed: of the last, see `Ending.FAILED`."""
        if self.ending is not None or self._is_complete:
            return
        self._moment_at, self._is_complete = math.inf, is_last
        if is_last and has_failed:
            self._ending_when_said = Ending.FAILED
        if line is not None and len(self.lines) < MAX_LINES:
            self._add(line)
        self._end_if_said()

    def searching(self) -> None:
        """The skill tells where something lies: nobody has to be told to wait."""
        self._moment_at = math.inf

    def said(self) -> None:
        """The line has ended, and does not have to be said again."""
        if self.line is not None:
            self._index += 1
            self._begin()
            self._end_if_said()

    def cut_off(self) -> None:
        """The line was cut off by something else, which is over: it is said again."""
        self._begin()

    def press(self, press: Press, at: float) -> bool:
        """A press pauses, goes on, or goes back, where the answer is read out; False: this is not for the dialogue."""
        if self.command not in PAGED or self.ending is not None or not self.lines:
            return False
        if press is Press.BACK:
            self._index, self._is_paused = max(0, self._index - 1), False
        else:
            self._is_paused = not self._is_paused
        self._pause_ends_at = at + PAUSE_LIMIT_S if self._is_paused else math.inf
        self._begin()
        self._end_if_said()
        return True

    def poll(self, at: float) -> Due:
        """Time has passed. MOMENT: the wearer is to be told to wait, now and not again. GIVING_UP: nothing more is
        awaited; what has come is still said, and the last words."""
        if at < self.due_at:
            return Due.NOTHING
        if at >= self._pause_ends_at:
            is_awaited = not self._is_complete
            self.leave()
            return Due.GIVING_UP if is_awaited else Due.NOTHING
        if at >= self._until:
            self._close(Ending.GIVEN_UP)
            return Due.GIVING_UP
        self._moment_at = math.inf
        return Due.MOMENT

    def leave(self) -> None:
        """The wearer wants no more of it."""
        self.ending = self.ending or Ending.LEFT

    def vision_is_gone(self) -> None:
        """Nobody will answer any more; what has come is still said, and the last words where it is not complete."""
        if self.ending is None and not self._is_complete:
            self._close(Ending.LOST)

    def _close(self, ending: Ending) -> None:
        self._ending_when_said, self._is_complete = ending, True
        self._add(self._last_words[ending])

    def _add(self, line: Utterance) -> None:
        self.lines.append(line)
        if self._index == len(self.lines) - 1:
            self._begin()

    def _begin(self) -> None:
        if self.line is not None:
            self.serial += 1
            self.begun = max(self.begun, self._index + 1)

    def _end_if_said(self) -> None:
        if self.ending is None and self._is_complete and self._index >= len(self.lines) and not self._is_paused:
            self.ending = self._ending_when_said
