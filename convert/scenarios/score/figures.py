"""The figures over all scenes: precision, recall, delays, rates, reasons. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from assistant.records import EXPRESSIONS
from convert.scenarios.score import announcements, attention, belief, names, presence, told
from convert.scenarios.score.announcements import Event, Verdict, nearest_person
from convert.scenarios.score.shares import percentile, ratio, wilson
from convert.scenarios.score.transcript import SceneTranscript, TranscriptAnswer, TranscriptLine
from convert.scenarios.script.attention import KIND as ATTENTION
from convert.scenarios.script.friends import KIND as FRIENDS

DEGRADED, STILL, TALK = "degraded", "still", "talk"
"""Kinds of scene with figures of their own."""
MIN_EVENTS, MIN_PRECISION = 40, 0.85
"""Smallest number of events and precision with which an expression is worth announcing."""
ALWAYS_ON = "happy"
"""The expression that is announced regardless of its figures."""
MINUTE_S = 60.0


def figures(
    scenes: Sequence[SceneTranscript],
    expressions: Sequence[str],
    switched_on: Sequence[str],
    answer_delays_s: Sequence[float] = (),
) -> dict[str, Any]:
    """All figures, ready for JSON.

    expressions: all expressions of the classifier. switched_on: those that are announced with the settings of this run.
    answer_delays_s: seconds from question to first samples, if measured. Expressions that are switched on are scored
    by the announcements of this run, the others by those of the rerun with all expressions. Scenes of the kind DEGRADED
    count for the reasons alone, those of ATTENTION for the cues of attention, and those of FRIENDS for the names.
    """
    cues, of_names = attention.figures(scenes), names.figures(scenes)
    scenes = [each for each in scenes if each.truth.kind not in (ATTENTION, FRIENDS)]
    readable = [each for each in scenes if each.truth.kind != DEGRADED]
    minutes = sum(each.truth.seconds for each in readable) / MINUTE_S
    verdicts = [verdict for each in readable for verdict in announcements.verdicts(each.truth, each.lines)]
    verdicts_of_all = [
        verdict for each in readable for verdict in announcements.verdicts(each.truth, each.lines_of_all)
    ]
    events = [event for each in readable for event in announcements.events(each.truth, each.lines)]
    events_of_all = [event for each in readable for event in announcements.events(each.truth, each.lines_of_all)]
    table = {
        expression: _expression(
            expression, *((verdicts, events) if expression in switched_on else (verdicts_of_all, events_of_all))
        )
        for expression in expressions
    }
    delays = [event.delay_s for event in events if event.delay_s is not None and event.expression in switched_on]
    kinds = [verdict.kind for verdict in verdicts]
    answered = [(expected, answer) for each in scenes for expected, answer in _expected_reasons(each)]
    of_presence = [(each.truth, verdict) for each in scenes for verdict in presence.verdicts(each.truth, each.lines)]
    false = [(truth, verdict.line) for truth, verdict in of_presence if verdict.kind == announcements.FALSE]
    late = sum(presence.is_late(truth, line) for truth, line in false)
    return {
        "scenes": len(scenes),
        "minutes": round(sum(each.truth.seconds for each in scenes) / MINUTE_S, 1),
        "expressions": table,
        "words_on": worth_announcing(table),
        "delay_p50_s": percentile(delays, 50),
        "delay_p95_s": percentile(delays, 95),
        "answer_delay_p95_s": percentile(answer_delays_s, 95),
        "neutral_per_10min": _rate_beyond_arrival(readable, TALK),
        "talking": _utterances_in(readable, TALK),
        "still_false_per_10min": _rate_beyond_arrival(readable, STILL),
        "max_per_min": max((_most_in_a_minute(_starts(each.lines)) for each in scenes), default=0),
        "utterances_per_min": ratio(sum(len(_starts(each.lines)) for each in readable), minutes),
        "cues_per_min": ratio(sum(line.is_cue for each in readable for line in each.lines), minutes),
        "words_per_min": ratio(sum(_words(each.lines) for each in readable), minutes),
        **_wrong_beliefs(readable, switched_on),
        "people": _people_told(readable),
        "doubled": sum(told.doubled(each) for each in scenes),
        "attention": cues,
        "names": of_names,
        "late": kinds.count(announcements.LATE) + late,
        "presence": {"announced": len(of_presence), "false": len(false), "late": late},
        "wrong_person": kinds.count(announcements.WRONG_PERSON),
        "false": kinds.count(announcements.FALSE),
        "reason_correct": _share(_is_correct(*each) for each in answered),
        "reasons": _reasons(answered),
        "false_reasons": _false_reasons(scenes),
        "announced_though_degraded": sum(
            len(announcements.announcements(each.lines)) for each in scenes if each.truth.kind == DEGRADED
        ),
    }


def worth_announcing(table: dict[str, dict[str, Any]]) -> list[str]:
    """The expressions whose figures are good enough for announcing them. table: figures by expression."""
    return [
        expression
        for expression, row in table.items()
        if expression == ALWAYS_ON
        or (row["events"] >= MIN_EVENTS and row["precision"] is not None and row["precision"] >= MIN_PRECISION)
    ]


def _expression(expression: str, verdicts: Sequence[Verdict], events: Sequence[Event]) -> dict[str, Any]:
    """The figures of one expression, from all verdicts and events."""
    kinds = [
        verdict.kind
        for verdict in verdicts
        if verdict.line.expression == expression and verdict.kind != announcements.BRIEF
    ]
    expected = [event for event in events if event.expression == expression and event.is_counted]
    correct, found = kinds.count(announcements.CORRECT), sum(event.announced_at is not None for event in expected)
    return {
        "precision": ratio(correct, len(kinds)),
        "recall": ratio(found, len(expected)),
        "events": len(expected),
        "announced": len(kinds),
        "precision_ci": wilson(correct, len(kinds)),
        "recall_ci": wilson(found, len(expected)),
        "late": kinds.count(announcements.LATE),
        "wrong_person": kinds.count(announcements.WRONG_PERSON),
        "false": kinds.count(announcements.FALSE),
    }


def _wrong_beliefs(scenes: Sequence[SceneTranscript], switched_on: Sequence[str]) -> dict[str, Any]:
    """Seconds in 10 minutes in which the wearer believes what is not true, in all and by kind."""
    minutes = sum(each.truth.seconds for each in scenes) / MINUTE_S
    per_scene = [belief.wrong_seconds(each, switched_on) for each in scenes]
    totals = {kind: sum(seconds[kind] for seconds in per_scene) for kind in belief.KINDS}
    return {
        "wrong_belief_s_per_10min": ratio(10 * sum(totals.values()), minutes),
        "wrong_belief_kinds": {kind: ratio(10 * seconds, minutes) for kind, seconds in totals.items()},
    }


def _people_told(scenes: Sequence[SceneTranscript]) -> dict[str, Any]:
    """How many people came into view and stayed, and how many of them were announced in time."""
    counts = [told.people(each) for each in scenes]
    came, in_time = (sum(column) for column in zip(*counts, strict=True)) if counts else (0, 0)
    return {"came": came, "told_in_time": in_time, "share": ratio(in_time, came)}


def _rate_beyond_arrival(scenes: Sequence[SceneTranscript], kind: str) -> float | None:
    """Utterances per 10 minutes in a kind of scene in which a person is in view and nothing changes.

    One announcement of presence and one correct expression per scene are not counted.
    """
    chosen = [each for each in scenes if each.truth.kind == kind]
    minutes = sum(each.truth.seconds for each in chosen) / MINUTE_S
    return ratio(10 * sum(_beyond_arrival(each) for each in chosen), minutes)


def _utterances_in(scenes: Sequence[SceneTranscript], kind: str) -> dict[str, Any]:
    """All utterances in a kind of scene, including those at the arrival of the person."""
    chosen = [each for each in scenes if each.truth.kind == kind]
    minutes = sum(each.truth.seconds for each in chosen) / MINUTE_S
    return {
        "scenes": len(chosen),
        "minutes": round(minutes, 1),
        "utterances": sum(len(_starts(each.lines)) for each in chosen),
    }


def _beyond_arrival(scene: SceneTranscript) -> int:
    """Number of utterances beyond one announcement of presence and one correct expression."""
    spoken = [line for line in scene.lines if line.started_at is not None]
    is_presence = [not line.expression for line in spoken]
    is_correct = [verdict.kind == announcements.CORRECT for verdict in announcements.verdicts(scene.truth, spoken)]
    return len(spoken) - any(is_presence[:1]) - any(is_correct)


def _starts(lines: Sequence[TranscriptLine]) -> list[float]:
    return sorted(line.started_at for line in lines if line.started_at is not None and not line.is_cue)


def _words(lines: Sequence[TranscriptLine]) -> int:
    return sum(len(line.text.split()) for line in lines if line.started_at is not None and not line.is_cue)


def _most_in_a_minute(starts: Sequence[float]) -> int:
    return max((sum(first <= at < first + MINUTE_S for at in starts) for first in starts), default=0)


def _expected_reasons(scene: SceneTranscript) -> list[tuple[str, TranscriptAnswer]]:
    """(true reason, answer) for each answer about a person whose expression could not be read, or about no person while
    there was one."""
    expected = []
    for answer in scene.answers:
        about = nearest_person(scene.truth, answer.at, answer.box)
        people = scene.truth.people if about is None else (about,)
        reasons = [reason for person in people if (reason := person.reason_at(answer.at))]
        if reasons:
            expected.append((reasons[0], answer))
    return expected


def _is_correct(expected: str, answer: TranscriptAnswer) -> bool:
    return answer.state not in EXPRESSIONS and answer.reason == expected


def _reasons(answered: Sequence[tuple[str, TranscriptAnswer]]) -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = {}
    for expected in sorted({expected for expected, _ in answered}):
        answers = [answer for reason, answer in answered if reason == expected]
        given = [answer.state if answer.state in EXPRESSIONS else answer.reason for answer in answers]
        counts = {reason or "none": given.count(reason) for reason in sorted(set(given))}
        table[expected] = {
            "asked": len(given),
            "correct": ratio(given.count(expected), len(given)),
            "answers": counts,
        }
    return table


def _false_reasons(scenes: Sequence[SceneTranscript]) -> dict[str, Any]:
    """Of the faces whose expression can be read, the share that was rejected (too dark, side-on, ...), by reason."""
    reasons = [
        face.reason
        for each in scenes
        for face in each.faces
        if (about := nearest_person(each.truth, face.at, face.box)) and about.is_readable(face.at)
    ]
    counts = {reason: reasons.count(reason) for reason in sorted(set(reasons) - {""})}
    return {"readings": len(reasons), "share": ratio(sum(counts.values()), len(reasons)), "reasons": counts}


def _share(holds: Iterable[bool]) -> float | None:
    values = list(holds)
    return ratio(sum(values), len(values))
