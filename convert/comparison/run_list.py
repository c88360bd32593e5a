"""The run folders in a folder: what each trains, how far it is, what it reached and what it cost. Needs no Keras."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from convert import figures
from convert.text_table import aligned
from convert.training.limits import Limits, is_spent, spent_cpu_s
from convert.training.run_folder import SCORES, Run, RunError, score

RUNNING, FINISHED, STOPPED, DAMAGED = "running", "finished", "stopped", "damaged"
"""Values of `state`. A run is damaged where one of its files cannot be read; `why` says which."""
BARS = "▁▂▃▄▅▆▇█"
WIDTH = 16
"""Characters of a curve."""


def list_runs(folder: Path) -> list[dict[str, Any]]:
    """The runs in a folder, or the one that the folder is, ready for JSON. Raises AssistantError where there is no
    such folder, or no run in it."""
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise AssistantError(f"{folder}: no such folder; `emotion-convert train` makes runs/NAME")
    found = [folder] if _is_run(folder) else sorted(each for each in folder.iterdir() if _is_run(each))
    if not found:
        raise AssistantError(f"{folder}: no run folder in it; `emotion-convert train` makes runs/NAME")
    return [describe(Run(each)) for each in found]


def describe(run: Run) -> dict[str, Any]:
    """One run, ready for JSON."""
    made: dict[str, Any] = {"run": run.path.name or str(run.path), "path": str(run.path)}
    try:
        facts, rows = run.environment(), run.history()
    except RunError as err:
        return made | {"state": DAMAGED, "why": str(err)}
    wanted, spent = facts.get("epochs"), spent_cpu_s(run)
    best = max(rows, key=score, default=None)
    return made | {
        "recipe": facts.get("recipe", run.path.name),
        "state": _state(run, facts, len(rows)),
        "epochs": len(rows),
        "of_epochs": wanted,
        "best": {"epoch": int(best["epoch"])} | {name: _number(best[name]) for name in SCORES if name in best}
        if best
        else None,
        "core_hours": None if math.isnan(spent) else round(spent / 3600, 4),
        "curves": {name: [_number(row[name]) for row in rows] for name in SCORES if rows and name in rows[0]},
    }


def as_text(runs: Sequence[Mapping[str, Any]]) -> str:
    """The runs as a table, with the curve of each score."""
    heads = ("run", "recipe", "state", "epochs", "best epoch", "best scores", "core hours", "curves")
    damaged = [each["why"] for each in runs if each["state"] == DAMAGED]
    return "\n".join([*aligned([heads, *map(_cells, runs)], left=len(heads)), *damaged])


def curve(values: Sequence[float | None], low: float, high: float) -> str:
    """Values as a line of bars between two limits; of more than WIDTH values as many, evenly spaced, the last one
    included."""
    count = min(len(values), WIDTH)
    chosen = [values[round((number + 1) * len(values) / count) - 1] for number in range(count)]
    step = (high - low) / len(BARS) or 1.0
    return "".join(
        " " if each is None else BARS[max(0, min(len(BARS) - 1, int((each - low) / step)))] for each in chosen
    )


def draw(runs: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Draw the curves of all runs into one diagram. file: ends in .svg or .png. Raises OSError."""
    from matplotlib.figure import Figure

    from assistant.system.atomic_files import write_atomically

    names = [name for name in SCORES if any(name in each.get("curves", {}) for each in runs)]
    figure = Figure(figsize=(5.5 * max(1, len(names)), 4.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, max(1, len(names)), squeeze=False)[0], names, strict=False):
        for each in runs:
            values = each.get("curves", {}).get(name, [])
            axes.plot(
                range(1, len(values) + 1), [math.nan if v is None else 100 * v for v in values], label=each["run"]
            )
        axes.set(xlabel="epoch", ylabel=f"{name}, %")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    write_atomically({file: figures.encoded(figure, file.suffix[1:])})


def _is_run(folder: Path) -> bool:
    return (folder / "environment.json").is_file() or (folder / "history.csv").is_file()


def _state(run: Run, facts: Mapping[str, Any], epochs: int) -> str:
    if run.is_running():
        return RUNNING
    budget = facts.get("budget_cpu_s", math.inf)
    wanted = facts.get("epochs")
    is_done = isinstance(wanted, int) and epochs >= wanted
    return FINISHED if is_done or "warm_start" in facts or is_spent(run, Limits(cpu_s=budget)) else STOPPED


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cells(run: Mapping[str, Any]) -> tuple[str, ...]:
    if run["state"] == DAMAGED:
        return (run["run"], "", DAMAGED, "", "", "", "", "")
    best, curves = run["best"] or {}, run["curves"]
    scores = {name: each for name, each in best.items() if name != "epoch" and each is not None}
    if not scores.get("ferplus", 1):  # no picture had votes
        del scores["ferplus"]
    drawn = []
    for name, values in curves.items():
        known = [each for each in values if each is not None]
        if known:
            drawn.append(f"{name} {curve(values, min(known), max(known))}")
    return (
        run["run"],
        str(run["recipe"]),
        run["state"],
        f"{run['epochs']} of {run['of_epochs'] or '?'}",
        str(best.get("epoch", "")),
        ", ".join(f"{name} {each:.2%}" for name, each in scores.items()),
        "not recorded" if run["core_hours"] is None else f"{run['core_hours']:.2f}",
        " ".join(drawn),
    )
