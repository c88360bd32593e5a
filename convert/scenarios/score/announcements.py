"""Announcements compared with the ground truth: which was correct, which event was announced, and how soon. Pure.

An *event* is one person who clearly shows one expression for MIN_EVENT_S or longer, in conversation distance. Being
unreadable for a moment (a passer-by in front) does not end it. An *announcement* is a spoken line that names an
expression; it is about the person of the ground truth whose face is nearest to the face it was noticed on. It is

  correct       that person shows it when the words start, or stopped at most TOLERANCE_S before
  late          it was true of that person, but stopped longer ago
  wrong_person  it is not true of that person, but of another one who is there
  false         it is true of nobody

An event is announced by a correct announcement that starts before it has been over for TOLERANCE_S. It is not counted
where there was nothing new to say: the last words about that person had been the same. What lasts less than BRIEF_S
need not be announced; if it is, that counts neither way.
"""

from collections.abc import Sequence
from typing import NamedTuple

from assistant.records import Box
from convert.scenarios.score.transcript import TranscriptLine
from convert.scenarios.script.ground_truth import GroundTruth, Interval, PersonTimeline

MIN_EVENT_S, BRIEF_S = 2.0, 1.0
TOLERANCE_S = 1.5
"""Words that start so long after what they say stopped being true are still correct."""
LATE_UP_TO_S = 6.0
"""What stopped being true longer ago than this is not late but false."""
ABSENCE_S = 1.5
"""A person who was away for so long comes anew: what was said before is forgotten. A shorter absence ends no event."""
MAX_DISTANCE_WIDTHS = 1.0
"""A line is about the nearest face, no farther from it than so many of its widths."""

CORRECT, LATE, WRONG_PERSON, FALSE, BRIEF = "correct", "late", "wrong_person", "false", "brief"
"""Kinds of verdicts."""


class Verdict(NamedTuple):
    """What a line was worth."""

    line: TranscriptLine
    kind: str
    person: str
    """Of the ground truth; empty where nobody is near."""


class Event(NamedTuple):
    """An expression that should be announced."""

    person: str
    expression: str
    start: float
    end: float
    announced_at: float | None = None
    """When the words started, None if they did not."""
    is_counted: bool = True
    """Whether there was anything new to say."""
    since: float = 0.0
    """From when on this expression holds, readable or not, since it was readable before."""

    @property
    def delay_s(self) -> float | None:
        """From the change to the words; 0 where these came while the face was still on its way in."""
        return None if self.announced_at is None else max(0.0, self.announced_at - self.start)


def announcements(lines: Sequence[TranscriptLine]) -> list[TranscriptLine]:
    """The spoken lines that name the expression of a person."""
    return [
        line for line in lines if line.started_at is not None and line.sentence.names_expression and line.expression
    ]


def verdicts(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Verdict]:
    """A verdict for each announcement, in their order."""
    return [_verdict(truth, line) for line in announcements(lines)]


def events(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Event]:
    """The events of a scene, and which of them were announced by its lines."""
    all_verdicts = verdicts(truth, lines)
    found = []
    for person in truth.people:
        about_person = [each for each in all_verdicts if each.person == person.name]
        lines_about = [line for line in lines if line.started_at is not None and _person_of(truth, line) is person]
        for event in _events(person):
            starts = [
                each.line.started_at
                for each in about_person
                if each.kind == CORRECT
                and each.line.expression == event.expression
                and each.line.started_at is not None
                and event.since <= each.line.started_at <= event.end + TOLERANCE_S
            ]
            announced_at = starts[0] if starts else None
            is_counted = announced_at is not None or not _is_known(person, event, lines_about)
            found.append(event._replace(announced_at=announced_at, is_counted=is_counted))
    return found


def nearest_person(truth: GroundTruth, at: float, box: Box | None) -> PersonTimeline | None:
    """The person whose face is nearest to a box at a moment, within MAX_DISTANCE_WIDTHS."""
    if box is None:
        return None
    x, y = box.center
    nearest, least = None, MAX_DISTANCE_WIDTHS
    for person in truth.people:
        face = person.box_at(at) or person.box_at(at - ABSENCE_S)
        if face is None:
            continue
        off = ((face.x + face.width / 2 - x) ** 2 + (face.y + face.height / 2 - y) ** 2) ** 0.5
        distance = off / max(face.width, box.width)
        if distance < least:
            nearest, least = person, distance
    return nearest


def _person_of(truth: GroundTruth, line: TranscriptLine) -> PersonTimeline | None:
    return nearest_person(truth, line.noticed_at, line.box)


def _verdict(truth: GroundTruth, line: TranscriptLine) -> Verdict:
    person, at = _person_of(truth, line), line.started_at or line.noticed_at
    if person is None:
        return Verdict(line, FALSE, "")
    for shown in reversed(person.expressions):
        if shown.value != line.expression or shown.start > at or shown.end + LATE_UP_TO_S <= at:
            continue
        if shown.end + TOLERANCE_S < at:
            return Verdict(line, LATE, person.name)
        whole = next((each for each in _without_gaps(person) if each.start <= shown.start < each.end), shown)
        return Verdict(line, CORRECT if whole.end - whole.start >= BRIEF_S else BRIEF, person.name)
    others = (other for other in truth.people if other is not person)
    kind = WRONG_PERSON if any(other.expression_at(at) == line.expression for other in others) else FALSE
    return Verdict(line, kind, person.name)


def _without_gaps(person: PersonTimeline) -> list[Interval]:
    """The expressions of a person, where one is interrupted by less than ABSENCE_S of absence joined."""
    return _joined(person.expressions)


def _events(person: PersonTimeline) -> list[Event]:
    found: list[Event] = []
    for shown in _without_gaps(person):
        readable = [Interval(start, end, shown.value) for start, end in _readable_parts(shown, person.unreadable)]
        since = shown.start
        for whole in _joined(readable):
            if sum(part.end - part.start for part in readable if whole.start <= part.start < whole.end) >= MIN_EVENT_S:
                found.append(Event(person.name, whole.value, whole.start, whole.end, since=since))
            since = whole.end  # what was said before the face was unreadable does not announce its return
    return found


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    joined: list[Interval] = []
    for each in intervals:
        if joined and joined[-1].value == each.value and each.start - joined[-1].end < ABSENCE_S:
            joined[-1] = joined[-1]._replace(end=each.end)
        else:
            joined.append(each)
    return joined


def _readable_parts(shown: Interval, unreadable: Sequence[Interval]) -> list[tuple[float, float]]:
    """The parts of an interval in which the expression can be read."""
    parts, start = [], shown.start
    for each in unreadable:
        if each.end <= start or each.start >= shown.end:
            continue
        if each.start > start:
            parts.append((start, each.start))
        start = each.end
    return [*parts, (start, shown.end)] if start < shown.end else parts


def _is_known(person: PersonTimeline, event: Event, lines_about: Sequence[TranscriptLine]) -> bool:
    """Whether the last words about a person, since the last entrance, had said what an event shows."""
    entered_at = max((start for start in _entrances(person) if start <= event.start), default=0.0)
    spoken = [
        line
        for line in lines_about
        if line.expression and line.started_at is not None and entered_at <= line.started_at < event.start
    ]
    return bool(spoken) and spoken[-1].sentence.names_expression and spoken[-1].expression == event.expression


def _entrances(person: PersonTimeline) -> list[float]:
    ends = [-ABSENCE_S, *(shown.end for shown in person.expressions)]
    return [
        shown.start
        for shown, before in zip(person.expressions, ends, strict=False)
        if shown.start - before >= ABSENCE_S
    ]
