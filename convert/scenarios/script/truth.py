"""What is true in a scene and when: who is where, shows which expression, and cannot be told for which reason.

The form of `truth.json`, beside a clip of the same folder:

    {"kind": "change",                         free text; "still", "talk" and "degraded" are counted in a special way
     "seconds": 16.0,                          length of the clip, to a second
     "people": [
       {"name": "a",
        "boxes": [[0.0, 200, 120, 130, 160]],   seconds, then left, top, width and height of the face in pixels, ear to
                                                ear and hairline to chin; straight lines between, the ends go on
        "shows": [[0.0, 7.0, "happy"]],         from, to (seconds) and expression; nothing: not in the picture
        "cannot_tell": [[3.0, 4.5, "side_on"]]}],   when that cannot be seen, and why; "": when nobody could say;
                                                who is side_on or covered can be found all the same
     "asks": [[5.0, "ask"]]}              what the wearer asks, and when; may be left out

Nothing else may stand in it. What is shown, cannot be told or is asked lies within the seconds; boxes need not.
"""

import json
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from assistant.ipc.commands import QUESTIONS, Command
from assistant.records import EXPRESSIONS, Box
from convert.data.fer2013 import DatasetError

REASONS = ("", "dark", "bright", "far", "side_on", "blurred", "occluded")
KEYS, PERSONS_KEYS = ("kind", "seconds", "people", "asks"), ("name", "boxes", "shows", "cannot_tell")
SLACK_S = 0.05
"""A moment may lie so far outside of the clip: times are rounded."""


class Spot(NamedTuple):
    """Where a face is at one moment, in seconds and pixels."""

    at: float
    x: float
    y: float
    width: float
    height: float


class Span(NamedTuple):
    """Something that holds from start to end, in seconds: an expression, or a reason."""

    start: float
    end: float
    what: str

    def holds(self, at: float) -> bool:
        """Whether a moment lies in it."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Person:
    """One person's timeline, in order of time. shows: expressions, as long as they are in the picture; hidden: when
    these cannot be told, and why."""

    name: str
    boxes: tuple[Spot, ...]
    shows: tuple[Span, ...]
    hidden: tuple[Span, ...] = ()

    def shown(self, at: float) -> str:
        """The expression at a moment, empty where the person is not there."""
        return next((span.what for span in self.shows if span.holds(at)), "")

    def box(self, at: float) -> Box | None:
        """Where the face is, None where the person is not there."""
        if not self.shown(at):
            return None
        after = next((index for index, spot in enumerate(self.boxes) if spot.at > at), len(self.boxes))
        if after in (0, len(self.boxes)):
            return Box(*self.boxes[min(after, len(self.boxes) - 1)][1:])
        before, behind = self.boxes[after - 1], self.boxes[after]
        share = (at - before.at) / (behind.at - before.at)
        return Box(*(a + share * (b - a) for a, b in zip(before[1:], behind[1:], strict=True)))

    def reason(self, at: float) -> str:
        """Why the expression cannot be told at a moment, empty where it can or nobody could say."""
        return next((span.what for span in self.hidden if span.holds(at)), "")

    def is_clear(self, at: float) -> bool:
        """Whether they are there and nothing hides what they show."""
        return bool(self.shown(at)) and not any(span.holds(at) for span in self.hidden)


@dataclass(frozen=True)
class Truth:
    """A scene's timelines. asks: seconds and one of QUESTIONS, in order of time."""

    name: str
    kind: str
    seconds: float
    people: tuple[Person, ...] = ()
    asks: tuple[tuple[float, Command], ...] = ()


def to_json(truth: Truth) -> str:
    """The text of a `truth.json`."""
    people = [
        {
            "name": person.name,
            "boxes": [[round(value, 2) for value in spot] for spot in person.boxes],
            "shows": [_rounded(span) for span in person.shows],
            "cannot_tell": [_rounded(span) for span in person.hidden],
        }
        for person in truth.people
    ]
    table = {"kind": truth.kind, "seconds": truth.seconds, "people": people, "asks": [list(ask) for ask in truth.asks]}
    return json.dumps(table, indent=1) + "\n"


def read(path: Path, name: str) -> Truth:
    """The timelines of a `truth.json`. Raises DatasetError, in one line, for anything else."""
    try:
        table = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as err:
        raise DatasetError(f"{path}: cannot be read as JSON: {str(err).splitlines()[0]}") from err
    try:
        return _truth(table, name)
    except KeyError as err:
        raise DatasetError(f"{path}: {err} is missing; emotion-convert scenarios --help shows the form") from err
    except (ValueError, RecursionError) as err:
        raise DatasetError(f"{path}: {err}; emotion-convert scenarios --help shows the form") from err


def _truth(table: Any, name: str) -> Truth:
    _table(table, KEYS, "the whole")
    seconds = _number(table["seconds"], "seconds")
    _check(seconds > 0, "seconds must be above 0")
    rows = enumerate(_list(table["people"], "people"))
    people = tuple(_person(row, f"people[{index}]", seconds) for index, row in rows)
    asks = tuple(_ask(row, seconds) for row in _list(table.get("asks", []), "asks"))
    _check(list(asks) == sorted(asks, key=lambda ask: ask[0]), "asks are not in order of time")
    _check(isinstance(table["kind"], str), "kind must be a text")
    return Truth(name, table["kind"], seconds, people, asks)


def _person(table: Any, where: str, seconds: float) -> Person:
    _table(table, PERSONS_KEYS, where)
    boxes = []
    for row in _list(table["boxes"], f"{where}.boxes"):
        _check(isinstance(row, list) and len(row) == 5, f"{where}.boxes: expected [seconds, x, y, width, height]")
        boxes.append(Spot(*(_number(value, f"{where}.boxes") for value in row)))
        _check(boxes[-1].width > 0 and boxes[-1].height > 0, f"{where}.boxes: a box without size")
    _check(bool(boxes), f"{where}.boxes is empty")
    _check(all(a.at < b.at for a, b in pairwise(boxes)), f"{where}.boxes are not in order of time")
    shows = _spans(table["shows"], EXPRESSIONS, f"{where}.shows", seconds)
    hidden = _spans(table.get("cannot_tell", []), REASONS, f"{where}.cannot_tell", seconds)
    return Person(str(table["name"]), tuple(boxes), shows, hidden)


def _ask(row: Any, seconds: float) -> tuple[float, Command]:
    _check(isinstance(row, list) and len(row) == 2, "asks: expected [seconds, what]")
    return _moment(row[0], "asks", seconds), Command(_one_of(row[1], tuple(map(str, QUESTIONS)), "asks"))


def _spans(rows: Any, allowed: tuple[str, ...], where: str, seconds: float) -> tuple[Span, ...]:
    spans: list[Span] = []
    for row in _list(rows, where):
        _check(isinstance(row, list) and len(row) == 3, f"{where}: expected [from, to, what]")
        start, end = _moment(row[0], where, seconds), _moment(row[1], where, seconds)
        spans.append(Span(start, end, _one_of(row[2], allowed, where)))
        _check(start < end, f"{where}: {row} ends before it begins")
    in_order = all(a.end <= b.start for a, b in pairwise(spans))
    _check(in_order, f"{where} overlap or are not in order of time")
    return tuple(spans)


def _table(value: Any, keys: tuple[str, ...], where: str) -> None:
    _check(isinstance(value, dict), f"{where} must be a table")
    for key in value:
        _one_of(key, keys, where)


def _moment(value: Any, where: str, seconds: float) -> float:
    at = _number(value, where)
    _check(-SLACK_S <= at <= seconds + SLACK_S, f"{where}: {value} is not within the clip's {seconds:g} seconds")
    return at


def _list(value: Any, where: str) -> list[Any]:
    _check(isinstance(value, list), f"{where} must be a list")
    made: list[Any] = value
    return made


def _number(value: Any, where: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_finite = is_number and abs(value) <= sys.float_info.max  # math.isfinite raises for an int of 400 digits
    _check(is_finite, f"{where}: {value!r} is no number")
    return float(value)


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    _check(value in allowed, f"{where}: {value!r}; allowed: {', '.join(map(repr, allowed))}")
    return str(value)


def _check(holds: bool, said: str) -> None:
    if not holds:
        raise ValueError(said)


def _rounded(span: Span) -> list[Any]:
    return [round(span.start, 2), round(span.end, 2), span.what]
