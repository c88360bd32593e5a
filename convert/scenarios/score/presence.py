"""Verdicts on announcements of presence (arrivals, departures, ends of an expression) by the ground truth. Pure.

An *announcement of presence* names no expression that a person shows; the others are scored in `announcements`. It is
false if its condition held at no time in the last TOLERANCE_S before its speech started:

  ONE_PERSON       at least one person was present
  ONE_MORE_PERSON  at least two people were present
  PEOPLE           so many people were present, of whom those who were not clearly visible need not count
  PERSON_LEFT      a person who had been present within LATE_UP_TO_S was no longer clearly visible
  NOBODY_IN_VIEW   no person was clearly visible
  NO_LONGER        the person whom the announcement is about did not show that expression

The first two are also false if the detection on which they were noticed was not a person's face.

A person is *present* while the centre of the face is in the picture, visible or not, and *clearly visible* unless
unreadable for one of NOT_VISIBLE_REASONS. A face that is side-on or occluded can still be detected, so NOBODY_IN_VIEW
is false while there is one. As in `announcements` an expression continues while it is unreadable, since its end cannot
be observed.
"""

from collections.abc import Sequence

from assistant.sentences import Sentence
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
"""Reasons for which a present person may be missed: the face is not visible in the picture, or ("") its visibility is
undefined, as while it enters or leaves the frame."""
STEP_S = 0.05
"""Interval at which the ground truth is sampled; the timelines of scripted scenes have the same resolution."""


def verdicts(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Verdict]:
    """The verdict, CORRECT or FALSE, on each spoken announcement of presence, in order."""
    return [_verdict(truth, line) for line in lines if line.started_at is not None and _is_of_presence(line.sentence)]


def is_late(truth: GroundTruth, line: TranscriptLine) -> bool:
    """Whether a false announcement was true in the TOLERANCE_S before its change was noticed, and was spoken too late.

    Otherwise it was wrong from the beginning: about a person who turned away and is not detected, or about a detection
    that is not a face.
    """
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
    """Whether there was a person's face at the box of a line between `line.noticed_at` and `until`."""
    moments = _moments(line.noticed_at, until)
    return line.box is None or any(nearest_person(truth, at, line.box) for at in moments)


def _moments(start: float, end: float) -> list[float]:
    """Sample times from end back to start, both included."""
    return [*(end - STEP_S * step for step in range(round((end - start) / STEP_S))), start]


def _is_true_at(truth: GroundTruth, line: TranscriptLine, about: PersonTimeline | None, at: float) -> bool:
    match line.sentence:
        case Sentence.ONE_PERSON | Sentence.ONE_MORE_PERSON:
            present = sum(bool(person.expression_at(at)) for person in truth.people)
            return present >= (2 if line.sentence is Sentence.ONE_MORE_PERSON else 1)
        case Sentence.PEOPLE:
            visible = sum(_is_clearly_visible(person, at) for person in truth.people)
            return visible <= line.people <= sum(bool(person.expression_at(at)) for person in truth.people)
        case Sentence.PERSON_LEFT:
            return any(_was_present(person, at) and not _is_clearly_visible(person, at) for person in truth.people)
        case Sentence.NOBODY_IN_VIEW:
            return not any(_is_clearly_visible(person, at) for person in truth.people)
    return about is None or about.expression_at(at) != line.expression


def _is_clearly_visible(person: PersonTimeline, at: float) -> bool:
    is_hidden = any(each.value in NOT_VISIBLE_REASONS for each in person.unreadable if each.contains(at))
    return bool(person.expression_at(at)) and not is_hidden


def _was_present(person: PersonTimeline, at: float) -> bool:
    return any(shown.start <= at and shown.end >= at - LATE_UP_TO_S for shown in person.expressions)
