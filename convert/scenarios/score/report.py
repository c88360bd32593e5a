"""The report of the event benchmark as JSON, as text and as Markdown."""

from collections.abc import Sequence
from typing import Any

from assistant.config.settings import Settings
from convert.data.fer2013_labels import LABELS
from convert.scenarios.score import belief, told
from convert.scenarios.score.figures import figures
from convert.scenarios.score.transcript import SceneTranscript

MIN_SHOWN_EVENTS = 10
"""Smallest number of events with which an expression is in the Markdown table."""


def build_report(
    scenes: Sequence[SceneTranscript], frames: int, settings: Settings, answer_delays_s: Sequence[float] = ()
) -> dict[str, Any]:
    """All figures, ready for JSON.

    frames: number of frames of all scenes. answer_delays_s: seconds from question to first samples, if measured.
    """
    switched_on = settings.announcements.expressions
    return {
        "model": settings.model.file,
        "announced_by_default": list(switched_on),
        "frames": frames,
        **figures(scenes, LABELS, switched_on, answer_delays_s),
    }


def as_text(report: dict[str, Any]) -> str:
    """The report as text."""
    lines = [
        f"{report['scenes']} scenes, {report['minutes']} minutes, {report['frames']} frames, {report['model']}",
        "",
        f"{'expression':10} {'precision':>22} {'recall':>22} {'events':>7} {'said':>6} {'late':>5} {'other':>6}  false",
    ]
    for expression, row in report["expressions"].items():
        precision, recall = _share(row["precision"], row["precision_ci"]), _share(row["recall"], row["recall_ci"])
        counts = f"{row['events']:7} {row['announced']:6} {row['late']:5} {row['wrong_person']:6} {row['false']:6}"
        lines.append(f"{expression:10} {precision:>22} {recall:>22} {counts}")
    presence, false_reasons = report["presence"], report["false_reasons"]
    lines += [
        "late: true of that person until more than 1.5 s before; other: true of another person; false: of nobody",
        "",
        f"worth announcing: {', '.join(report['words_on'])}",
        f"from the change to the words: {report['delay_p50_s']} s (half of them), {report['delay_p95_s']} s (95 %)",
        f"a neutral person talking: {_of_talk(report)}",
        f"a person who holds still: {report['still_false_per_10min']} in 10 minutes, beyond the arrival",
        f"from a question to the first sound: {report['answer_delay_p95_s']} s (95 %; only --report measures it)",
        f"utterances in a minute: {report['utterances_per_min']} (mean), {report['max_per_min']} (most)",
        f"words in a minute: {report['words_per_min']}",
        f"wrong belief in 10 minutes: {_of_beliefs(report)}",
        f"by a sound alone in a minute: {report['cues_per_min']}; sentences said twice: {report['doubled']}",
        f"people announced within {told.WITHIN_S} s: {_of_people(report)}",
        f"cues of attention: {_of_attention(report)}",
        f"names of friends: {_of_names(report)}",
        f"late: {report['late']}, wrong person: {report['wrong_person']}, false: {report['false']}",
        f"arrivals, departures, ends of an expression: {presence['announced']} announced, {presence['false']} false",
        f"reasons why not for faces that can be read: {_of_readings(false_reasons)}",
        f"correct reasons why not: {report['reason_correct']}",
        f"announced though degraded: {report['announced_though_degraded']}",
    ]
    for reason, row in report["reasons"].items():
        given = ", ".join(f"{answer} {count}" for answer, count in row["answers"].items())
        lines.append(f"  {reason:8} {row['correct']:6.1%} of {row['asked']}: {given}")
    return "\n".join(lines)


def _of_talk(report: dict[str, Any]) -> str:
    talk = report["talking"]
    arrivals = f"{talk['utterances']} with the arrivals of {talk['scenes']} scenes, {talk['minutes']} minutes"
    return f"{report['neutral_per_10min']} announcements beyond the arrival ({arrivals})"


def _of_beliefs(report: dict[str, Any]) -> str:
    kinds = report["wrong_belief_kinds"]
    ended, gone, never = (kinds[kind] for kind in belief.KINDS)
    return f"{report['wrong_belief_s_per_10min']} s (expressions {ended}, people gone {gone}, never told {never})"


def _of_people(report: dict[str, Any]) -> str:
    people = report["people"]
    return "-" if people["share"] is None else f"{people['share']:.1%} of {people['came']}"


def _of_attention(report: dict[str, Any]) -> str:
    cues = report["attention"]
    if not cues["turns"]:
        return "-"
    precision, recall = ("-" if cues[name] is None else f"{cues[name]:.3f}" for name in ("precision", "recall"))
    return (
        f"precision {precision} of {cues['cues']}, recall {recall} of {cues['turns']} turns, "
        f"{cues['delay_p50_s']} s / {cues['delay_p95_s']} s after the turn (half / 95 %); "
        f"in the {cues['minutes_elsewhere']:.0f} minutes of the other scenes "
        f"{cues['cues_elsewhere']} cues, {cues['false_elsewhere']} false"
    )


def _of_names(report: dict[str, Any]) -> str:
    names = report["names"]
    if not names["friends"]:
        return "-"
    precision, recall = (_share(names[f"{each}"], names[f"{each}_ci"]) for each in ("precision", "recall"))
    return (
        f"precision {precision} of {names['names']}, recall {recall} of {names['friends']} visits, "
        f"{names['delay_p50_s']} s / {names['delay_p95_s']} s after they came (half / 95 %); "
        f"{names['strangers_named']} of {names['strangers']} strangers named; "
        f'"Maybe": {names["maybe_correct"]} of {names["maybe"]} right'
    )


def as_markdown(report: dict[str, Any], date: str, revision: str) -> str:
    """The report as the Markdown tables of tests/README.md."""
    lines = [
        "| expression | precision (95 % interval) | recall (95 % interval) | true events | announced by default |",
        "| --- | --- | --- | --- | --- |",
    ]
    for expression, row in report["expressions"].items():
        if row["events"] < MIN_SHOWN_EVENTS:
            continue
        precision, recall = _share(row["precision"], row["precision_ci"]), _share(row["recall"], row["recall_ci"])
        is_on = "yes" if expression in report["announced_by_default"] else "no"
        lines.append(f"| {expression} | {precision} | {recall} | {row['events']} | {is_on} |")
    presence, false_reasons = report["presence"], report["false_reasons"]
    rows = (
        (
            "from a change to the words, half / 95 % of them",
            f"{report['delay_p50_s']} s / {report['delay_p95_s']} s",
        ),
        ("from a question to the first sound, 95 % (no sound card)", f"{report['answer_delay_p95_s']} s"),
        ("ten minutes of a neutral person talking", _of_talk(report)),
        (
            "ten minutes of a person who holds still",
            f"{report['still_false_per_10min']} announcements beyond the arrival",
        ),
        (
            "most announcements in a minute; words a minute, mean",
            f"{report['max_per_min']}; {report['words_per_min']}",
        ),
        ('"Facing you." and "Turned away.", where they are switched on', _of_attention(report)),
        ("names of friends, in scenes with ten of them, where they are recognized", _of_names(report)),
        ("ten minutes in which the wearer believes what is not true", _of_beliefs(report)),
        (f"people who came and stayed, announced within {told.WITHIN_S} s", _of_people(report)),
        (
            "announcements by a sound alone, a minute; sentences said twice",
            f"{report['cues_per_min']}; {report['doubled']}",
        ),
        (
            "announced later than 1.5 s after it was true; of the wrong person",
            f"{report['late']}; {report['wrong_person']}",
        ),
        ("expressions announced that nobody showed", f"{report['false']}"),
        (
            "arrivals, departures and ends of an expression announced; false",
            f"{presence['announced']}; {presence['false']}",
        ),
        ("correct reason why an expression cannot be read", f"{report['reason_correct']:.1%}"),
        ("such a reason for a face that can be read", _of_readings(false_reasons)),
        ("expressions announced of a person who cannot be read", f"{report['announced_though_degraded']}"),
    )
    lines += ["", "| measure | figure |", "| --- | --- |", *(f"| {name} | {figure} |" for name, figure in rows)]
    lines += ["", f"{report['scenes']} scenes, {report['minutes']:.0f} minutes; {date}, {revision}."]
    return "\n".join(lines) + "\n"


def _of_readings(false_reasons: dict[str, Any]) -> str:
    if not false_reasons["readings"]:
        return "-"
    counts = ", ".join(f"{reason} {count}" for reason, count in false_reasons["reasons"].items())
    return f"{false_reasons['share']:.1%} of {false_reasons['readings']}" + (f" ({counts})" if counts else "")


def _share(value: float | None, interval: list[float] | None) -> str:
    return "-" if value is None or interval is None else f"{value:.3f} [{interval[0]:.2f}, {interval[1]:.2f}]"
