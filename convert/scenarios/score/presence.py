"""Who was said to be there, to have left, or to have ceased to show something, against what was true. Pure.

A *sentence of presence* names no expression that somebody has, and so is no announcement of `score`. It is untrue if at
no moment of the last STALE_S before its words start it was the case that

  one_person     somebody was there
  one_more       two or more were there
  person_left    somebody who had been there within STALE_UP_TO_S was no longer plainly in view
  nobody_in_view nobody was plainly in view
  no_longer      the person whom it is about did not show that expression

The first two are untrue as well if the face that they were noticed on was nobody's, but something in the room.

Somebody is *there* while the middle of the face is in the picture, whether anybody could see it or not. They are
*plainly in view* unless hidden for one of EXCUSES. Who turns away or is covered can be seen all the same: while they
are there "nobody" is untrue. As in `score` an expression goes on while it is hidden: who cannot tell it has not seen it
end.
"""

from collections.abc import Sequence

from assistant.phrases import Sentence
from convert.scenarios.score import announcements
from convert.scenarios.score.announcements import RIGHT, STALE_S, STALE_UP_TO_S, Said, Verdict
from convert.scenarios.script.truth import Person, Truth

SENTENCES = (
    Sentence.ONE_PERSON,
    Sentence.ONE_MORE_PERSON,
    Sentence.PERSON_LEFT,
    Sentence.NOBODY_IN_VIEW,
    Sentence.NO_LONGER,
)
"""The locale's sentences that are judged here."""
EXCUSES = ("", "dark", "bright", "far", "blurred")
"""Why somebody who is there may be missed: the picture does not show them, or nobody could say whether it does, as on
their way in or out."""
UNTRUE = "untrue"
STEP_S = 0.05
"""The truth is looked up so often; no timeline of ours is finer."""


def judge(truth: Truth, said: Sequence[Said]) -> list[Verdict]:
    """A verdict, RIGHT or UNTRUE, for each spoken sentence of presence, in their order."""
    return [_judge(truth, line) for line in said if line.started_at is not None and line.sentence in SENTENCES]


def is_late(truth: Truth, line: Said) -> bool:
    """Whether an untrue sentence was true in the STALE_S before it was noticed, and waited. What was untrue even
    then is no old news but a mistake: of somebody who has turned away and is not found, or of what is nobody's face."""
    about = announcements.matched(truth, line.at, line.box)
    if line.sentence in (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON) and not _is_a_face(truth, line, line.at):
        return False
    return any(_holds(truth, line, about, at) for at in _moments(line.at - STALE_S, line.at))


def _judge(truth: Truth, line: Said) -> Verdict:
    started_at = line.at if line.started_at is None else line.started_at
    about = announcements.matched(truth, line.at, line.box)
    is_true = any(_holds(truth, line, about, at) for at in _moments(started_at - STALE_S, started_at))
    if line.sentence in (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON) and not _is_a_face(truth, line, started_at):
        is_true = False
    return Verdict(line, RIGHT if is_true else UNTRUE, about.name if about else "")


def _is_a_face(truth: Truth, line: Said, until: float) -> bool:
    """Whether somebody's face was where the line was noticed: at `line.at`, or later if it was held back."""
    return line.box is None or any(announcements.matched(truth, at, line.box) for at in _moments(line.at, until))


def _moments(start: float, end: float) -> list[float]:
    """From end back to start, both of them among these."""
    return [*(end - STEP_S * step for step in range(round((end - start) / STEP_S))), start]


def _holds(truth: Truth, line: Said, about: Person | None, at: float) -> bool:
    match line.sentence:
        case Sentence.ONE_PERSON | Sentence.ONE_MORE_PERSON:
            there = sum(bool(person.shown(at)) for person in truth.people)
            return there >= (2 if line.sentence is Sentence.ONE_MORE_PERSON else 1)
        case Sentence.PERSON_LEFT:
            return any(_was_there(person, at) and not _is_plain(person, at) for person in truth.people)
        case Sentence.NOBODY_IN_VIEW:
            return not any(_is_plain(person, at) for person in truth.people)
    return about is None or about.shown(at) != line.expression


def _is_plain(person: Person, at: float) -> bool:
    """Whether no eye would miss somebody."""
    return bool(person.shown(at)) and not any(span.what in EXCUSES for span in person.hidden if span.holds(at))


def _was_there(person: Person, at: float) -> bool:
    return any(span.start <= at and span.end >= at - STALE_UP_TO_S for span in person.shows)
