"""Verdicts on the names that were said, and the friends who were named, by the ground truth. Pure.

A name is *correct* if the person whose face is nearest to the face on which it was found is that friend. A visit of
a friend is *named* if that name was said, with certainty, while they were in view or at most TOLERANCE_S after; it is
counted if they are in view for MIN_STAY_S or longer. A stranger is anybody who is not known in the scene.
"""

from collections.abc import Sequence
from typing import Any

from convert.scenarios.score.announcements import TOLERANCE_S, nearest_person
from convert.scenarios.score.shares import percentile, ratio, wilson
from convert.scenarios.score.transcript import SceneTranscript, TranscriptLine
from convert.scenarios.script.friends import KIND
from convert.scenarios.script.ground_truth import PersonTimeline

MIN_STAY_S = 3.0


def figures(scenes: Sequence[SceneTranscript]) -> dict[str, Any]:
    """Of the scenes of KIND: names said and those that are correct, visits of friends and those named, with their
    delays, and strangers and those who were given a name."""
    own = [each for each in scenes if each.truth.kind == KIND]
    said = [(each, line) for each in own for line in _lines(each)]
    sure = [(each, line) for each, line in said if not line.is_maybe]
    visits = [(each, person) for each in own for person in each.truth.people if _stays(person)]
    friends = [(each, person) for each, person in visits if person.name in each.friends]
    strangers = [(each, person) for each, person in visits if person.name not in each.friends]
    delays = [delay for each, person in friends if (delay := _delay_s(each, person)) is not None]
    correct = sum(_is_correct(*each) for each in sure)
    named = {(each.truth.name, _whose(each, line)) for each, line in sure if not _is_correct(each, line)}
    return {
        "names": len(sure),
        "correct": correct,
        "precision": ratio(correct, len(sure)),
        "maybe": len(said) - len(sure),
        "maybe_correct": sum(_is_correct(*each) for each in said) - correct,
        "friends": len(friends),
        "recall": ratio(len(delays), len(friends)),
        "precision_ci": wilson(correct, len(sure)),
        "recall_ci": wilson(len(delays), len(friends)),
        "delay_p50_s": percentile(delays, 50),
        "delay_p95_s": percentile(delays, 95),
        "strangers": len(strangers),
        "strangers_named": sum((each.truth.name, person.name) in named for each, person in strangers),
    }


def _lines(scene: SceneTranscript) -> list[TranscriptLine]:
    return [line for line in scene.lines if line.friend and line.started_at is not None and not line.is_cue]


def _whose(scene: SceneTranscript, line: TranscriptLine) -> str:
    person = nearest_person(scene.truth, line.noticed_at, line.box)
    return person.name if person else ""


def _is_correct(scene: SceneTranscript, line: TranscriptLine) -> bool:
    return _whose(scene, line) == line.friend


def _stays(person: PersonTimeline) -> bool:
    return person.expressions[-1].end - person.expressions[0].start >= MIN_STAY_S


def _delay_s(scene: SceneTranscript, person: PersonTimeline) -> float | None:
    """Seconds from when a friend came into view to the name; None where it was not said."""
    start, end = person.expressions[0].start, person.expressions[-1].end
    times = [
        line.started_at
        for line in _lines(scene)
        if not line.is_maybe and line.friend == person.name and _is_correct(scene, line) and line.started_at is not None
    ]
    return next((at - start for at in sorted(times) if start <= at <= end + TOLERANCE_S), None)
