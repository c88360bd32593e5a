"""The ground truth of a scene: positions and expressions of people, and when and why an expression cannot be read.

The format of `truth.json`, beside a clip in the same folder:

    {"kind": "change",                         free text; "still", "talk" and "degraded" have figures of their own
     "seconds": 16.0,                          length of the clip, within a second
     "people": [
       {"name": "a",
        "boxes": [[0.0, 200, 120, 130, 160]],   seconds, then left, top, width and height of the face in pixels, ear to
                                                ear and hairline to chin; interpolated linearly, constant at both ends
        "shows": [[0.0, 7.0, "happy"]],         from, to (seconds) and expression; else the person is not in the picture
        "cannot_tell": [[3.0, 4.5, "side_on"]],     from, to and the reason why the expression cannot be read; "" if it
                                                is undefined whether it can; may be left out
        "turned": [[0.0, 5.0, "you"], [5.6, 9.0, "away"]]}],   from, to (seconds), and whether the person faces the
                                                wearer or is turned away; may be left out
     "asks": [[5.0, "ask"]]}                   seconds and question of the wearer; may be left out

Other keys are errors. The times of "shows", "cannot_tell" and "asks" must be within the length of the clip, those of
"boxes" need not be. A face that is side_on or occluded can still be detected.
"""

import json
import sys
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from assistant.ipc.commands import QUESTIONS, Command
from assistant.records import EXPRESSIONS, Box
from convert.data import regular_file
from convert.data.fer2013_labels import DatasetError

REASONS = ("", "dark", "bright", "far", "side_on", "blurred", "occluded")
"""Reasons why an expression cannot be read; "" if it is undefined whether it can."""
TURNED = ("you", "away")
"""Whether a person faces the wearer or is turned away."""
KEYS, PERSON_KEYS = (
    ("kind", "seconds", "people", "asks"),
    ("name", "boxes", "shows", "cannot_tell", "turned"),
)
"""Keys of truth.json, and of each person in it."""
ROUNDING_SLACK_S = 0.05
"""Tolerance for times outside of the clip, since times in the file are rounded."""


class BoxKeyframe(NamedTuple):
    """A face's box at one time; between keyframes it is interpolated linearly."""

    at: float
    """Seconds."""
    x: float
    """Left edge, in pixels."""
    y: float
    """Top edge, in pixels."""
    width: float
    height: float


class Interval(NamedTuple):
    """A time interval [start, end) in seconds with a value: an expression or a reason."""

    start: float
    end: float
    value: str

    def contains(self, at: float) -> bool:
        """Whether a time is in the interval."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class PersonTimeline:
    """One person of a scene; all tuples are in order of time."""

    name: str
    boxes: tuple[BoxKeyframe, ...]
    expressions: tuple[Interval, ...]
    """The expressions shown; the person is not in the picture outside of these intervals."""
    unreadable: tuple[Interval, ...] = ()
    """Intervals in which the expression cannot be read, and the reason (one of REASONS)."""
    turned: tuple[Interval, ...] = ()
    """Intervals in which the person faces the wearer or is turned away (one of TURNED); undefined between them."""

    def expression_at(self, at: float) -> str:
        """The expression at a time, empty while the person is not in the picture."""
        return next((each.value for each in self.expressions if each.contains(at)), "")

    def box_at(self, at: float) -> Box | None:
        """The face's box at a time, None while the person is not in the picture."""
        if not self.expression_at(at):
            return None
        after = bisect_right(self.boxes, at, key=lambda keyframe: keyframe.at)
        if after in (0, len(self.boxes)):
            return Box(*self.boxes[min(after, len(self.boxes) - 1)][1:])
        previous, following = self.boxes[after - 1], self.boxes[after]
        share = (at - previous.at) / (following.at - previous.at)
        return Box(*(a + share * (b - a) for a, b in zip(previous[1:], following[1:], strict=True)))

    def reason_at(self, at: float) -> str:
        """Why the expression cannot be read at a time; empty if it can, or if this is undefined."""
        return next((each.value for each in self.unreadable if each.contains(at)), "")

    def is_readable(self, at: float) -> bool:
        """Whether the person is in the picture at a time and the expression can be read."""
        return bool(self.expression_at(at)) and not any(each.contains(at) for each in self.unreadable)


@dataclass(frozen=True)
class GroundTruth:
    """The ground truth of a scene, and the questions of the wearer."""

    name: str
    """Name of the scene."""
    kind: str
    seconds: float
    """Length of the scene."""
    people: tuple[PersonTimeline, ...] = ()
    questions: tuple[tuple[float, Command], ...] = ()
    """Seconds and one of commands.QUESTIONS, in order of time."""


def to_json(truth: GroundTruth) -> str:
    """The text of a `truth.json`."""
    people = [
        {
            "name": person.name,
            "boxes": [[round(value, 2) for value in keyframe] for keyframe in person.boxes],
            "shows": [_rounded(each) for each in person.expressions],
            "cannot_tell": [_rounded(each) for each in person.unreadable],
            "turned": [_rounded(each) for each in person.turned],
        }
        for person in truth.people
    ]
    questions = [list(question) for question in truth.questions]
    table = {"kind": truth.kind, "seconds": truth.seconds, "people": people, "asks": questions}
    return json.dumps(table, indent=1) + "\n"


def read(path: Path, name: str) -> GroundTruth:
    """The ground truth in a `truth.json`. name: of the scene. Raises DatasetError where the file is invalid."""
    try:
        table = json.loads(regular_file.read_text(path))
    except (OSError, ValueError, RecursionError) as err:
        raise DatasetError(f"{path}: cannot be read as JSON: {str(err).splitlines()[0]}") from err
    try:
        return _ground_truth(table, name)
    except KeyError as err:
        raise DatasetError(f"{path}: {err} is missing; emotion-convert scenarios --help shows the form") from err
    except (ValueError, RecursionError) as err:
        raise DatasetError(f"{path}: {err}; emotion-convert scenarios --help shows the form") from err


def _ground_truth(table: Any, name: str) -> GroundTruth:
    _check_table(table, KEYS, "the whole")
    seconds = _number(table["seconds"], "seconds")
    _check(seconds > 0, "seconds must be above 0")
    rows = enumerate(_list(table["people"], "people"))
    people = tuple(_person(row, f"people[{index}]", seconds) for index, row in rows)
    questions = tuple(_question(row, seconds) for row in _list(table.get("asks", []), "asks"))
    _check(list(questions) == sorted(questions, key=lambda question: question[0]), "asks are not in order of time")
    _check(isinstance(table["kind"], str), "kind must be a text")
    return GroundTruth(name, table["kind"], seconds, people, questions)


def _person(table: Any, where: str, seconds: float) -> PersonTimeline:
    _check_table(table, PERSON_KEYS, where)
    boxes = []
    for row in _list(table["boxes"], f"{where}.boxes"):
        _check(isinstance(row, list) and len(row) == 5, f"{where}.boxes: expected [seconds, x, y, width, height]")
        boxes.append(BoxKeyframe(*(_number(value, f"{where}.boxes") for value in row)))
        _check(boxes[-1].width > 0 and boxes[-1].height > 0, f"{where}.boxes: a box without size")
    _check(bool(boxes), f"{where}.boxes is empty")
    _check(all(a.at < b.at for a, b in pairwise(boxes)), f"{where}.boxes are not in order of time")
    expressions = _intervals(table["shows"], EXPRESSIONS, f"{where}.shows", seconds)
    unreadable = _intervals(table.get("cannot_tell", []), REASONS, f"{where}.cannot_tell", seconds)
    turned = _intervals(table.get("turned", []), TURNED, f"{where}.turned", seconds)
    return PersonTimeline(str(table["name"]), tuple(boxes), expressions, unreadable, turned)


def _question(row: Any, seconds: float) -> tuple[float, Command]:
    _check(isinstance(row, list) and len(row) == 2, "asks: expected [seconds, what]")
    return _moment(row[0], "asks", seconds), Command(_one_of(row[1], tuple(map(str, QUESTIONS)), "asks"))


def _intervals(rows: Any, allowed: tuple[str, ...], where: str, seconds: float) -> tuple[Interval, ...]:
    intervals: list[Interval] = []
    for row in _list(rows, where):
        _check(isinstance(row, list) and len(row) == 3, f"{where}: expected [from, to, what]")
        start, end = _moment(row[0], where, seconds), _moment(row[1], where, seconds)
        intervals.append(Interval(start, end, _one_of(row[2], allowed, where)))
        _check(start < end, f"{where}: {row} ends before it begins")
    in_order = all(a.end <= b.start for a, b in pairwise(intervals))
    _check(in_order, f"{where} overlap or are not in order of time")
    return tuple(intervals)


def _check_table(value: Any, keys: tuple[str, ...], where: str) -> None:
    _check(isinstance(value, dict), f"{where} must be a table")
    for key in value:
        _one_of(key, keys, where)


def _moment(value: Any, where: str, seconds: float) -> float:
    at = _number(value, where)
    is_inside = -ROUNDING_SLACK_S <= at <= seconds + ROUNDING_SLACK_S
    _check(is_inside, f"{where}: {value} is not within the clip's {seconds:g} seconds")
    return at


def _list(value: Any, where: str) -> list[Any]:
    _check(isinstance(value, list), f"{where} must be a list")
    rows: list[Any] = value
    return rows


def _number(value: Any, where: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    is_finite = is_number and abs(value) <= sys.float_info.max  # math.isfinite raises for an int of 400 digits
    _check(is_finite, f"{where}: {value!r} is no number")
    return float(value)


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> str:
    _check(value in allowed, f"{where}: {value!r}; allowed: {', '.join(map(repr, allowed))}")
    return str(value)


def _check(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(problem)


def _rounded(interval: Interval) -> list[Any]:
    return [round(interval.start, 2), round(interval.end, 2), interval.value]
