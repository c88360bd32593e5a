"""Recipes trained at equal cost, each in a run folder of its own; stopped trainings go on.

A timing run is a training of its own in a temporary folder, of few steps in each part of the schedule, so that a step
on small pictures, and one of the heads alone, have the shares in the mean that they will have.
"""

import tempfile
from pathlib import Path

from assistant.vision.inference.runtime import quiet_stderr
from convert.comparison import plan as plans
from convert.comparison.plan import Cost, Plan
from convert.data import fer2013
from convert.expression import recipe as recipes
from convert.expression.recipe import Recipe
from convert.training import lineage
from convert.training.limits import Limits, is_spent
from convert.training.run_folder import Run, RunError

TIMING_RUNS = ((4, 3), (10, 20))
"""Epochs and steps of each of the timing runs: the first is short, since a step of a large network takes a minute."""
LONGEST_TIMING_S = 60.0
"""CPU seconds: there is no second timing run where its steps would take longer."""
EVALUATED = 512
"""Pictures on which a timing run is evaluated; the cost of the evaluation is in proportion."""


class Candidate:
    """A recipe that is to be trained in the folder of its name."""

    def __init__(self, recipe_file: Path, runs: Path) -> None:
        """Raises RecipeError, also for the recipe of a face detector; RunError where another run that it needs, as
        start or teacher, is missing."""
        self.file, self.recipe = recipe_file, recipes.read(recipe_file)
        self.run = Run(runs / self.recipe.name)
        self.start = lineage.start_run(recipe_file, self.recipe.start, runs)
        self.teachers = lineage.teacher_runs(recipe_file, self.recipe.teachers, runs)
        recipes.check_teachers(recipe_file, self.recipe, bool(self.teachers))

    def plan(self, data: Path, core_hours: float, *, skip_unreadable: bool = False) -> Plan:
        """The plan of its run, measured and written where there is none yet. Raises RunError where the folder holds a
        run without a plan, DatasetError or RecipeError."""
        if (held := plans.read(self.run.path, core_hours)) is not None:
            return held
        if self.run.recipe_file.is_file():
            raise RunError(
                f"{self.run.path}: holds a run that was not trained by `compare`; name the folder to compare it as it "
                "is, or choose another --runs folder"
            )
        made = plans.plan(self.recipe.name, core_hours, self._cost(data, skip_unreadable=skip_unreadable))
        plans.write(self.run.path, made)
        return made

    def train(self, data: Path, plan: Plan, *, skip_unreadable: bool = False) -> Run:
        """Train by a plan, or go on; returns the run. Raises DatasetError, RecipeError or RunError."""
        limits = Limits(steps=plan.steps, cpu_s=plan.cpu_s)
        rows = self.run.history()
        if rows and (len(rows) >= plan.epochs or is_spent(self.run, limits)):
            return self.run
        return self._train(data, self.run.path, plan.epochs, limits, skip_unreadable=skip_unreadable)

    def _train(self, data: Path, folder: Path, epochs: int, limits: Limits, *, skip_unreadable: bool) -> Run:
        with quiet_stderr():
            import keras

            from convert.expression.train import train
        try:
            return train(
                self.recipe, self.file, data, folder,
                epochs=epochs, start=self.start, teachers=self.teachers, limits=limits, skip_unreadable=skip_unreadable,
            )  # fmt: skip
        finally:
            keras.utils.clear_session(free_memory=True)

    def _cost(self, data: Path, *, skip_unreadable: bool) -> Cost:
        total = len(fer2013.load(data, skip_unreadable=skip_unreadable).of("PublicTest"))
        cost, timing_s = None, 0.0
        for epochs, steps in TIMING_RUNS:
            if cost is not None and epochs * steps * cost.step_s > LONGEST_TIMING_S:
                break
            with tempfile.TemporaryDirectory() as folder:
                print(f"{self.recipe.name}: a timing run of {epochs} times {steps} steps, for their cost", flush=True)
                limits = Limits(steps=steps, evaluated=EVALUATED)
                run = self._train(data, Path(folder) / "timing", epochs, limits, skip_unreadable=skip_unreadable)
                timing_s += sum(row["cpu_seconds"] for row in run.history())
                cost = cost_of(run, total, timing_s)
        assert cost is not None
        return cost


def cost_of(run: Run, evaluated: int, timing_s: float) -> Cost:
    """What the timing run in a run folder says of the cost. evaluated: number of the evaluation pictures. timing_s: CPU
    seconds of all timing runs."""
    rows, facts = run.history(), run.environment()
    step_s = sum(row["step_cpu_ms"] for row in rows) / len(rows) / 1000
    last, steps = rows[-1], min(int(facts["steps_per_epoch"]), int(facts["set_steps"]))
    rest = max(0.0, last["cpu_seconds"] - steps * last["step_cpu_ms"] / 1000)
    return Cost(step_s, rest * max(1.0, evaluated / EVALUATED), int(facts["set_steps"]), round(timing_s, 1))


def train_all(
    candidates: list[Candidate], data: Path, core_hours: float, *, skip_unreadable: bool = False
) -> list[tuple[Candidate, Plan]]:
    """Train recipes one after another; their plans are made first, so that a recipe that cannot be trained is told
    before the hours of the others. Raises DatasetError, RecipeError or RunError."""
    planned = [(each, each.plan(data, core_hours, skip_unreadable=skip_unreadable)) for each in candidates]
    for each, plan in planned:
        if not each.run.history():
            print(described(each.recipe, plan), flush=True)
    for each, plan in planned:
        each.train(data, plan, skip_unreadable=skip_unreadable)
    return planned


def described(recipe: Recipe, plan: Plan) -> str:
    """A plan in one line."""
    return (
        f"{recipe.name}: {plan.core_hours:g} core hours are {plan.epochs} epochs of {plan.steps} steps, "
        f"{plan.passes:.3g} passes over the pictures ({1000 * plan.cost.step_s:.0f} ms a step, "
        f"{plan.cost.evaluation_s:.0f} s an evaluation)"
    )
