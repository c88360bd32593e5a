"""What the commands that make a model say of the way: which runs a recipe goes on with, and what comes next."""

import argparse
import json
import shlex
from pathlib import Path

import pytest

from convert.cli import EXAMPLES, main, make_parser
from convert.expression import commands
from convert.training.run_folder import Run

ROOT = Path(__file__).parents[3]
RECIPES = ROOT / "models" / "recipes"
CARDS = sorted((ROOT / "models").glob("**/emotion-*.json"))


def test_every_shipped_recipe_that_goes_on_with_a_run_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    for name, (start, asked) in commands.CHAIN.items():
        lines = [f"  {name}", "      " + " ".join([f"--from {start}", *(f"--teacher {each}" for each in asked)])]
        assert "\n".join(lines) in told
        assert all((RECIPES / f"{each}.toml").is_file() for each in (name, start, *asked))
    for file in RECIPES.glob("*.toml"):
        goes_on = any(word in file.stem for word in ("-second", "-refine", "-consistent", "-aware", "-distilled"))
        assert goes_on <= (file.stem in commands.CHAIN), file.stem


@pytest.mark.parametrize("card", CARDS, ids=lambda card: f"{card.parent.name}/{card.stem}")
def test_the_help_tells_how_what_ships_was_made(card: Path) -> None:
    about = json.loads(card.read_text("utf-8"))
    start, asked = commands.CHAIN[about["recipe"]["name"]]
    assert about["training"]["begun_with"]["recipe"] == start
    assert [each["recipe"] for each in about["training"]["teachers"]["teachers"]] == list(asked)


def test_a_recipe_that_goes_on_says_so_where_it_is_given_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMOTION_DATA", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    arguments = ["train", "--recipe", str(RECIPES / "emotion-small-second.toml")]
    note = "emotion-small-second goes on with a run of emotion-small; without --from it begins with random weights\n"
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith(f"emotion-convert: {note}")
    assert main([*arguments, "--from", str(tmp_path)]) == 1
    assert "random weights" not in capsys.readouterr().err
    assert main(["train", "--recipe", str(RECIPES / "emotion-small.toml")]) == 1
    assert "random weights" not in capsys.readouterr().err


@pytest.mark.parametrize("with_votes", [True, False], ids=["votes", "no votes"])
def test_what_comes_next_can_be_typed_as_it_stands(with_votes: bool) -> None:
    options = argparse.Namespace(data=Path("my data"))
    steps = commands._steps(options, Run(Path("runs/of mine")), "tiny", with_votes)
    read = [make_parser().parse_args(shlex.split(step)[1:]) for step in steps]
    *quantized, settled = read
    assert [each.head for each in quantized] == (["ferplus", "fer2013"] if with_votes else ["fer2013"])
    assert {each.run for each in quantized} == {Path("runs/of mine")}
    assert {each.data for each in read} == {Path("my data")}
    assert settled.models == [str(each.model) for each in quantized]
    assert settled.models[-1] == "models/challenge/tiny-int8.tflite"


def test_the_examples_of_the_help_are_commands_and_make_both_heads() -> None:
    lines = [line.split()[1:] for line in EXAMPLES.splitlines() if line.startswith("  emotion-convert")]
    read = [make_parser().parse_args(line) for line in lines]
    made = [str(each.model) for line, each in zip(lines, read, strict=True) if line[0] == "quantize"]
    assert made == ["models/emotion-cnn-int8.tflite", "models/challenge/emotion-cnn-int8.tflite"]
    assert next(each for line, each in zip(lines, read, strict=True) if line[0] == "settle").models == made
