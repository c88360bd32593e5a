"""Announcements of presence compared with the ground truth: who is there, left, or no longer shows something. Pure.

An *announcement of presence* names no expression that a person has, and so is none of those in `announcements`. It is
false if at no moment of the last TOLERANCE_S before its words start it was the case that

  ONE_PERSON       somebody was there
  ONE_MORE_PERSON  two or more were there
  PERSON_LEFT      a person who had been there within LATE_UP_TO_S was no longer plainly in view
  NOBODY_IN_VIEW   nobody was plainly in view
  NO_LONGER        the person whom it is about did not show that expression

The first two are false as well if the face that they were noticed on was nobody's, but something in the room.

A person is *there* while the middle of the face is in the picture, visible or not. They are *plainly in view* unless
unreadable for one of NOT_VISIBLE_REASONS. A person who is side-on or occluded can be found all the same: while they are
there NOBODY_IN_VIEW is false. As in `announcements` an expression goes on while it is unreadable: its end was not seen.
"""

from collections.abc import Sequence

from assistant.phrases import Sentence
from convert.scenarios.score.announcements import (
    CORRECT,
    FALSE,
    LATE_UP_TO_S,
    TOLERANCE_S,
    Verdict,
    nearest_person,
)
from convert.scenarios.score.transcript import TranscriptLine
from convert.scenarios.script.ground_truth import GroundTruth, PersonTimeline

NOT_VISIBLE_REASONS = ("", "dark", "bright", "far", "blurred")
"""Why a person who is there may be missed: the picture does not show them, or nobody could say whether it does, as on
their way in or out."""
STEP_S = 0.05
"""Interval at which the ground truth is looked up; no timeline of ours is finer."""


def verdicts(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Verdict]:
    """A verdict, CORRECT or FALSE, for each spoken announcement of presence, in their order."""
    return [_verdict(truth, line) for line in lines if line.started_at is not None and _is_of_presence(line.sentence)]


def is_late(truth: GroundTruth, line: TranscriptLine) -> bool:
    """Whether a false announcement was true in the TOLERANCE_S before it was noticed, and then waited. One that was
    false even then is not late but wrong: about a person who turned away and is not found, or about what is nobody's
    face."""
    about = nearest_person(truth, line.noticed_at, line.box)
    if line.sentence in (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON) and not _is_about_a_face(
        truth, line, line.noticed_at
    ):
        return False
    moments = _moments(line.noticed_at - TOLERANCE_S, line.noticed_at)
    return any(_is_true_at(truth, line, about, at) for at in moments)


def _is_of_presence(sentence: Sentence) -> bool:
    return sentence.is_presence or sentence is Sentence.NO_LONGER


def _verdict(truth: GroundTruth, line: TranscriptLine) -> Verdict:
    started_at = line.noticed_at if line.started_at is None else line.started_at
    about = nearest_person(truth, line.noticed_at, line.box)
    is_true = any(_is_true_at(truth, line, about, at) for at in _moments(started_at - TOLERANCE_S, started_at))
    if line.sentence in (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON) and not _is_about_a_face(
        truth, line, started_at
    ):
        is_true = False
    return Verdict(line, CORRECT if is_true else FALSE, about.name if about else "")


def _is_about_a_face(truth: GroundTruth, line: TranscriptLine, until: float) -> bool:
    """Whether a person's face was where the line was noticed: at `line.noticed_at`, or later if it was held back."""
    moments = _moments(line.noticed_at, until)
    return line.box is None or any(nearest_person(truth, at, line.box) for at in moments)


def _moments(start: float, end: float) -> list[float]:
    """From end back to start, both included."""
    return [*(end - STEP_S * step for step in range(round((end - start) / STEP_S))), start]


def _is_true_at(truth: GroundTruth, line: TranscriptLine, about: PersonTimeline | None, at: float) -> bool:
    match line.sentence:
        case Sentence.ONE_PERSON | Sentence.ONE_MORE_PERSON:
            present = sum(bool(person.expression_at(at)) for person in truth.people)
            return present >= (2 if line.sentence is Sentence.ONE_MORE_PERSON else 1)
        case Sentence.PERSON_LEFT:
            return any(_was_there(person, at) and not _is_plainly_in_view(person, at) for person in truth.people)
        case Sentence.NOBODY_IN_VIEW:
            return not any(_is_plainly_in_view(person, at) for person in truth.people)
    return about is None or about.expression_at(at) != line.expression


def _is_plainly_in_view(person: PersonTimeline, at: float) -> bool:
    is_hidden = any(each.value in NOT_VISIBLE_REASONS for each in person.unreadable if each.contains(at))
    return bool(person.expression_at(at)) and not is_hidden


def _was_there(person: PersonTimeline, at: float) -> bool:
    return any(shown.start <= at and shown.end >= at - LATE_UP_TO_S for shown in person.expressions)
