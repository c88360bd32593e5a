"""Search for better [decisions] settings on the tuning half, by coordinate ascent.

Detector and classifier are not run again: the decisions are repeated on their recorded results.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.config.settings import Settings
from assistant.system.progress import Progress
from convert.data.fer2013_labels import LABELS
from convert.scenarios.rerun import rerun
from convert.scenarios.run import Outcome
from convert.scenarios.score.figures import DEGRADED, MIN_EVENTS, figures
from convert.scenarios.score.transcript import SceneTranscript

SEARCH_GRID: dict[str, tuple[float, ...]] = {
    "window_s": (0.95, 1.0, 1.2, 1.5),
    "enter_threshold": (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8),
    "exit_threshold": (0.3, 0.35, 0.4, 0.45, 0.5, 0.55),
    "dwell_s": (1.0, 1.5, 2.0, 2.5),
}
"""Settings of [decisions] and the candidate values of each."""
DecisionPoint = dict[str, Any]
"""Values of some fields of `DecisionSettings`."""
ROUNDS = 2
"""Largest number of passes over all settings."""
MIN_PRECISIONS, MIN_PRECISION = {"happy": 0.95}, 0.85
"""Required precision of some expressions, and of all others."""
PRECISION_WEIGHT, DELAY_WEIGHT, TALKING_WEIGHT = 4.0, 0.2, 0.2
"""Penalty in the objective for each unit of precision below the required one, each second of delay beyond MAX_DELAY_S,
and each announcement beyond one in 10 minutes of a neutral person talking; a unit of recall has weight 1."""
MAX_DELAY_S = 1.5
"""Delay (95th percentile) up to which there is no penalty."""


def search(outcomes: Sequence[Outcome], settings: Settings, rounds: int = ROUNDS) -> dict[str, Any]:
    """The best settings found by changing one at a time, with their figures, ready for JSON."""
    scored = [outcome for outcome in outcomes if outcome.truth.kind != DEGRADED]
    best: DecisionPoint = {name: getattr(settings.decisions, name) for name in SEARCH_GRID}
    current = figures_with(scored, best, settings)
    first, best_value = current, value(current)
    with Progress("settings", rounds * sum(map(len, SEARCH_GRID.values())), "trials") as progress:
        for _ in range(rounds):
            before = best_value
            for name, candidates in SEARCH_GRID.items():
                for candidate in candidates:
                    progress.update()
                    point = best | {name: candidate}
                    if point.get("exit_threshold", 0.0) > point.get("enter_threshold", 1.0):
                        continue
                    trial = figures_with(scored, point, settings)
                    if value(trial) > best_value:
                        best, current, best_value = point, trial, value(trial)
            if best_value == before:
                break
    return {
        "decisions": best,
        "value": round(best_value, 4),
        "value_before": round(value(first), 4),
        "before": first,
        "after": current,
    }


def figures_with(outcomes: Sequence[Outcome], decisions: DecisionPoint, settings: Settings) -> dict[str, Any]:
    """The figures of the scenes with other [decisions] settings, with all expressions announced."""
    decided = dataclasses.replace(settings.decisions, **decisions)
    announcements = dataclasses.replace(settings.announcements, expressions=LABELS)
    chosen = dataclasses.replace(settings, decisions=decided, announcements=announcements)
    scenes = [SceneTranscript(outcome.truth, lines := rerun(outcome, chosen), lines) for outcome in outcomes]
    return figures(scenes, LABELS, LABELS)


def value(scores: Mapping[str, Any]) -> float:
    """The objective: mean recall of the expressions with enough events, minus penalties for low precision, for delay,
    and for announcements about a neutral person who talks."""
    rows = {expression: row for expression, row in scores["expressions"].items() if row["events"] >= MIN_EVENTS // 2}
    total = 0.0
    for expression, row in rows.items():
        shortfall = max(0.0, MIN_PRECISIONS.get(expression, MIN_PRECISION) - (row["precision"] or 0.0))
        total += (row["recall"] or 0.0) - PRECISION_WEIGHT * shortfall
    total /= max(len(rows), 1)
    total -= DELAY_WEIGHT * max(0.0, (scores["delay_p95_s"] or 0.0) - MAX_DELAY_S)
    return total - TALKING_WEIGHT * max(0.0, (scores["neutral_per_10min"] or 0.0) - 1)


def as_text(best: Mapping[str, Any]) -> str:
    """The result of the search as text."""
    lines = [f"value {best['value_before']} -> {best['value']}", "", "[decisions]"]
    lines += [f"{name} = {number}" for name, number in best["decisions"].items()]
    for name in ("before", "after"):
        lines += ["", f"{name}: p95 {best[name]['delay_p95_s']} s, talking {best[name]['neutral_per_10min']}"]
        for expression, row in best[name]["expressions"].items():
            lines.append(
                f"  {expression:9} precision {row['precision']}, recall {row['recall']}, {row['events']} events"
            )
    return "\n".join(lines)
