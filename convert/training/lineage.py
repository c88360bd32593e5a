"""Lineage of a run: the run it starts from and the runs it is distilled from, as named in its recipe. Needs no Keras.

    [start]
    recipe = "emotion-cnn-dense"           # or: run = "../runs/another", a run folder beside the recipe file

    [teachers]
    recipes = ["emotion-cnn-mirrored"]     # and/or: runs = ["../runs/another"]
    soft_labels = "emotion-teachers.npz"   # instead: a file of soft labels, beside the recipe file

The name of a recipe stands for the run folder of that name beside the new run's folder (`runs/NAME`). `train --from`
and `--teacher` name other run folders and take precedence over the recipe.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run, RunError


@dataclass(frozen=True)
class Start:
    """[start]: the run whose best weights a training is initialized with; random weights if no key is set."""

    recipe: str = ""
    """Name of that run's recipe."""
    run: str = ""
    """Path of that run's folder, relative to the recipe file; instead of `recipe`."""


@dataclass(frozen=True)
class Teachers:
    """[teachers]: the runs that a network is distilled from."""

    recipes: tuple[str, ...] = ()
    """Recipe names of the runs that predict on every training batch (online distillation)."""
    runs: tuple[str, ...] = ()
    """Paths of further run folders for the same purpose, relative to the recipe file."""
    soft_labels: str = ""
    """Path of a file of soft labels (`emotion-convert soft-labels`), relative to the recipe file; instead of runs."""


def check(recipe_file: Path, start: Start, teachers: Teachers = Teachers()) -> None:
    """Raises RecipeError where two keys that exclude each other are set."""
    if start.recipe and start.run:
        raise RecipeError(f"{recipe_file}: [start] names a recipe and a run; one of them is enough")
    if teachers.soft_labels and (teachers.recipes or teachers.runs):
        raise RecipeError(f"{recipe_file}: [teachers] names runs and a file of soft labels; set one of them")


def start_run(recipe_file: Path, start: Start, runs: Path, named: Path | None = None) -> Run | None:
    """The run that a training starts from, None for random weights.

    runs: the folder that holds the run folders. named: a run folder from the command line, which takes precedence.
    Raises RunError where the run is missing.
    """
    if named is not None:
        return Run(named)
    if start.recipe:
        return _run_of(recipe_file, start.recipe, runs, "--from")
    return Run(recipe_file.parent / start.run) if start.run else None


def teacher_runs(recipe_file: Path, teachers: Teachers, runs: Path, named: Sequence[Path] = ()) -> list[Run]:
    """The runs that predict on every batch of a training, those named by recipe first.

    Arguments as in `start_run`. Raises RunError where one is missing.
    """
    if named:
        return [Run(each) for each in named]
    by_recipe = [_run_of(recipe_file, name, runs, "--teacher") for name in teachers.recipes]
    return [*by_recipe, *(Run(recipe_file.parent / each) for each in teachers.runs)]


def _run_of(recipe_file: Path, name: str, runs: Path, option: str) -> Run:
    """The run of the recipe called `name`. option: the command line option that would name another, for the error."""
    run = Run(runs / name)
    if not run.recipe_file.is_file():
        raise RunError(f"{recipe_file}: needs a run of {name}, and {run.path} is none; train it, or give {option} DIR")
    if (actual := run.environment().get("recipe", name)) != name:
        raise RunError(f"{run.path}: is a run of {actual}, not of {name}; name the right one with {option} DIR")
    return run
