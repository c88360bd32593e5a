"""Searches for better decisions on the tuning half: one setting after the other, as long as that helps.

Nothing is looked at again: detector and classifier have said what they see, and only the decisions are made anew.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.config.settings import Settings
from convert.data.fer2013 import LABELS
from convert.scenarios.run import Outcome, again
from convert.scenarios.score.figures import DEGRADED, LEAST_EVENTS, Heard, figures

GRID: dict[str, tuple[float, ...]] = {
    "window_s": (0.95, 1.0, 1.2, 1.5),
    "enter_threshold": (0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8),
    "exit_threshold": (0.3, 0.35, 0.4, 0.45, 0.5, 0.55),
    "dwell_s": (1.0, 1.5, 2.0, 2.5),
}
"""The settings of `decisions`, and what each may become."""
Decisions = dict[str, Any]
"""Some fields of `DecisionSettings`."""
ROUNDS = 2
PRECISION = {"happy": 0.95}
LEAST = 0.85
"""Precision that is asked of the other words; what a word lacks in it weighs MISSING times what it has in recall."""
MISSING, LATE, TALKING = 4.0, 0.2, 0.2
LATE_S = 1.5


def search(outcomes: Sequence[Outcome], settings: Settings, rounds: int = ROUNDS) -> dict[str, Any]:
    """The best point that is found by changing one coordinate at a time, ready for JSON."""
    from tqdm import tqdm

    kept = [outcome for outcome in outcomes if outcome.truth.kind != DEGRADED]
    best: Decisions = {name: getattr(settings.decisions, name) for name in GRID}
    made = judged(kept, best, settings)
    first, worth = made, value(made)
    with tqdm(total=rounds * sum(map(len, GRID.values())), unit="trial", disable=None) as bar:
        for _ in range(rounds):
            before = worth
            for name, numbers in GRID.items():
                for number in numbers:
                    bar.update()
                    point = best | {name: number}
                    if point.get("exit_threshold", 0.0) > point.get("enter_threshold", 1.0):
                        continue
                    trial = judged(kept, point, settings)
                    if value(trial) > worth:
                        best, made, worth = point, trial, value(trial)
            if worth == before:
                break
    return {
        "decisions": best,
        "value": round(worth, 4),
        "value_before": round(value(first), 4),
        "before": first,
        "after": made,
    }


def judged(outcomes: Sequence[Outcome], decisions: Decisions, settings: Settings) -> dict[str, Any]:
    """The figures of the scenes with other decisions, every expression being said."""
    decided = dataclasses.replace(settings.decisions, **decisions)
    announcements = dataclasses.replace(settings.announcements, expressions=LABELS)
    chosen = dataclasses.replace(settings, decisions=decided, announcements=announcements)
    heard = [Heard(outcome.truth, said := again(outcome, chosen), said) for outcome in outcomes]
    return figures(heard, LABELS, LABELS)


def value(made: Mapping[str, Any]) -> float:
    """What figures are worth: the mean recall of the expressions with enough events, less what they lack in precision,
    less what comes late, less what is said of somebody who only talks."""
    rows = {word: row for word, row in made["expressions"].items() if row["events"] >= LEAST_EVENTS // 2}
    worth = 0.0
    for word, row in rows.items():
        lacks = max(0.0, PRECISION.get(word, LEAST) - (row["precision"] or 0.0))
        worth += (row["recall"] or 0.0) - MISSING * lacks
    worth /= max(len(rows), 1)
    worth -= LATE * max(0.0, (made["delay_p95_s"] or 0.0) - LATE_S)
    return worth - TALKING * max(0.0, (made["neutral_per_10min"] or 0.0) - 1)


def as_text(best: Mapping[str, Any]) -> str:
    """What the search found, for people."""
    lines = [f"value {best['value_before']} -> {best['value']}", "", "[decisions]"]
    lines += [f"{name} = {number}" for name, number in best["decisions"].items()]
    for name in ("before", "after"):
        lines += ["", f"{name}: p95 {best[name]['delay_p95_s']} s, talking {best[name]['neutral_per_10min']}"]
        for word, row in best[name]["expressions"].items():
            lines.append(f"  {word:9} precision {row['precision']}, recall {row['recall']}, {row['events']} events")
    return "\n".join(lines)
