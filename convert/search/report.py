"""What a search has found: the best trial as a recipe, a table of all, diagrams of history and importance."""

import csv
import io
import json
import shlex
import warnings
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from assistant.system.atomic_files import write_atomically
from convert import figures
from convert.search.job import SearchError
from convert.search.journal import Journal
from convert.search.plan import Plan
from convert.search.space import Choices

BEST, TABLE, HISTORY, IMPORTANCE = "best.toml", "trials.csv", "history.png", "importance.png"
"""Names of the files."""
LEAST = 4
"""Finished and pruned trials without which nothing is said of importance."""
BETTER = 0.25
"""Share of the trials that count as the better ones. Optuna's tenth is two trials of twenty, which are chance: a search
whose score depends on the learning rate alone gave it 67 % of the importance with them, and 93 % with a quarter."""
STATES = {
    TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed",
    TrialState.RUNNING: "not finished", TrialState.WAITING: "not finished",
}  # fmt: skip


def write(plan: Plan, journal: Journal) -> str:
    """Write the files into the folder of the search; returns the report as text. Raises SearchError where no trial is
    finished, OSError."""
    trials = journal.trials
    finished = [each for each in trials if each.state == TrialState.COMPLETE]
    if not finished:
        raise SearchError(f"{plan.folder}: {_why_none(trials)}")
    best = journal.study.best_trial
    importance = importances(trials)
    files = {TABLE: _table(plan, trials), BEST: best_recipe(plan, best).encode(), HISTORY: _history(trials)}
    if importance:
        files[IMPORTANCE] = _importance(importance)
    write_atomically({plan.folder / name: content for name, content in files.items()})
    return _text(plan, trials, best, importance)


def _why_none(trials: list[FrozenTrial]) -> str:
    failed = [each for each in trials if each.state == TrialState.FAIL]
    if failed and len(failed) == len(trials):
        what = f"all {len(failed)} trials failed" if len(failed) > 1 else "the one trial failed"
        return f"{what}; trial {failed[0].number}: {failed[0].user_attrs.get('reason', 'no reason is known')}"
    return f"no trial is finished ({_counts(trials)}); the same command without --report goes on"


def _counts(trials: list[FrozenTrial]) -> str:
    names = [STATES[each.state] for each in trials]
    return (
        ", ".join(f"{names.count(name)} {name}" for name in dict.fromkeys(STATES.values()) if name in names) or "none"
    )


def values_of(plan: Plan, trial: FrozenTrial) -> dict[str, Any]:
    """The values that a trial had in its recipe, by dotted key. (Lists are kept as texts.)"""
    return {
        key: json.loads(trial.params[key]) if isinstance(entry, Choices) else entry.rounded(trial.params[key])
        for key, entry in plan.space.items()
        if key in trial.params
    }


def best_recipe(plan: Plan, best: FrozenTrial) -> str:
    """The recipe of the best trial, as text; it trains as long as the recipe that was searched."""
    shorter = f", trained for {plan.epochs} epochs" if plan.epochs else ""
    heading = f"# Trial {best.number} of a search{shorter}: score {best.value:.4f} on PublicTest.\n"
    return heading + plan.trial_recipe(values_of(plan, best), "-best")


def importances(trials: list[FrozenTrial]) -> dict[str, float]:
    """The share of each setting in what tells the better trials from the others (PED-ANOVA), largest first; empty for
    few trials.

    Pruned trials take part with the best score that they reached: the finished ones are a selection, in which the
    setting that matters most hardly varies any more.
    """
    scored = [(each, score) for each in trials if (score := _reached(each)) is not None]
    if len(scored) < LEAST or len({score for _, score in scored}) < 2:
        return {}
    study = optuna.create_study(direction="maximize")
    for each, score in scored:
        made = optuna.trial.create_trial(params=each.params, distributions=each.distributions, value=score)
        study.add_trial(made)
    from optuna.importance import (
        PedAnovaImportanceEvaluator,
        get_param_importances,
    )  # brings scikit-learn, if installed

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = PedAnovaImportanceEvaluator(target_quantile=BETTER)
        return dict(get_param_importances(study, evaluator=evaluator))


def _reached(trial: FrozenTrial) -> float | None:
    """The score of a finished trial, the best one of a pruned trial's epochs; None for others."""
    if trial.state == TrialState.PRUNED:
        return max(trial.intermediate_values.values(), default=None)
    return trial.value


def _table(plan: Plan, trials: list[FrozenTrial]) -> bytes:
    """A row for each trial."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["trial", "state", "score", "deviation", "epochs", *plan.space, "reason"])
    for each in trials:
        values = values_of(plan, each)
        about = each.user_attrs
        writer.writerow(
            [
                each.number,
                STATES[each.state],
                "" if each.value is None else f"{each.value:.6f}",
                about.get("deviation", ""),
                len(each.intermediate_values),
                *(values.get(key, "") for key in plan.space),
                about.get("reason", ""),
            ]
        )
    return text.getvalue().encode()


def _history(trials: list[FrozenTrial]) -> bytes:
    """The score of each finished trial, the best so far, and where the pruned ones were given up."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.subplots()
    finished = [
        (each.number, float(each.value))
        for each in trials
        if each.state == TrialState.COMPLETE and each.value is not None
    ]
    pruned = [
        (each.number, max(each.intermediate_values.values()))
        for each in trials
        if each.state == TrialState.PRUNED and each.intermediate_values
    ]
    numbers = [number for number, _ in finished]
    best: list[float] = []
    for _, value in finished:
        best.append(max([value, *best[-1:]]))
    axes.step(numbers, best, where="post", color="tab:gray", label="best so far")
    axes.plot(numbers, [value for _, value in finished], "o", label="finished")
    if pruned:
        axes.plot(*zip(*pruned, strict=True), "x", label="pruned: best until then")
    axes.set(xlabel="trial", ylabel="score on PublicTest")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figures.encoded(figure)


def _importance(importance: dict[str, float]) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1 + 0.35 * len(importance)), layout="constrained")
    axes = figure.subplots()
    names = list(importance)[::-1]
    axes.barh(names, [100 * importance[name] for name in names])
    axes.set(xlabel="share of the difference in score, %")
    return figures.encoded(figure)


def _next(plan: Plan) -> str:
    """The training of the best settings, with what the trials were given."""
    return shlex.join(["emotion-convert", "train", "--recipe", str(plan.folder / BEST), *plan.options])


def _text(plan: Plan, trials: list[FrozenTrial], best: FrozenTrial, importance: dict[str, float]) -> str:
    shares = ", ".join(f"{name} {value:.2%}" for name, value in best.user_attrs.get("public_test", {}).items())
    deviation = best.user_attrs.get("deviation")
    spread = f" ± {deviation:.4f} of {len(plan.seeds)} seeds" if deviation is not None else ""
    lines = [
        f"{plan.folder}: {len(trials)} trial{'s' * (len(trials) != 1)}: {_counts(trials)}",
        f"best: trial {best.number}, PublicTest: {shares} (score {best.value:.4f}{spread})",
        *(f"  {key} = {value}" for key, value in values_of(plan, best).items()),
    ]
    if importance:
        lines.append("importance: " + ", ".join(f"{key} {share:.0%}" for key, share in importance.items()))
    files = [TABLE, HISTORY, *([IMPORTANCE] if importance else [])]
    lines += [f"written: {', '.join(files)}", f"next: {_next(plan)}"]
    return "\n".join(lines)
