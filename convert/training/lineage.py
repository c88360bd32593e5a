"""Lineage: which run a training starts from and which runs teach it, as the recipe file says. Needs no Keras.

    [start]
    recipe = "emotion-cnn-dense"           # or: run = "../runs/another", a run folder beside the recipe file

    [teachers]
    recipes = ["emotion-cnn-mirrored"]     # and/or: runs = ["../runs/another"]
    soft_labels = "emotion-teachers.npz"   # instead: a file of soft labels, beside the recipe file

A recipe stands for the run folder of that name beside the new run's folder (`runs/NAME`); `train --from` and
`--teacher` name other run folders in their place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run, RunError


@dataclass(frozen=True)
class Start:
    """[start]: the run whose best weights a training starts with; without a key it starts with random weights."""

    recipe: str = ""
    """Name of the recipe of that run."""
    run: str = ""
    """Path of that run's folder, from the recipe file; in place of `recipe`."""


@dataclass(frozen=True)
class Teachers:
    """[teachers]: the runs that a network is distilled from."""

    recipes: tuple[str, ...] = ()
    """Names of the recipes of the runs that are asked about each picture as it is shown."""
    runs: tuple[str, ...] = ()
    """Paths of such runs' folders, from the recipe file."""
    soft_labels: str = ""
    """Path of a file of soft labels (`emotion-convert soft-labels`), from the recipe file; instead of runs."""


def check(recipe_file: Path, start: Start, teachers: Teachers = Teachers()) -> None:
    """Refuse a lineage that says two things at once. Raises RecipeError."""
    if start.recipe and start.run:
        raise RecipeError(f"{recipe_file}: [start] names a recipe and a run; one of them is enough")
    if teachers.soft_labels and (teachers.recipes or teachers.runs):
        raise RecipeError(f"{recipe_file}: [teachers] names runs and a file of soft labels; set one of them")


def start_run(recipe_file: Path, start: Start, runs: Path, named: Path | None = None) -> Run | None:
    """The run that a training starts from, None for random weights. runs: the folder of the run folders. named: a run
    folder from the command line. Raises RunError where there is no such run."""
    if named is not None:
        return Run(named)
    if start.recipe:
        return _run_of(recipe_file, start.recipe, runs, "--from")
    return Run(recipe_file.parent / start.run) if start.run else None


def teacher_runs(recipe_file: Path, teachers: Teachers, runs: Path, named: Sequence[Path] = ()) -> list[Run]:
    """The runs that are asked as a network trains, those of recipes first; arguments as in `start_run`. Raises RunError
    where one is missing."""
    if named:
        return [Run(each) for each in named]
    asked = [_run_of(recipe_file, name, runs, "--teacher") for name in teachers.recipes]
    return [*asked, *(Run(recipe_file.parent / each) for each in teachers.runs)]


def _run_of(recipe_file: Path, name: str, runs: Path, option: str) -> Run:
    run = Run(runs / name)
    if not run.recipe_file.is_file():
        raise RunError(f"{recipe_file}: needs a run of {name}, and {run.path} is none; train it, or give {option} DIR")
    if (held := run.environment().get("recipe", name)) != name:
        raise RunError(f"{run.path}: is a run of {held}, not of {name}; name the right one with {option} DIR")
    return run
