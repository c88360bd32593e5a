"""Lineage: the runs that a recipe names are found, and an invalid lineage is refused."""

import json
from pathlib import Path

import pytest

from convert.expression import recipe as recipes
from convert.training import lineage
from convert.training.lineage import Start, Teachers
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run, RunError
from tests.support import drawn_faces

FILE = Path("recipes/new.toml")


def _run(runs: Path, folder: str, recipe: str) -> Run:
    run = Run(runs / folder)
    run.path.mkdir()
    run.recipe_file.write_text(drawn_faces.TINY_RECIPE)
    (run.path / "environment.json").write_text(json.dumps({"recipe": recipe}))
    return run


def test_a_recipe_stands_for_the_run_folder_of_its_name(tmp_path: Path) -> None:
    first, second = _run(tmp_path, "first", "first"), _run(tmp_path, "second", "second")
    assert lineage.start_run(FILE, Start(recipe="first"), tmp_path) == first
    assert lineage.teacher_runs(FILE, Teachers(recipes=("second", "first")), tmp_path) == [second, first]


def test_a_run_is_named_by_its_path_relative_to_the_recipe_file() -> None:
    assert lineage.start_run(FILE, Start(run="../runs/a"), Path("runs")) == Run(Path("recipes/../runs/a"))
    assert lineage.teacher_runs(FILE, Teachers(runs=("b",)), Path("runs")) == [Run(Path("recipes/b"))]


def test_without_a_lineage_there_are_neither_start_nor_teachers(tmp_path: Path) -> None:
    assert lineage.start_run(FILE, Start(), tmp_path) is None
    assert lineage.teacher_runs(FILE, Teachers(), tmp_path) == []


def test_runs_on_the_command_line_take_precedence(tmp_path: Path) -> None:
    other = tmp_path / "other"
    assert lineage.start_run(FILE, Start(recipe="gone"), tmp_path, other) == Run(other)
    assert lineage.teacher_runs(FILE, Teachers(recipes=("gone",)), tmp_path, [other]) == [Run(other)]


def test_a_missing_run_and_a_run_of_another_recipe_are_errors(tmp_path: Path) -> None:
    _run(tmp_path, "first", "another")
    with pytest.raises(RunError, match="needs a run of gone, and .*gone is none; train it, or give --teacher DIR"):
        lineage.teacher_runs(FILE, Teachers(recipes=("gone",)), tmp_path)
    with pytest.raises(RunError, match="first: is a run of another, not of first; name the right one with --from DIR"):
        lineage.start_run(FILE, Start(recipe="first"), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[start]\nrecipe = "a"\nrun = "b"\n', r"\[start\] names a recipe and a run"),
        ("[start]\nrecipe = 3\n", "start.recipe is 3; expected a text"),
        ('[start]\nfrom = "a"\n', "unknown key 'from'; known: recipe, run"),
        ('[teachers]\nrecipes = "a"\n', "teachers.recipes is 'a'; expected a list of texts"),
        ("[teachers]\nruns = [1]\n", r"teachers.runs is \[1\]; expected a list of texts"),
        ('[teachers]\nrecipes = ["a"]\n', "runs are asked with distillation.online alone; set it, or name no runs"),
        (
            '[teachers]\nrecipes = ["a"]\nsoft_labels = "b.npz"\n',
            r"\[teachers\] names runs and a file of soft labels; set one of them",
        ),
    ],
)
def test_an_invalid_lineage_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "tiny.toml").write_text(drawn_faces.TINY_RECIPE + text)
    with pytest.raises(RecipeError, match=message):
        recipes.read(tmp_path / "tiny.toml")


def test_a_lineage_is_read_from_the_recipe(tmp_path: Path) -> None:
    text = '[start]\nrecipe = "a"\n[teachers]\nrecipes = ["b", "c"]\n[distillation]\nonline = true\n'
    (tmp_path / "tiny.toml").write_text(drawn_faces.TINY_RECIPE + text)
    recipe = recipes.read(tmp_path / "tiny.toml")
    assert (recipe.start, recipe.teachers) == (Start("a"), Teachers(("b", "c")))
    assert recipe.is_distilled
