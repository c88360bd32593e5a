"""What was said against what was true: which announcement was right, which event was told, and how soon. Pure.

An *event* is one person who clearly shows one expression for HOLD_S or longer, in conversation distance. Being hidden
for a moment (a passer-by in front) does not end it. An *announcement* is a spoken line that names an expression; it is
about the person of the truth whose face is nearest to the face it was noticed on. It is

  right         that person shows it when the words start, or stopped at most STALE_S before
  stale         it was true of that person, but stopped longer ago
  wrong_person  it is not true of that person, but of another one who is there
  false         it is true of nobody

An event is told by a right announcement that starts before it has been over for STALE_S. It carries no weight where
there was nothing new to say: the last words about that person had been the same. What lasts less than BRIEF_S need not
be told; if it is, that counts neither way.
"""

from collections.abc import Sequence
from typing import NamedTuple

from assistant.phrases import Sentence
from assistant.records import Box
from convert.scenarios.script.truth import Person, Span, Truth

HOLD_S, BRIEF_S = 2.0, 1.0
STALE_S = 1.5
STALE_UP_TO_S = 6.0
"""What stopped being true longer ago than this is not late but false."""
AWAY_S = 1.5
"""Somebody who was away for so long comes anew: what was said before is forgotten. Being hidden for less is no end."""
NEAR = 1.0
"""A line is about the nearest face, no farther from it than so many of its widths."""
ANNOUNCES = (Sentence.ARRIVED, Sentence.LOOKS)
"""The locale's sentences that name the expression somebody has."""

RIGHT, STALE, WRONG_PERSON, FALSE, BRIEF = "right", "stale", "wrong_person", "false", "brief"


class Said(NamedTuple):
    """A line of the assistant. at: when it was noticed; started_at: when its words began, None if they never did;
    sentence and expression: as in `assistant.vision.decisions.scene.Announcement`; box: the face it was noticed on."""

    at: float
    started_at: float | None
    sentence: Sentence
    expression: str
    text: str
    box: Box | None = None


class Verdict(NamedTuple):
    """What an announcement was worth. person: of the truth, empty where nobody is near."""

    said: Said
    kind: str
    person: str


class Event(NamedTuple):
    """Something that should be told. told_at: when the words started, None if they did not; counts: whether there was
    anything new to say; since: from when on this expression holds, seen or not, since it was seen before."""

    person: str
    expression: str
    start: float
    end: float
    told_at: float | None = None
    counts: bool = True
    since: float = 0.0

    @property
    def delay_s(self) -> float | None:
        """From the change to the words; 0 where these came while the face was still on its way in."""
        return None if self.told_at is None else max(0.0, self.told_at - self.start)


def announcements(said: Sequence[Said]) -> list[Said]:
    """The spoken lines that name an expression somebody has."""
    return [line for line in said if line.started_at is not None and line.sentence in ANNOUNCES and line.expression]


def judge(truth: Truth, said: Sequence[Said]) -> list[Verdict]:
    """A verdict for each announcement, in their order."""
    return [_judge(truth, line) for line in announcements(said)]


def events(truth: Truth, said: Sequence[Said]) -> list[Event]:
    """The events of a scene, and which of them were told by what was said."""
    verdicts = judge(truth, said)
    made = []
    for person in truth.people:
        told = [each for each in verdicts if each.person == person.name]
        about = [line for line in said if line.started_at is not None and _about(truth, line) is person]
        for event in _events(person):
            mine = [
                each.said.started_at
                for each in told
                if each.kind == RIGHT
                and each.said.expression == event.expression
                and each.said.started_at is not None
                and event.since <= each.said.started_at <= event.end + STALE_S
            ]
            told_at = mine[0] if mine else None
            made.append(
                event._replace(told_at=told_at, counts=told_at is not None or not _is_known(person, event, about))
            )
    return made


def matched(truth: Truth, at: float, box: Box | None) -> Person | None:
    """The person whose face is nearest to a box at a moment."""
    if box is None:
        return None
    x, y = box.center
    best, least = None, NEAR
    for person in truth.people:
        theirs = person.box(at) or person.box(at - AWAY_S)
        if theirs is None:
            continue
        off = ((theirs.x + theirs.width / 2 - x) ** 2 + (theirs.y + theirs.height / 2 - y) ** 2) ** 0.5
        distance = off / max(theirs.width, box.width)
        if distance < least:
            best, least = person, distance
    return best


def _about(truth: Truth, line: Said) -> Person | None:
    return matched(truth, line.at, line.box)


def _judge(truth: Truth, line: Said) -> Verdict:
    person, at = _about(truth, line), line.started_at or line.at
    if person is None:
        return Verdict(line, FALSE, "")
    for span in reversed(person.shows):
        if span.what != line.expression or span.start > at or span.end + STALE_UP_TO_S <= at:
            continue
        if span.end + STALE_S < at:
            return Verdict(line, STALE, person.name)
        whole = _held(person, span)
        return Verdict(line, RIGHT if whole.end - whole.start >= BRIEF_S else BRIEF, person.name)
    others = (other for other in truth.people if other is not person)
    kind = WRONG_PERSON if any(other.shown(at) == line.expression for other in others) else FALSE
    return Verdict(line, kind, person.name)


def _held(person: Person, span: Span) -> Span:
    return next((each for each in _holds(person) if each.start <= span.start < each.end), span)


def _holds(person: Person) -> list[Span]:
    """The expressions of a person, where one is interrupted by less than AWAY_S of absence joined."""
    return _joined(person.shows)


def _events(person: Person) -> list[Event]:
    made: list[Event] = []
    for hold in _holds(person):
        seen = [Span(start, end, hold.what) for start, end in _seen(hold, person.hidden)]
        since = hold.start
        for span in _joined(seen):
            if sum(part.end - part.start for part in seen if span.start <= part.start < span.end) >= HOLD_S:
                made.append(Event(person.name, span.what, span.start, span.end, since=since))
            since = span.end  # what was said before they were hidden told of that, not of their coming back
    return made


def _joined(spans: Sequence[Span]) -> list[Span]:
    made: list[Span] = []
    for span in spans:
        if made and made[-1].what == span.what and span.start - made[-1].end < AWAY_S:
            made[-1] = made[-1]._replace(end=span.end)
        else:
            made.append(span)
    return made


def _seen(span: Span, hidden: Sequence[Span]) -> list[tuple[float, float]]:
    """The parts of a span in which nothing is hidden."""
    parts, start = [], span.start
    for each in hidden:
        if each.end <= start or each.start >= span.end:
            continue
        if each.start > start:
            parts.append((start, each.start))
        start = each.end
    return [*parts, (start, span.end)] if start < span.end else parts


def _is_known(person: Person, event: Event, about: Sequence[Said]) -> bool:
    """Whether the last words about somebody, since they came, had said what an event shows."""
    came = max((start for start in _entrances(person) if start <= event.start), default=0.0)
    words = [
        line
        for line in about
        if line.expression and line.started_at is not None and came <= line.started_at < event.start
    ]
    return bool(words) and words[-1].sentence in ANNOUNCES and words[-1].expression == event.expression


def _entrances(person: Person) -> list[float]:
    ends = [-AWAY_S, *(span.end for span in person.shows)]
    return [span.start for span, before in zip(person.shows, ends, strict=False) if span.start - before >= AWAY_S]
