"""Commands that make an expression model: the lineage of recipes, the printed next steps, the examples of the help."""

import argparse
import json
import shlex
from pathlib import Path

import pytest

from convert import training_commands
from convert.cli import EXAMPLES, main, make_parser
from convert.expression import commands
from convert.expression import recipe as recipes
from convert.training.recipe_file import find_recipe
from convert.training.run_folder import Run

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "models" / "recipes"
CARDS = sorted((ROOT / "models").glob("**/emotion-*.json"))


EXPRESSIONS = sorted(RECIPES.glob("emotion-*.toml"))


@pytest.mark.parametrize("file", EXPRESSIONS, ids=lambda file: file.stem)
def test_the_lineage_of_a_shipped_recipe_names_shipped_recipes(file: Path) -> None:
    recipe = recipes.read(file)
    named = [recipe.start.recipe, *recipe.teachers.recipes] if recipe.start.recipe else list(recipe.teachers.recipes)
    assert all((RECIPES / f"{each}.toml").is_file() for each in named)
    assert file.stem not in named
    has_start = any(word in file.stem for word in ("-second", "-refine", "-consistent", "-aware", "-distilled"))
    assert has_start <= bool(recipe.start.recipe)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.parent.name}/{card.stem}")
def test_the_lineage_of_a_recipe_is_that_in_the_card_of_the_shipped_model(card: Path) -> None:
    about = json.loads(card.read_text("utf-8"))
    recipe = recipes.read(RECIPES / f"{about['recipe']['name']}.toml")
    assert about["training"]["start"]["recipe"] == recipe.start.recipe
    assert [each["recipe"] for each in about["training"]["teachers"]["teachers"]] == list(recipe.teachers.recipes)


def test_the_help_of_train_explains_where_the_runs_of_a_lineage_are_expected(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert training_commands.LINEAGE in capsys.readouterr().out


def test_a_recipe_that_starts_from_a_run_is_refused_without_that_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMOTION_DATA", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    file, run = RECIPES / "emotion-small-second.toml", tmp_path / "new"
    arguments = ["train", "--recipe", str(file), "--run", str(run)]
    message = (
        f"{file}: needs a run of emotion-small, and {tmp_path / 'emotion-small'} is none; train it, or give --from DIR"
    )
    assert main(arguments) == 1
    assert capsys.readouterr().err == f"emotion-convert: {message}\n"
    assert main([*arguments, "--from", str(tmp_path)]) == 1
    assert "no data; give FER-2013" in capsys.readouterr().err
    assert main(["train", "--recipe", str(RECIPES / "emotion-small.toml")]) == 1
    assert "no data; give FER-2013" in capsys.readouterr().err
    assert not run.exists()


@pytest.mark.parametrize("has_votes", [True, False], ids=["votes", "no votes"])
def test_the_printed_next_steps_are_valid_commands(has_votes: bool) -> None:
    options = argparse.Namespace(data=Path("my data"), skip_unreadable=False)
    steps = commands.next_steps(options, Run(Path("runs/of mine")), "tiny", has_votes)
    read = [make_parser().parse_args(shlex.split(step)[1:]) for step in steps]
    *quantized, calibrated = read
    assert [each.head for each in quantized] == (["ferplus", "fer2013"] if has_votes else ["fer2013"])
    assert {each.run for each in quantized} == {Path("runs/of mine")}
    assert {each.data for each in read} == {Path("my data")}
    assert calibrated.models == [str(each.model) for each in quantized]
    assert calibrated.models[-1] == "runs/of mine/challenge/tiny-int8.tflite", "nothing shipped is overwritten"


def test_the_examples_of_the_help_are_valid_commands_and_make_both_heads() -> None:
    lines = [
        line.partition(" > ")[0].split()[1:] for line in EXAMPLES.splitlines() if line.startswith("  emotion-convert")
    ]
    read = [make_parser().parse_args(line) for line in lines]
    made = [str(each.model) for line, each in zip(lines, read, strict=True) if line[0] == "quantize"]
    assert made == ["runs/mine/emotion-small-int8.tflite", "runs/mine/challenge/emotion-small-int8.tflite"]
    assert next(each for line, each in zip(lines, read, strict=True) if line[0] == "calibrate").models == made


def test_recipes_are_listed_and_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipe"]) == 0
    assert capsys.readouterr().out.split() == sorted(file.stem for file in RECIPES.glob("*.toml"))
    assert main(["recipe", "emotion-small"]) == 0
    assert capsys.readouterr().out == (RECIPES / "emotion-small.toml").read_text("utf-8")


def test_a_recipe_is_named_without_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_recipe("emotion-small").samefile(RECIPES / "emotion-small.toml")
    assert find_recipe("mine.toml") == Path("mine.toml")
    assert find_recipe("recipes/mine") == Path("recipes/mine")


@pytest.mark.parametrize("command", [["recipe"], ["train", "--recipe"]])
def test_an_unknown_recipe_is_one_line_with_the_nearest_name(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "emotion-smal"]) == 1
    wanted = (
        "no shipped recipe is called 'emotion-smal'; did you mean emotion-small? (a file of your own ends in .toml)"
    )
    assert capsys.readouterr().err == f"emotion-convert: {wanted}\n"


@pytest.mark.parametrize("command", [["quantize", "run"], ["train-occlusion"]])
def test_a_shipped_model_is_replaced_only_by_force(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    model = Path(__file__).parents[3] / "models/emotion-small-int8.tflite"
    before = model.read_bytes()
    assert main([*command, str(model)]) == 1
    assert "is a shipped model; name a file in the run's folder, or add --force" in capsys.readouterr().err
    assert model.read_bytes() == before
