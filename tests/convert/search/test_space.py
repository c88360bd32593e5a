"""The space of a search: read, checked by the recipe's own checks, and the one that needs no file."""

import tomllib
from pathlib import Path

import pytest

pytest.importorskip("tomlkit", reason="tomlkit is not installed: pip install -e .[search]")

from convert.search import default_space, recipe_text, space
from convert.search.job import SearchError
from convert.search.space import Choices, Range
from convert.training.recipe_file import RECIPES, find_recipe

SMALL = RECIPES / "emotion-small.toml"
TEXT = SMALL.read_text("utf-8")


def read(tmp_path: Path, text: str) -> space.Space:
    file = tmp_path / "space.toml"
    file.write_text(text, "utf-8")
    return space.read(file, TEXT, SMALL)


def test_numbers_whole_numbers_and_lists_are_told_apart(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        """[search]
"schedule.learning_rate" = { low = 0.01, high = 0.5, log = true }
"schedule.batch_size" = { low = 32, high = 128, step = 32 }
"augment.erase_probability" = { low = 0, high = 1 }
"network.widths" = { choices = [[8, 16, 32, 64], [16, 32, 64, 128]] }
"augment.horizontal_flip" = { choices = [true, false] }
""",
    )
    assert found == {
        "schedule.learning_rate": Range(0.01, 0.5, log=True),
        "schedule.batch_size": Range(32, 128, step=32, is_whole=True),
        "augment.erase_probability": Range(0.0, 1.0),
        "network.widths": Choices(([8, 16, 32, 64], [16, 32, 64, 128])),
        "augment.horizontal_flip": Choices((True, False)),
    }


def test_tables_within_tables_are_the_same(tmp_path: Path) -> None:
    found = read(
        tmp_path, "[search.schedule]\nlearning_rate = { low = 0.01, high = 0.5 }\nmomentum = {low=0.5,high=0.9}\n"
    )
    assert list(found) == ["schedule.learning_rate", "schedule.momentum"]


def test_a_space_written_is_the_space_read(tmp_path: Path) -> None:
    kept = {
        "schedule.learning_rate": Range(0.01, 0.5, log=True),
        "schedule.batch_size": Range(32, 128, step=32, is_whole=True),
        "network.widths": Choices(([8, 16, 32, 64], [16, 32, 64, 128])),
    }
    assert read(tmp_path, space.as_toml(kept)) == kept


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('"schedule.learning_rate" = 0.1', "expected { low = …, high = … } or { choices"),
        ('"schedule.learning_rate" = { low = 0.1 }', "high is None; expected a number"),
        ('"schedule.learning_rate" = { low = 0.1, high = nan }', "high is nan; expected a number"),
        ('"schedule.learning_rate" = { low = true, high = 1 }', "low is True; expected a number"),
        ('"schedule.learning_rate" = { low = 0.5, high = 0.1 }', "low must be less"),
        ('"schedule.learning_rate" = { low = 0, high = 0.1, log = true }', "it must be more than 0"),
        ('"schedule.learning_rate" = { low = 0.1, high = 0.2, log = 1 }', "expected true or false"),
        (
            '"schedule.learning_rate" = { low = 0.1, high = 0.2, step = 0.3 }',
            "step must be more than 0, 0.1 at the most",
        ),
        ('"schedule.learning_rate" = { low = 0.1, hihg = 0.2 }', "unknown key 'hihg'.*did you mean high"),
        ('"schedule.batch_size" = { choices = [32, 32] }', "two different values or more"),
        ('"schedule.batch_size" = { choices = [32, 64], low = 1 }', "with no other key"),
        (
            '"schedule.learning_rat" = { low = 0.1, high = 0.2 }',
            "is refused: .*unknown key 'learning_rat'.*learning_rate",
        ),
        ('"augment.erase_probability" = { low = 0.0, high = 1.5 }', "1.5 is refused: .*expected 1 at the most"),
        ('"network.kind" = { choices = ["plain", "plane"] }', "'plane' is refused"),
        ('"schedule.batch_size" = { low = 1.5, high = 8.5 }', "1.5 is refused: .*expected a whole number"),
        ('"name" = { choices = ["a", "b"] }', "each trial has a name of its own"),
        ('"seed" = { low = 1, high = 9 }', "cannot be searched; .*--seeds"),
        ('"seed.x" = { low = 1, high = 2 }', "no setting of a recipe"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path: Path, entry: str, message: str) -> None:
    with pytest.raises(SearchError, match=rf"space\.toml: search\..*{message}") as raised:
        read(tmp_path, f"[search]\n{entry}\n")
    assert len(str(raised.value).splitlines()) == 1


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=r"space\.toml: cannot read this space: Expected '='"):
        read(tmp_path, "[search]\nlow\n")


@pytest.mark.parametrize("text", ["", "[search]\n", "search = 1\n"])
def test_a_space_of_nothing(tmp_path: Path, text: str) -> None:
    with pytest.raises(SearchError, match="names nothing to search"):
        read(tmp_path, text)


@pytest.mark.parametrize("name", ["emotion-small", "emotion-cnn-refine", "ancestor-vgg16", "face-detector"])
def test_a_recipe_of_each_kind_has_a_space_of_its_own(name: str) -> None:
    file = find_recipe(name)
    recipe = recipe_text.read(file)
    found = default_space.of(recipe, file.read_text("utf-8"), file)
    assert ("fine_tuning.learning_rate" in found) == (name == "ancestor-vgg16")
    assert {"schedule.learning_rate", "schedule.weight_decay"} <= set(found)
    assert ("network.widths" in found) == ("widths" in recipe.network and not (recipe.start.recipe or recipe.start.run))
    for key, entry in found.items():
        space.check(entry, key, file.read_text("utf-8"), file, "")


def test_values_replace_those_of_a_recipe_and_leave_its_comments() -> None:
    text = recipe_text.replaced(TEXT, {"name": "other", "schedule.learning_rate": 0.25, "distillation.weight": 0.5})
    changed, before = tomllib.loads(text), tomllib.loads(TEXT)
    assert changed["name"] == "other"
    assert changed["schedule"] == before["schedule"] | {"learning_rate": 0.25}
    assert changed["distillation"]["weight"] == 0.5
    assert text.splitlines()[0] == TEXT.splitlines()[0]


def test_a_recipe_that_moves_keeps_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    file = tmp_path / "mine/mine.toml"
    text = recipe_text.replaced((RECIPES / "ancestor-vgg16.toml").read_text("utf-8"), {"network.weights": "vgg.h5"})
    file.write_text(text)
    assert tomllib.loads(recipe_text.movable(file, "moved"))["network"]["weights"] == str(tmp_path / "mine/vgg.h5")
    file.write_text(f'{TEXT}\n[start]\nrun = "../begun"\n[teachers]\nsoft_labels = "soft.npz"\n')
    moved = tomllib.loads(recipe_text.movable(file, "moved"))
    assert moved["name"] == "moved"
    assert moved["start"]["run"] == str(tmp_path / "begun")
    assert moved["teachers"]["soft_labels"] == str(tmp_path / "mine/soft.npz")
