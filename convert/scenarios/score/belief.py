"""For how long the wearer believes what is not true, by the ground truth. Pure.

The wearer believes what was said last: that the people who were announced are in view, and look as they were said to
look. A *wrong belief* about a person is

  ENDED       the believed expression has ended, or another one is shown that was not announced
  GONE        a person is believed to be in view who is not, or who never was (no face was there)
  NEVER_TOLD  a person in view was never announced, or shows an expression and none was announced

The first GRACE_S of each wrong belief are not counted: what has just begun cannot be announced sooner, and an
expression that is over sooner need not be announced. While it is undefined or cannot be seen whether a belief
is true (a face that is occluded, side-on, far), it is not wrong.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from assistant.records import CANNOT_TELL
from assistant.sentences import ATTENTION, Sentence
from convert.scenarios.score.announcements import nearest_person
from convert.scenarios.score.presence import STEP_S
from convert.scenarios.score.transcript import SceneTranscript, TranscriptAnswer, TranscriptLine
from convert.scenarios.script.ground_truth import GroundTruth, PersonTimeline

GRACE_S = 1.5
"""Seconds of each wrong belief that are not counted."""
GRACE_STEPS = round(GRACE_S / STEP_S)
"""GRACE_S in the steps of `wrong_seconds`."""
ENDED, GONE, NEVER_TOLD = "ended", "gone", "never_told"
KINDS = (ENDED, GONE, NEVER_TOLD)
NEUTRAL = "neutral"
PHANTOM = "phantom "
"""What the name of a person who does not exist begins with."""


@dataclass
class _Beliefs:
    """What the wearer believes: of each person believed to be in view the expression, empty for none."""

    expressions: dict[str, str] = field(default_factory=dict)
    """By the person's name; by PHANTOM and the track_id for a detection that was no person."""
    people: dict[int, str] = field(default_factory=dict)
    """The name, as above, of the person whom the lines about a track were about."""

    def hear(self, truth: GroundTruth, line: TranscriptLine) -> None:
        """Take in a line that was spoken."""
        if line.sentence in ATTENTION:
            return
        if line.sentence is Sentence.NOBODY_IN_VIEW:
            self.expressions.clear()
            return
        if line.sentence is Sentence.PEOPLE and line.started_at is not None:
            self._count(truth, line.people, line.started_at)
            return
        about = nearest_person(truth, line.noticed_at, line.box)
        known = self.people.get(line.track_id)
        name = about.name if about else known or f"{PHANTOM}{line.track_id}"
        self.people[line.track_id] = name
        if line.sentence is Sentence.PERSON_LEFT:
            self.expressions.pop(name, None)
        else:
            self.expressions[name] = line.expression if line.sentence.names_expression else ""

    def _count(self, truth: GroundTruth, people: int, at: float) -> None:
        """Take in that so many people are in view: those who are, and detections that were no person beyond that."""
        present = [person.name for person in truth.people if person.expression_at(at)]
        present.sort(key=lambda name: name not in self.expressions)
        names = [*present, *(f"{PHANTOM}of {number}" for number in range(len(present), people))][:people]
        self.expressions = {name: self.expressions.get(name, "") for name in names}

    def hear_answer(self, truth: GroundTruth, answer: TranscriptAnswer) -> None:
        """Take in the answer to a question."""
        about = nearest_person(truth, answer.at, answer.box)
        if answer.box is None and not answer.reason:
            self.expressions.clear()
        elif about is not None:
            self.expressions[about.name] = "" if answer.state == CANNOT_TELL else answer.state


def wrong_seconds(scene: SceneTranscript, announced: Iterable[str]) -> dict[str, float]:
    """Seconds of wrong belief in a scene, by kind. announced: the expressions that are announced."""
    expected, truth = frozenset(announced), scene.truth
    waiting = _in_order_of_time(scene)
    beliefs, steps = _Beliefs(), dict.fromkeys(KINDS, 0)
    lasted: dict[str, int] = {}
    for step in range(round(truth.seconds / STEP_S)):
        at = step * STEP_S
        while waiting and waiting[0][0] <= at:
            _, heard = waiting.pop(0)
            if isinstance(heard, TranscriptLine):
                beliefs.hear(truth, heard)
            else:
                beliefs.hear_answer(truth, heard)
        wrong = dict(_wrong(truth, beliefs.expressions, at, expected))
        lasted = {name: lasted.get(name, 0) + 1 for name in wrong}
        for name, kind in wrong.items():
            steps[kind] += lasted[name] > GRACE_STEPS
    return {kind: count * STEP_S for kind, count in steps.items()}


def _in_order_of_time(scene: SceneTranscript) -> list[tuple[float, TranscriptLine | TranscriptAnswer]]:
    lines = [(line.started_at, line) for line in scene.lines if line.started_at is not None]
    return sorted([*lines, *((answer.at, answer) for answer in scene.answers)], key=lambda each: each[0])


def _wrong(
    truth: GroundTruth, believed: dict[str, str], at: float, announced: frozenset[str]
) -> Iterable[tuple[str, str]]:
    """(name, kind) of each wrong belief at a time."""
    for person in truth.people:
        if (kind := _wrong_about(person, believed.get(person.name), at, announced)) is not None:
            yield person.name, kind
    yield from ((name, GONE) for name in believed if name.startswith(PHANTOM))


def _wrong_about(person: PersonTimeline, believed: str | None, at: float, announced: frozenset[str]) -> str | None:
    shown = person.expression_at(at)
    if not shown:
        return None if believed is None else GONE
    if not person.is_readable(at):
        return None
    if believed is None:
        return NEVER_TOLD
    if believed:
        return None if believed == shown else ENDED
    return NEVER_TOLD if shown in announced and shown != NEUTRAL else None
