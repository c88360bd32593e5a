"""Who is in view, where, and what of it is worth a word: changes in, remarks out. Pure.

A remark names a sentence of the locale and what goes into it. It is made only if it tells the wearer something new:
what was said last of a person is remembered until that person leaves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.config import Words
from assistant.records import CANNOT_TELL, NOBODY, Change, Person

SIDE_THIRD = 1 / 3
"""A face whose centre lies in the outer third of the picture is on the left or on the right."""


@dataclass(frozen=True)
class Remark:
    """Something to say about a person. sentence: key of the locale's [sentences]; expression: of its [expressions], or
    empty; where: of its [where], or empty; reason: of its [reasons], or empty."""

    change: Change
    sentence: str
    expression: str = ""
    where: str = ""
    reason: str = ""


class Scene:
    """Remembers who is there, by number, and what was last said of them."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._is_brief, self._is_full = words.verbosity == "brief", words.verbosity == "full"
        self._said: dict[int, str] = {}
        self._where: dict[int, str] = {}
        self._owed: Change | None = None

    def update(self, changes: Sequence[Change], people: Sequence[Person], frame_width: int) -> tuple[Remark, ...]:
        """The remarks that the changes of one frame deserve; frame_width in pixels."""
        present = self._said.keys() | {person.id for person in people}
        self._where = {number: where for number, where in self._where.items() if number in present}
        for person in people:
            box = person.face.box
            share = (box.x + box.width / 2) / frame_width
            self._where[person.id] = "left" if share < SIDE_THIRD else "right" if share > 1 - SIDE_THIRD else "ahead"
        made = [self._remark(change) for change in changes]
        if self._owed is not None and (self._said or not people):
            made.append(None if self._said else Remark(self._owed, "nobody"))
            self._owed = None
        return tuple(remark for remark in made if remark is not None)

    def _remark(self, change: Change) -> Remark | None:
        if change.new == NOBODY:
            return self._gone(change)
        arrives, others = change.person not in self._said, bool(self._said.keys() - {change.person})
        last = self._said.setdefault(change.person, "")
        where = self._where.get(change.person, "ahead") if others or self._is_full else ""
        if change.new in self.words.expressions and not (self._is_brief and change.new == "neutral"):
            self._said[change.person] = change.new
            sentence = "arrived" if arrives and not others and not self._is_brief else "looks"
            return None if change.new == last else Remark(change, sentence, change.new, where)
        if arrives and not self._is_brief:
            return Remark(change, "another" if others else "somebody", where=where)
        if change.new == CANNOT_TELL:
            return Remark(change, "cannot_tell", where=where, reason=change.reason) if self._is_full else None
        self._said[change.person] = ""
        is_news = last not in ("", "neutral") and not self._is_brief
        return Remark(change, "no_longer", last, where) if is_news else None

    def _gone(self, change: Change) -> Remark | None:
        was_there = self._said.pop(change.person, None) is not None
        self._where.pop(change.person, None)
        if not was_there or self._is_brief:
            return None
        if not self._said:
            self._owed = change  # said once no face is left in view, not even one without a state yet
            return None
        return Remark(change, "somebody_left") if self._is_full else None
