"""Verdicts on the cues of attention ("Facing you.", "Turned away."), and the turns that were told, by the truth. Pure.

A *turn* is to the wearer or away. It begins a state of the ground truth (`PersonTimeline.turned`) that lasts for
MIN_HOLD_S or longer, after the other state lasted as long; glances of less than BRIEF_S are left out. Recall counts
no other turns. A cue is *correct* if that person is so turned as it begins, or was at most
TOLERANCE_S before, was turned the other way before that (however briefly), and no other cue has told the same turn.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from assistant.sentences import ATTENTION, Sentence
from convert.scenarios.score.announcements import nearest_person
from convert.scenarios.score.transcript import SceneTranscript, TranscriptLine
from convert.scenarios.script.attention import KIND
from convert.scenarios.script.ground_truth import GroundTruth, Interval, PersonTimeline

MIN_HOLD_S, BRIEF_S = 2.0, 1.0
"""Shortest state before and after a turn that should be told, and length below which a state is only a glance."""
TOLERANCE_S = 1.0
"""A cue is still correct if it begins at most this long after it stopped being true."""
STATES = {Sentence.FACING_YOU: "you", Sentence.TURNED_AWAY: "away"}
"""The state that each cue tells."""


class Turn(NamedTuple):
    """A turn that should be told."""

    start: float
    """Seconds: when the new state began."""
    end: float
    state: str
    """One of ground_truth.TURNED."""


class Told(NamedTuple):
    """A cue, its verdict and the delay."""

    line: TranscriptLine
    is_correct: bool
    person: str
    """Name of the person whom it is about; empty if no face is near."""
    delay_s: float = 0.0
    """Seconds from the turn to the cue, where it is correct."""


def turns(person: PersonTimeline) -> list[Turn]:
    """The turns of a person that should be told."""
    states = _joined([each for each in _joined(person.turned) if each.end - each.start >= BRIEF_S])
    return [
        Turn(after.start, after.end, after.value)
        for before, after in pairwise(states)
        if min(before.end - before.start, after.end - after.start) >= MIN_HOLD_S
    ]


def verdicts(truth: GroundTruth, lines: Sequence[TranscriptLine]) -> list[Told]:
    """The verdict on each cue that sounded or was spoken, in order."""
    told: list[Told] = []
    taken: set[tuple[str, float]] = set()
    for line in lines:
        if line.sentence not in ATTENTION or line.started_at is None:
            continue
        person = nearest_person(truth, line.noticed_at, line.box)
        began = _turned_at(person, STATES[line.sentence], line.started_at) if person else None
        name = person.name if person else ""
        if began is None or (name, began) in taken:
            told.append(Told(line, False, name))
        else:
            taken.add((name, began))
            told.append(Told(line, True, name, line.started_at - began))
    return told


def figures(scenes: Sequence[SceneTranscript]) -> dict[str, Any]:
    """Of the scenes of KIND: turns, those told, and the delays; of these and of all other scenes: the cues, and those
    that are correct. Scenes without ground truth of attention are left out."""
    known = [each for each in scenes if any(person.turned for person in each.truth.people) or not each.truth.people]
    own = [each for each in known if each.truth.kind == KIND]
    told, told_elsewhere = _all_told(own), _all_told([each for each in known if each.truth.kind != KIND])
    expected = [(each, person, turn) for each in own for person in each.truth.people for turn in turns(person)]
    found = [turn for each, person, turn in expected if _is_told(turn, person, _all_told([each]))]
    delays = sorted(each.delay_s for each in told if each.is_correct)
    return {
        "turns": len(expected),
        "recall": _ratio(len(found), len(expected)),
        "cues": len(told),
        "precision": _ratio(sum(each.is_correct for each in told), len(told)),
        "delay_p50_s": _at_share(delays, 0.5),
        "delay_p95_s": _at_share(delays, 0.95),
        "minutes_elsewhere": round(sum(each.truth.seconds for each in known if each.truth.kind != KIND) / 60, 1),
        "cues_elsewhere": len(told_elsewhere),
        "false_elsewhere": sum(not each.is_correct for each in told_elsewhere),
    }


def _all_told(scenes: Sequence[SceneTranscript]) -> list[Told]:
    return [told for each in scenes for told in verdicts(each.truth, each.cues)]


def _is_told(turn: Turn, person: PersonTimeline, told: Sequence[Told]) -> bool:
    return any(
        each.is_correct
        and each.person == person.name
        and STATES[each.line.sentence] == turn.state
        and turn.start <= (each.line.started_at or 0.0) <= turn.end + TOLERANCE_S
        for each in told
    )


def _turned_at(person: PersonTimeline, state: str, at: float) -> float | None:
    """When the turn took place that a cue tells at `at`; None: there was none."""
    before = ""
    began = None
    for each in _joined(person.turned):
        if each.start <= at and each.value == state and each.end + TOLERANCE_S >= at and before:
            began = each.start
        before = each.value
    return began


def _joined(intervals: Sequence[Interval]) -> list[Interval]:
    """The intervals; neighbours of the same value are one, with all that is undefined between them."""
    joined: list[Interval] = []
    for each in intervals:
        if joined and joined[-1].value == each.value:
            joined[-1] = joined[-1]._replace(end=each.end)
        else:
            joined.append(each)
    return joined


def _ratio(count: float, of: float) -> float | None:
    return round(count / of, 3) if of else None


def _at_share(values: Sequence[float], share: float) -> float | None:
    return round(values[min(len(values) - 1, int(share * len(values)))], 2) if values else None
