"""The figures of many scenes: precision, recall, delays, rates, reasons. Pure."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from assistant.records import EXPRESSIONS, Box
from convert.scenarios.score import announcements, presence
from convert.scenarios.score.announcements import Event, Said, Verdict
from convert.scenarios.script.truth import Truth

DEGRADED, STILL, TALK = "degraded", "still", "talk"
"""The kinds of scene that are counted in a special way."""
LEAST_EVENTS, LEAST_PRECISION = 40, 0.85
"""From which on a word is worth saying unasked."""
ALWAYS_ON = "happy"
MINUTE_S = 60.0
Z = 1.96
"""Standard normal deviate of a 95 % interval."""


class Answer(NamedTuple):
    """What was answered at a moment. state: the expression that was told; if it is none, reason says why, or is empty
    where nobody was seen. box: the face it is about, None: nobody's."""

    at: float
    state: str
    reason: str
    box: Box | None = None


class Looked(NamedTuple):
    """A face that was looked at, and the reason why it could not be told, empty where it was read."""

    at: float
    box: Box
    reason: str


class Heard(NamedTuple):
    """A scene and what was said in it: with the settings as they are, and with every expression switched on. looked: at
    every face of every frame."""

    truth: Truth
    said: Sequence[Said]
    said_all: Sequence[Said]
    answers: Sequence[Answer] = ()
    looked: Sequence[Looked] = ()


def figures(
    heard: Sequence[Heard], expressions: Sequence[str], words: Sequence[str], first_sounds_s: Sequence[float] = ()
) -> dict[str, Any]:
    """The report, ready for JSON. expressions: all that could be said; words: those that are, with these settings;
    first_sounds_s: from question to first sound, where that was measured.

    Words are judged as they are said, the other expressions as they would be if all were said. Scenes in which nobody
    can be told count for the reasons only.
    """
    told = [each for each in heard if each.truth.kind != DEGRADED]
    minutes = sum(each.truth.seconds for each in told) / MINUTE_S
    verdicts = [verdict for each in told for verdict in announcements.judge(each.truth, each.said)]
    verdicts_all = [verdict for each in told for verdict in announcements.judge(each.truth, each.said_all)]
    events = [event for each in told for event in announcements.events(each.truth, each.said)]
    events_all = [event for each in told for event in announcements.events(each.truth, each.said_all)]
    table = {
        word: _expression(word, *((verdicts, events) if word in words else (verdicts_all, events_all)))
        for word in expressions
    }
    delays = [event.delay_s for event in events if event.delay_s is not None and event.expression in words]
    kinds = [verdict.kind for verdict in verdicts]
    asked = [(expected, answer) for each in heard for expected, answer in _expected(each)]
    present = [(each.truth, verdict) for each in heard for verdict in presence.judge(each.truth, each.said)]
    untrue = [(truth, verdict.said) for truth, verdict in present if verdict.kind == presence.UNTRUE]
    late = sum(presence.is_late(truth, said) for truth, said in untrue)
    return {
        "scenes": len(heard),
        "minutes": round(sum(each.truth.seconds for each in heard) / MINUTE_S, 1),
        "expressions": table,
        "words_on": words_on(table),
        "delay_p50_s": percentile(delays, 50),
        "delay_p95_s": percentile(delays, 95),
        "ask_first_sound_p95_s": percentile(first_sounds_s, 95),
        "neutral_per_10min": _rate(told, TALK),
        "talking": _heard_of(told, TALK),
        "still_false_per_10min": _rate(told, STILL),
        "max_per_min": max((_most_in_a_minute(_starts(each.said)) for each in heard), default=0),
        "utterances_per_min": _per(sum(len(_starts(each.said)) for each in told), minutes),
        "words_per_min": _per(sum(_words(each.said) for each in told), minutes),
        "stale": kinds.count(announcements.STALE) + late,
        "presence": {"said": len(present), "untrue": len(untrue), "late": late},
        "wrong_person": kinds.count(announcements.WRONG_PERSON),
        "false": kinds.count(announcements.FALSE),
        "reason_correct": _share(_is_right(*each) for each in asked),
        "reasons": _reasons(asked),
        "reasons_given_wrongly": _wrong_reasons(heard),
        "told_though_degraded": sum(
            len(announcements.announcements(each.said)) for each in heard if each.truth.kind == DEGRADED
        ),
    }


def words_on(table: dict[str, dict[str, Any]]) -> list[str]:
    """The expressions that deserve to be said unasked."""
    return [
        word
        for word, row in table.items()
        if word == ALWAYS_ON
        or (row["events"] >= LEAST_EVENTS and row["precision"] is not None and row["precision"] >= LEAST_PRECISION)
    ]


def wilson(hits: int, of: int) -> list[float] | None:
    """The 95 % interval of a share (Wilson 1927); None of nothing."""
    if not of:
        return None
    share, spread = hits / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    reach = Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return [round(max(0.0, middle - reach), 3), round(min(1.0, middle + reach), 3)]


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that at least so many percent do not exceed; None of nothing."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)], 2)


def _expression(word: str, verdicts: Sequence[Verdict], events: Sequence[Event]) -> dict[str, Any]:
    mine = [
        verdict.kind for verdict in verdicts if verdict.said.expression == word and verdict.kind != announcements.BRIEF
    ]
    due = [event for event in events if event.expression == word and event.counts]
    right, hits = mine.count(announcements.RIGHT), sum(event.told_at is not None for event in due)
    return {
        "precision": _per(right, len(mine)),
        "recall": _per(hits, len(due)),
        "events": len(due),
        "announced": len(mine),
        "precision_ci": wilson(right, len(mine)),
        "recall_ci": wilson(hits, len(due)),
        "stale": mine.count(announcements.STALE),
        "wrong_person": mine.count(announcements.WRONG_PERSON),
        "false": mine.count(announcements.FALSE),
    }


def _rate(heard: Sequence[Heard], kind: str) -> float | None:
    """Utterances in 10 minutes of a kind of scene in which nothing happens but that somebody is there: that they are,
    and how they look, may be said once."""
    scenes = [each for each in heard if each.truth.kind == kind]
    minutes = sum(each.truth.seconds for each in scenes) / MINUTE_S
    return _per(10 * sum(_beyond_arrival(each) for each in scenes), minutes)


def _heard_of(heard: Sequence[Heard], kind: str) -> dict[str, Any]:
    """All that was said in a kind of scene, with the arrivals."""
    scenes = [each for each in heard if each.truth.kind == kind]
    minutes = sum(each.truth.seconds for each in scenes) / MINUTE_S
    return {
        "scenes": len(scenes),
        "minutes": round(minutes, 1),
        "said": sum(len(_starts(each.said)) for each in scenes),
    }


def _beyond_arrival(heard: Heard) -> int:
    spoken = [line for line in heard.said if line.started_at is not None]
    is_presence = [not line.expression for line in spoken]
    is_right = [verdict.kind == announcements.RIGHT for verdict in announcements.judge(heard.truth, spoken)]
    return len(spoken) - any(is_presence[:1]) - any(is_right)


def _starts(said: Sequence[Said]) -> list[float]:
    return sorted(line.started_at for line in said if line.started_at is not None)


def _words(said: Sequence[Said]) -> int:
    return sum(len(line.text.split()) for line in said if line.started_at is not None)


def _most_in_a_minute(starts: Sequence[float]) -> int:
    return max((sum(first <= at < first + MINUTE_S for at in starts) for first in starts), default=0)


def _expected(heard: Heard) -> list[tuple[str, Answer]]:
    """Each answer about somebody who could not be told, or about nobody while there was such a person, with the reason
    why not."""
    made = []
    for answer in heard.answers:
        about = announcements.matched(heard.truth, answer.at, answer.box)
        people = heard.truth.people if about is None else (about,)
        reasons = [reason for person in people if (reason := person.reason(answer.at))]
        if reasons:
            made.append((reasons[0], answer))
    return made


def _is_right(expected: str, answer: Answer) -> bool:
    return answer.state not in EXPRESSIONS and answer.reason == expected


def _reasons(asked: Sequence[tuple[str, Answer]]) -> dict[str, dict[str, Any]]:
    made: dict[str, dict[str, Any]] = {}
    for expected in sorted({expected for expected, _ in asked}):
        answers = [answer for want, answer in asked if want == expected]
        given = [answer.state if answer.state in EXPRESSIONS else answer.reason for answer in answers]
        counts = {reason or "none": given.count(reason) for reason in sorted(set(given))}
        made[expected] = {"asked": len(given), "correct": _per(given.count(expected), len(given)), "answers": counts}
    return made


def _wrong_reasons(heard: Sequence[Heard]) -> dict[str, Any]:
    """Of the faces of people who can be told, how many were called too dark, turned away and so on instead of read."""
    given = [
        looked.reason
        for each in heard
        for looked in each.looked
        if (about := announcements.matched(each.truth, looked.at, looked.box)) and about.is_clear(looked.at)
    ]
    counts = {reason: given.count(reason) for reason in sorted(set(given) - {""})}
    return {"readings": len(given), "share": _per(sum(counts.values()), len(given)), "reasons": counts}


def _share(holds: Iterable[bool]) -> float | None:
    made = list(holds)
    return _per(sum(made), len(made))


def _per(count: float, of: float) -> float | None:
    return round(count / of, 3) if of else None
