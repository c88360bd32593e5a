"""What the wearer was told of each person, and what of it was heard. Pure.

What is made to be said counts as said at once, for the next remark follows before anybody knows what became of this
one. Where it then was never heard, and nothing newer is on its way, what was heard before stands again.
"""

import math
from collections.abc import KeysView
from dataclasses import dataclass
from typing import NamedTuple

from assistant.records import Change

KNOWN_S = 10.0
"""So long after it was made what became of a remark is known, or never will be: the voice was started anew."""


@dataclass(frozen=True)
class Remark:
    """Something to say about a person. sentence: key of the locale's [sentences]; expression: one that has words, or
    empty; where: a place that has words, or empty; reason: key of [reasons], or empty."""

    change: Change
    sentence: str
    expression: str = ""
    where: str = ""
    reason: str = ""

    @property
    def tells(self) -> str | None:
        """The expression that the wearer then knows somebody to have, empty: none; None: it is not of that."""
        if self.sentence in ("arrived", "looks"):
            return self.expression
        return "" if self.sentence in ("no_longer", "somebody", "another") else None


class Named(NamedTuple):
    """Somebody, by number, and the expression that they were said to have, at `at` seconds. until: when the wearer was
    told otherwise or they left; infinite while it stands."""

    track_id: int
    expression: str
    at: float
    until: float = math.inf


class Told:
    """What was last said of everybody of whom something was, by number: an expression, or empty."""

    def __init__(self) -> None:
        self._said: dict[int, str] = {}
        self._heard: dict[int, str | None] = {}  # of whom a remark is on its way: what was heard before it
        self._open: tuple[tuple[Remark, float], ...] = ()
        self._last: Named | None = None

    def __contains__(self, number: int) -> bool:
        return number in self._said

    def __getitem__(self, number: int) -> str:
        """Empty also for who was never spoken of."""
        return self._said.get(number, "")

    def __setitem__(self, number: int, expression: str) -> None:
        self._said[number] = expression

    def __bool__(self) -> bool:
        return bool(self._said)

    def numbers(self) -> KeysView[int]:
        """Everybody of whom something was said."""
        return self._said.keys()

    def copy(self) -> dict[int, str]:
        """What is held now."""
        return dict(self._said)

    def naming(self) -> set[int]:
        """Of whom a remark is on its way that names an expression."""
        return {remark.change.track_id for remark, _ in self._open if remark.tells}

    def begun(self, remark: Remark, before: str | None, at: float) -> None:
        """A remark is on its way since `at`. before: what was said of that person until then, None: nothing."""
        for lost in [one for one, begun_at in self._open if at - begun_at > KNOWN_S]:
            self.ended(lost, is_heard=True)
        if remark.tells is not None:
            self._heard.setdefault(remark.change.track_id, before)
            self._open += ((remark, at),)

    def ended(self, remark: Remark, *, is_heard: bool) -> None:
        """What became of a remark."""
        begun_at = next((begun_at for one, begun_at in self._open if one is remark), remark.change.at)
        is_newest = self._last is None or begun_at >= self._last.at  # else it was asked and answered since
        if is_heard and is_newest and remark.tells:
            self._name(remark.change.track_id, remark.tells, begun_at)
        elif is_heard and is_newest and remark.tells is not None:
            self._end(remark.change.track_id, begun_at)
        if not any(one is remark for one, _ in self._open):
            return  # they left, or it told of no expression
        number, self._open = remark.change.track_id, tuple(each for each in self._open if each[0] is not remark)
        if is_heard:
            self._heard[number] = remark.tells
        if any(one.change.track_id == number for one, _ in self._open):
            return
        heard = self._heard.pop(number)
        if is_heard or number not in self._said:
            return
        if heard is None:
            del self._said[number]
        else:
            self._said[number] = heard

    def forget(self, number: int, at: float) -> bool:
        """They left, at `at` seconds; whether something was said of them."""
        self._end(number, at)
        self._heard.pop(number, None)
        self._open = tuple(each for each in self._open if each[0].change.track_id != number)
        return self._said.pop(number, None) is not None

    def answered(self, number: int, expression: str, at: float) -> None:
        """That was said in answer to who asked at `at`. From any thread."""
        self._name(number, expression, at)

    def _name(self, number: int, expression: str, at: float) -> None:
        """Of who is not known to be in view it does not stand."""
        self._last = Named(number, expression, at, math.inf if number in self._said else at)

    def _end(self, number: int, at: float) -> None:
        last = self._last
        if last is not None and last.track_id == number:
            self._last = last._replace(until=min(last.until, at))

    def last(self, at: float) -> Named | None:
        """What was named last, in a remark that was heard, or is being spoken at `at`, or in an answer. From any
        thread."""
        last = self._last
        for remark, begun_at in self._open:
            if remark.tells and at - begun_at <= KNOWN_S:
                made = Named(remark.change.track_id, remark.tells, begun_at)
                return made if last is None or last.at < begun_at else last
        return last
