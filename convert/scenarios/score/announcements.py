"""Verdicts on announcements of expressions, and the events that were announced, by the ground truth. Pure.

An *event* is one person clearly showing one expression for MIN_EVENT_S or longer, in conversation distance. A moment in
which the expression cannot be read (a passer-by in front) does not end it. An *announcement* is a spoken line that
names an expression; it is about the person whose face in the ground truth is nearest to the face on which the assistant
noticed the change. Its verdict is

  correct       that person shows the expression when the speech starts, or did so at most TOLERANCE_S before
  late          that person did show the expression, but stopped longer ago
  wrong_person  that person does not show the expression, but another person in view does
  false         no person shows the expression

An event is announced by a correct announcement that starts at most TOLERANCE_S after its end. It is not counted if the
last announcement about that person had the same expression, so that there was nothing new to announce. Expressions
shorter than BRIEF_S need not be announced; if one is, that announcement is not counted.
"""

from collections.abc import Sequence
from typing import NamedTuple

from assistant.records import Box
from convert.scenarios.score.transcript import TranscriptLine
from convert.scenarios.script.ground_truth import GroundTruth, Interval, PersonTimeline

MIN_EVENT_S, BRIEF_S = 2.0, 1.0
"""Shortest event, and length below which an expression is brief."""
TOLERANCE_S = 1.5
"""An announcement is still correct if it starts at most this long after it stopped being true."""
LATE_UP_TO_S = 6.0
"""An announcement that stopped being true longer ago than this is false, not late."""
ABSENCE_S = 1.5
"""After an absence of this length a person is treated as new: earlier announcements do not count. A shorter absence
does not end an event."""
MAX_DISTANCE_WIDTHS = 1.0
"""Largest distance, in face widths, between the box of an announcement and the face that it is about."""

CORRECT, LATE, WRONG_PERSON, FALSE, BRIEF = "correct", "late", "wrong_person", "false", "brief"
"""Verdicts."""


class Verdict(NamedTuple):
    """The verdict on an announcement."""

    line: TranscriptLine
    kind: str
    person: str
    """Name of the person in the ground truth; empty if no face is near."""


class Event(NamedTuple):
    """An expression that should be announced."""

    person: str
    expression: str
    start: float
    end: float
    announced_at: float | None = None
    """When the speech started, None if the event was not announced."""
    is_counted: bool = True
    """Whether the event counts: the last announcement about the person was another one."""
    since: float = 0.0
    """Start of the expression, readable or not, after its last readable part before this event."""

    @property
    def delay_s(self) -> float | None:
        """Seconds from the change to the speech; 0 if this started while the face was still entering the frame."""
        return None if self.announced_at is None else max(0.0, self.announced_at - self.start)


def announcements(lines: Sequence[TranscriptLine]) -> list[TranscriptLine]:
    """The lines that were spoken and name a person's expression."""
    return [
        line for line in lines if line.started_at is not None and line.sentence.names_expression and line.expression
    ]


def verdicts(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Verdict]:
    """The verdict on each announcement, in order."""
    return [_verdict(truth, line) for line in announcements(lines)]


def events(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Event]:
    """The events of a scene, with the announcements of them in its lines."""
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
    """The person whose face is nearest to a box at a time, within MAX_DISTANCE_WIDTHS; None if there is none."""
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
    """The expressions of a person; equal ones with an absence of less than ABSENCE_S between them are joined."""
    return _joined(person.expressions)


def _events(person: PersonTimeline) -> list[Event]:
    found: list[Event] = []
    for shown in _without_gaps(person):
        readable = [Interval(start, end, shown.value) for start, end in _readable_parts(shown, person.unreadable)]
        since = shown.start
        for whole in _joined(readable):
            if sum(part.end - part.start for part in readable if whole.start <= part.start < whole.end) >= MIN_EVENT_S:
                found.append(Event(person.name, whole.value, whole.start, whole.end, since=since))
            since = whole.end  # an announcement before the unreadable part does not count for the event after it
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
    """(start, end) of the parts of an interval in which the expression can be read."""
    parts, start = [], shown.start
    for each in unreadable:
        if each.end <= start or each.start >= shown.end:
            continue
        if each.start > start:
            parts.append((start, each.start))
        start = each.end
    return [*parts, (start, shown.end)] if start < shown.end else parts


def _is_known(person: PersonTimeline, event: Event, lines_about: Sequence[TranscriptLine]) -> bool:
    """Whether the last announcement about a person since the last entrance had the expression of an event."""
    entered_at = max((start for start in _entrances(person) if start <= event.start), default=0.0)
    spoken = [
        line
        for line in lines_about
        if line.expression and line.started_at is not None and entered_at <= line.started_at < event.start
    ]
    return bool(spoken) and spoken[-1].sentence.names_expression and spoken[-1].expression == event.expression


def _entrances(person: PersonTimeline) -> list[float]:
    """Times at which a person enters after an absence of ABSENCE_S or more."""
    ends = [-ABSENCE_S, *(shown.end for shown in person.expressions)]
    return [
        shown.start
        for shown, before in zip(person.expressions, ends, strict=False)
        if shown.start - before >= ABSENCE_S
    ]
