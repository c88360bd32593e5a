"""`emotion-convert compare` end to end: recipes trained at equal cost, a run, a .keras and a .tflite file."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.errors import ModelError
from convert.cli import main
from convert.comparison import trained
from convert.data.fer2013_labels import LABELS
from convert.expression.evaluation.predictor import open_predictor
from convert.training.run_folder import Run
from tests.support import drawn_faces

BUDGET = "0.002"
"""Core hours: seven seconds, some epochs of the tiny network."""
NOTE = 'note = "ancestor: some/project, a small CNN, 63.2 % published"\n'


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    drawn_faces.write_npz(drawn_faces.dataset(), folder)
    (folder / "tiny.toml").write_text(NOTE + drawn_faces.TINY_RECIPE.replace("[[0.0, 32], [0.5, 48]]", "[[0.0, 48]]"))
    pixels = keras.Input((64, 64, 3))
    scores = keras.layers.Dense(7, activation="softmax")(keras.layers.GlobalAveragePooling2D()(pixels))
    keras.Model(pixels, scores).save(folder / "foreign.keras")
    card = {"labels": list(LABELS), "input": {"shape": [1, 64, 64, 3], "scaling": "-1..1", "colour": "rgb"}}
    (folder / "foreign.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(autouse=True)
def _short_timing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trained, "TIMING_RUNS", ((2, 4),))
    monkeypatch.setattr("convert.comparison.compare.ROUNDS", 1)


def _compare(place: Path, *models: str, hours: str = BUDGET, more: tuple[str, ...] = ()) -> int:
    budget = ["--core-hours", hours, "--runs", str(place / "runs")]
    return main(["compare", *models, *budget, "--data", str(place), *more])


@pytest.mark.timeout(600)  # trains, converts to int8, and starts processes to measure them
def test_a_recipe_is_trained_for_its_budget_and_compared_with_the_others(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [str(place / "tiny.toml"), str(place / "foreign.keras"), "emotion-small-int8"]
    readme = place / "README.md"
    readme.write_text("before\n<!-- comparison -->\nold\n<!-- /comparison -->\nafter\n")
    html = place / "out" / "page.html"
    assert _compare(place, *models, more=("--json", "--html", str(html), "--readme", str(readme))) == 0
    report = json.loads(capsys.readouterr().out)
    tiny, foreign, shipped = report["rows"]
    run = Run(place / "runs" / "tiny")
    spent = sum(row["cpu_seconds"] for row in run.history())
    plan = json.loads((run.path / "plan.json").read_text())
    assert spent < 2 * plan["core_hours"] * 3600
    assert tiny["core_hours"] == pytest.approx(spent / 3600, abs=1e-4)
    assert len(run.history()) <= plan["epochs"]
    assert (tiny["initialization"], tiny["published"]) == (
        "random weights",
        "some/project, a small CNN, 63.2 % published",
    )
    assert set(tiny["bytes"]) == set(tiny["latency"]) == {"float32", "int8"}
    assert tiny["bytes"]["float32"] > tiny["bytes"]["int8"] > 0
    assert (set(foreign["bytes"]), foreign["missing_files"]) == ({"float32", "int8"}, "")
    assert foreign["parameters"] == 21, "the biases are 0 and left out"
    assert foreign["loaded_parameters"] == 28
    assert (shipped["pictures"], shipped["truth"]) == (28, "original labels")
    assert [pair["models"] for pair in report["pairs"]] == [
        ["tiny", "foreign"], ["tiny", "emotion-small-int8"], ["foreign", "emotion-small-int8"],
    ]  # fmt: skip
    assert 0 < len(report["hardest"]) <= 24
    assert "data:image/png" not in html.read_text()
    text = readme.read_text()
    assert text.startswith("before\n<!-- comparison -->\n| classifier | begins with |")
    assert text.endswith("<!-- /comparison -->\nafter\n")

    earlier = place / "earlier.json"
    earlier.write_text(json.dumps(report))
    assert main(["compare", str(earlier), "emotion-small-int8", "--data", str(place), "--json"]) == 0
    later = json.loads(capsys.readouterr().out)
    assert [(row["name"], "measured" in row) for row in later["rows"]] == [
        ("tiny", True), ("foreign", True), ("emotion-small-int8", False),
    ]  # fmt: skip
    assert later["rows"][0] == {"measured": later["rows"][0]["measured"]} | tiny
    assert later["pairs"] == report["pairs"], "the same answers"

    before = (run.path / "history.csv").read_bytes()
    kept = (run.path / "compared" / "fer2013" / "scores.npz").read_bytes()
    assert _compare(place, *models[:1], more=("--html", str(html), "--pictures")) == 0, "finished: nothing is trained"
    assert (run.path / "history.csv").read_bytes() == before
    assert (run.path / "compared" / "fer2013" / "scores.npz").read_bytes() == kept
    assert "data:image/png" in html.read_text()
    assert _compare(place, *models[:1], hours="0.01") == 1
    assert "is a run of 0.002 core hours" in capsys.readouterr().err


def test_the_answers_of_a_keras_file_are_those_of_its_network(place: Path) -> None:
    predictor = open_predictor(str(place / "foreign.keras"), "fer2013")
    pictures = drawn_faces.dataset(1, 1).images
    made = predictor.probabilities(pictures)
    crops = np.stack([predictor.input.fit(picture) for picture in pictures])
    network: Any = keras.models.load_model(place / "foreign.keras")
    np.testing.assert_allclose(made, network.predict(predictor.input.tensor(crops), verbose=0), atol=1e-5)


def test_a_keras_file_with_code_of_its_own_is_refused_unbuilt(place: Path, tmp_path: Path) -> None:
    file, pixels = tmp_path / "code.keras", keras.Input((64, 64, 3))
    scaled = keras.layers.Lambda(lambda values: values / 255)(pixels)
    keras.Model(pixels, keras.layers.Dense(7)(keras.layers.GlobalAveragePooling2D()(scaled))).save(file)
    file.with_suffix(".json").write_text((place / "foreign.json").read_text())
    with pytest.raises(ModelError, match="has a Lambda layer, which runs code from the file"):
        open_predictor(str(file), "fer2013")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["happy", "sad"], "maps [64, 64, 3] to [7]; its card says [64, 64, 3] to 2 labels"),
        (["one", "two", "three", "four", "five", "six", "seven"], "the model's labels are neither FER-2013's"),
    ],
)
def test_a_keras_file_of_other_labels_is_one_clear_line(
    labels: list[str], message: str, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.keras"
    file.write_bytes((place / "foreign.keras").read_bytes())
    card = json.loads((place / "foreign.json").read_text()) | {"labels": labels}
    file.with_suffix(".json").write_text(json.dumps(card))
    assert main(["compare", str(file), "--data", str(place)]) == 1
    err = capsys.readouterr().err.splitlines()[-1]
    assert str(file) in err
    assert message in err


def test_damaged_files_are_one_clear_line(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "damaged.keras"
    file.write_bytes((place / "foreign.keras").read_bytes()[:400])
    file.with_suffix(".json").write_text((place / "foreign.json").read_text())
    assert main(["compare", str(file), "--data", str(place)]) == 1
    assert "damaged.keras: no Keras model that can be read; is it whole?" in capsys.readouterr().err
    run = tmp_path / "run"
    run.mkdir()
    (run / "environment.json").write_text('{"recipe": "tiny", "epochs": 2}')
    assert main(["compare", str(run), "--data", str(place)]) == 1
    assert "no epoch of this run is finished" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["emotion-small"], ["emotion-small-int8", "--pictures"], []])
def test_wrong_usage_has_exit_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["compare", *arguments])
    assert ended.value.code == 2
