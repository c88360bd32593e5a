"""From what came of the scenes to the report, and to the table that people read."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from assistant.config.settings import Settings
from convert.data.fer2013 import LABELS
from convert.scenarios.run import Outcome, again
from convert.scenarios.score.figures import DEGRADED, Answer, Heard, Looked, figures

SHOWN_EVENTS = 10
"""Words with fewer events are left out of the README."""


def heard(outcomes: Sequence[Outcome], settings: Settings) -> list[Heard]:
    """What was said in each scene, and what would have been with every expression switched on."""
    announcements = dataclasses.replace(settings.announcements, expressions=LABELS)
    everything = dataclasses.replace(settings, announcements=announcements)
    return [
        Heard(
            outcome.truth,
            outcome.said,
            () if outcome.truth.kind == DEGRADED else again(outcome, everything),
            tuple(Answer(each.at, each.state, each.reason, each.box) for each in outcome.asked),
            tuple(
                Looked(taken.at, face.box, reading.reason)
                for taken in outcome.taken
                for face, reading in zip(taken.faces, taken.readings, strict=True)
            ),
        )
        for outcome in outcomes
    ]


def report(
    scenes: Sequence[Heard], outcomes: Sequence[Outcome], settings: Settings, first_sounds_s: Sequence[float] = ()
) -> dict[str, Any]:
    """All figures, ready for JSON."""
    made = figures(scenes, LABELS, settings.announcements.expressions, first_sounds_s)
    by_default = list(settings.announcements.expressions)
    return {
        "model": settings.model.file,
        "said_by_default": by_default,
        "frames": sum(outcome.frames for outcome in outcomes),
        **made,
    }


def as_text(made: dict[str, Any]) -> str:
    """The report as a table for people."""
    lines = [
        f"{made['scenes']} scenes, {made['minutes']} minutes, {made['frames']} frames, {made['model']}",
        "",
        f"{'expression':10} {'precision':>22} {'recall':>22} {'events':>7} {'said':>6} {'late':>5} {'other':>6}  false",
    ]
    for word, row in made["expressions"].items():
        precision, recall = _share(row["precision"], row["precision_ci"]), _share(row["recall"], row["recall_ci"])
        counts = f"{row['events']:7} {row['announced']:6} {row['stale']:5} {row['wrong_person']:6} {row['false']:6}"
        lines.append(f"{word:10} {precision:>22} {recall:>22} {counts}")
    present, wrongly = made["presence"], made["reasons_given_wrongly"]
    lines += [
        "late: true of that person until more than 1.5 s before; other: true of somebody else; false: of nobody",
        "",
        f"worth a word: {', '.join(made['words_on'])}",
        f"from the change to the words: {made['delay_p50_s']} s (half of them), {made['delay_p95_s']} s (95 %)",
        f"a neutral person talking: {_of_talk(made)}",
        f"a person who holds still: {made['still_false_per_10min']} in 10 minutes, beyond the arrival",
        f"from a question to the first sound: {made['ask_first_sound_p95_s']} s (95 %; only --report measures it)",
        f"utterances in a minute: {made['utterances_per_min']} (mean), {made['max_per_min']} (most)",
        f"words in a minute: {made['words_per_min']}",
        f"stale: {made['stale']}, wrong person: {made['wrong_person']}, false: {made['false']}",
        f"who comes, leaves, no longer looks so: {present['said']} sentences, {present['untrue']} untrue",
        f"reasons why not for faces that can be told: {_of_readings(wrongly)}",
        f"right reasons why not: {made['reason_correct']}; told though degraded: {made['told_though_degraded']}",
    ]
    for reason, row in made["reasons"].items():
        given = ", ".join(f"{answer} {count}" for answer, count in row["answers"].items())
        lines.append(f"  {reason:8} {row['correct']:6.1%} of {row['asked']}: {given}")
    return "\n".join(lines)


def _of_talk(made: dict[str, Any]) -> str:
    talk = made["talking"]
    arrivals = f"{talk['said']} with the arrivals of {talk['scenes']} scenes, {talk['minutes']} minutes"
    return f"{made['neutral_per_10min']} remarks beyond the arrival ({arrivals})"


def as_markdown(made: dict[str, Any], date: str, revision: str) -> str:
    """The table of the README."""
    lines = [
        "| word | precision (95 % interval) | recall (95 % interval) | true events | said by default |",
        "| --- | --- | --- | --- | --- |",
    ]
    for word, row in made["expressions"].items():
        if row["events"] < SHOWN_EVENTS:
            continue
        precision, recall = _share(row["precision"], row["precision_ci"]), _share(row["recall"], row["recall_ci"])
        is_on = "yes" if word in made["said_by_default"] else "no"
        lines.append(f"| {word} | {precision} | {recall} | {row['events']} | {is_on} |")
    present, wrongly = made["presence"], made["reasons_given_wrongly"]
    rows = (
        ("from a change to the words, half / 95 % of them", f"{made['delay_p50_s']} s / {made['delay_p95_s']} s"),
        ("from a question to the first sound, 95 % (no sound card)", f"{made['ask_first_sound_p95_s']} s"),
        ("ten minutes of somebody neutral talking", _of_talk(made)),
        ("ten minutes of somebody who holds still", f"{made['still_false_per_10min']} remarks beyond the arrival"),
        ("most remarks in a minute; words a minute, mean", f"{made['max_per_min']}; {made['words_per_min']}"),
        ("said later than 1.5 s after it was true; of the wrong person", f"{made['stale']}; {made['wrong_person']}"),
        ("expressions said that nobody showed", f"{made['false']}"),
        ("said of who comes, leaves or no longer looks so; untrue", f"{present['said']}; {present['untrue']}"),
        ("right reason why it cannot be told", f"{made['reason_correct']:.1%}"),
        ("such a reason for a face that can be told", _of_readings(wrongly)),
        ("expressions said of somebody who cannot be told", f"{made['told_though_degraded']}"),
    )
    lines += ["", "| measure | figure |", "| --- | --- |", *(f"| {name} | {figure} |" for name, figure in rows)]
    lines += ["", f"{made['scenes']} scenes, {made['minutes']:.0f} minutes; {date}, {revision}."]
    return "\n".join(lines) + "\n"


def _of_readings(wrongly: dict[str, Any]) -> str:
    if not wrongly["readings"]:
        return "-"
    counts = ", ".join(f"{reason} {count}" for reason, count in wrongly["reasons"].items())
    return f"{wrongly['share']:.1%} of {wrongly['readings']}" + (f" ({counts})" if counts else "")


def _share(value: float | None, interval: list[float] | None) -> str:
    return "-" if value is None or interval is None else f"{value:.3f} [{interval[0]:.2f}, {interval[1]:.2f}]"
