"""What `compare` is given is found, or told in one line; and what each says of its origin."""

from pathlib import Path
from typing import Any

import pytest

from assistant.errors import AssistantError
from convert.cli import main
from convert.comparison import sources
from convert.comparison.sources import KERAS, RECIPE, REPORT, RUN, TFLITE
from convert.expression.evaluation import predictor
from convert.training.recipe_file import RECIPES
from tests.support import drawn_faces
from tests.support.drawn_faces import TINY_RECIPE


def _run(folder: Path, **facts: Any) -> Path:
    import json

    folder.mkdir()
    (folder / "environment.json").write_text(json.dumps({"recipe": "tiny", "epochs": 2} | facts))
    (folder / "recipe.toml").write_text(f'note = "ancestor: some/project, 60 % published"\n{TINY_RECIPE}')
    head = "epoch,loss,fer2013,ferplus,learning_rate,seconds,cpu_seconds,step_cpu_ms"
    (folder / "history.csv").write_text(f"{head}\r\n1,2.0,0.5,0.6,0.1,9,18.0,3\r\n2,1.0,0.7,nan,0.1,9,18.0,3\r\n")
    return folder


def test_every_form_is_found_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    _run(tmp_path / "mine")
    (tmp_path / "other.keras").touch()
    names = [
        "emotion-small",
        "own.toml",
        "mine",
        "other.keras",
        "emotion-small-int8",
        str(RECIPES / "emotion-cnn.toml"),
        "earlier.json",
    ]
    found = sources.find_all(names, "ferplus")
    assert [each.form for each in found] == [RECIPE, RECIPE, RUN, KERAS, TFLITE, RECIPE, REPORT]
    assert found[4].path.parent.name == "models"
    (challenge,) = sources.find_all(["emotion-small-int8"], "fer2013")
    assert challenge.path.parent.name == "challenge"


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        _run(tmp_path / folder / "mine")
    names = [str(tmp_path / folder / "mine") for folder in ("a", "b")]
    assert [each.name for each in sources.find_all(names, "fer2013")] == names
    with pytest.raises(AssistantError, match="is named twice"):
        sources.find_all([names[0], f"{names[0]}/"], "fer2013")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("emotion-smal", "neither a run folder nor a shipped recipe or model; did you mean emotion-small?"),
        ("zzz", "`emotion-convert recipe` lists the recipes"),
        ("no/such/run", "no such run folder; recipes end in .toml"),
        ("none.keras", "none.keras: no such file"),
        ("none.tflite", "none.tflite: no such model file"),
        ("empty", "empty: not a run folder: environment.json: No such file"),
        ("face-detector-int8", "neither a run folder nor a shipped recipe or model"),
        (str(RECIPES.parent / "face-detector-int8.tflite"), "is a face detector"),
    ],
)
def test_what_is_not_there_is_told(name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(AssistantError) as told:
        sources.find_all([name], "fer2013")
    assert message in str(told.value)


def test_a_run_tells_its_cost_its_curve_and_its_ancestor(tmp_path: Path) -> None:
    folder = _run(tmp_path / "mine", set_steps=40, steps_per_epoch=10, budget_cpu_s=36.0)
    told = sources.origin(sources.Source("mine", RUN, folder))
    assert (told["passes"], told["budget_core_hours"], told["share"]) == (0.5, 0.01, 1.0)
    assert told["core_hours"] == 0.01
    assert told["published"] == "some/project, 60 % published"
    assert [row["core_hours"] for row in told["curve"]] == [0.005, 0.01]
    assert told["curve"][1]["ferplus"] is None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "not known"),
        ({"recipe": "a"}, "random weights"),
        ({"recipe": "a", "initialization": "weights of ImageNet"}, "weights of ImageNet"),
        ({"recipe": "a", "start": {"recipe": "b"}, "teachers": [1]}, "weights of a run of b; distilled"),
        (
            {"recipe": "a", "start": {"recipe": "b", "warm_start": {}}},
            "weights of a run of b (warm start from the int8 model)",
        ),
        ({"recipe": "a", "warm_start": {}}, "weights of the int8 model (warm start)"),
    ],
)  # fmt: skip
def test_what_a_training_began_with_in_words(facts: dict[str, Any], words: str) -> None:
    assert sources.initialization(facts) == words


@pytest.mark.parametrize(
    ("card", "message"),
    [
        (None, "model.json beside it must state labels and input"),
        ("{", "model.json: not a model card"),
        ('{"labels": ["happy"]}', "labels are ['happy']; expected a list of expressions"),
        ('{"labels": ["happy", "sad"]}', "input is None"),
        ('{"labels": ["happy", "sad"], "input": {"shape": [1, 20, 20, 1], "scaling": "0..1"}}', "a side of 20 pixels"),
    ],
)
def test_a_keras_file_needs_a_card_that_states_labels_and_input(card: str | None, message: str, tmp_path: Path) -> None:
    file = tmp_path / "model.keras"
    file.touch()
    if card is not None:
        file.with_suffix(".json").write_text(card)
    with pytest.raises(AssistantError) as told:
        predictor.open_predictor(str(file), "fer2013")
    assert message in str(told.value)


def test_two_models_are_compared_without_the_damaged_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn_faces.write_class_folders(tmp_path / "train", 3)
    drawn_faces.write_class_folders(tmp_path / "val", 1, side=60)
    drawn_faces.write_class_folders(tmp_path / "test", 1, side=70)
    (tmp_path / "train/happy/00000.jpg").write_bytes(b"")
    models = (f"models/challenge/{name}-int8.tflite" for name in ("emotion-cnn", "emotion-small"))
    line = ["compare", *models, "--data", str(tmp_path)]
    assert main(line) == 1
    assert "--skip-unreadable leaves them out" in capsys.readouterr().err
    assert main([*line, "--skip-unreadable"]) == 0
    assert "McNemar" in capsys.readouterr().out
