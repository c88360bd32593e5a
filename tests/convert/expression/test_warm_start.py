"""Warm start: a run folder made from a shipped model has its outputs, and can be trained."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.errors import ModelError
from assistant.vision.faces.preprocess import normalize
from assistant.vision.inference.expression import ExpressionClassifier
from convert import cli
from convert.expression import card, networks, recipe, teachers, warm_start
from convert.expression.soft_labels import fixed_view
from convert.tflite import card_file, graph
from convert.training.run_folder import Run, RunError
from tests.support import damaged_models, drawn_faces

MODELS = Path(__file__).parents[3] / "models"
DATA = drawn_faces.dataset(training=20)
RECIPE = card_file.load(MODELS / "emotion-small-int8.tflite")["recipe"]["name"]
NAMES = ("emotion-small-int8", "emotion-mobilenetv2-int8")
"""A sequential network, and one with residual connections and strides."""


@pytest.fixture(scope="module", params=NAMES)
def warm_started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    model = MODELS / f"{request.param}.tflite"
    return model, warm_start.warm_start(model, DATA, tmp_path_factory.mktemp("runs") / "again")


def test_the_network_agrees_with_the_shipped_files(warm_started: tuple[Path, Run]) -> None:
    model, run = warm_started
    pictures = DATA.images[:140:3]
    logits = networks.restore(run).predict(normalize(pictures), verbose=0)
    for head, file in (("ferplus", model), ("fer2013", card.fer2013_head_of(model))):
        classifier = ExpressionClassifier(file, threads=1)
        classifier.card = replace(classifier.card, temperature=1.0)
        expected = np.stack([classifier.probabilities(picture) for picture in pictures])
        predicted = np.asarray(keras.ops.softmax(logits[head]))
        assert np.abs(predicted - expected).mean() < 0.03
        first, second = np.sort(expected, axis=1)[:, -1], np.sort(expected, axis=1)[:, -2]
        is_certain = first - second > 0.2
        assert is_certain.sum() >= 5
        assert (predicted.argmax(1) == expected.argmax(1))[is_certain].mean() >= 0.9


def test_outputs_in_training_mode_agree_with_those_in_inference(warm_started: tuple[Path, Run]) -> None:
    _, run = warm_started
    training = DATA.of("Training")
    pictures = normalize(np.stack([fixed_view(image, warm_start.VIEW) for image in training.images]))
    network = networks.restore(run)
    inference = network(pictures, training=False)
    keras.utils.set_random_seed(1)
    network.get_layer("dropout").rate = 0.0
    training_mode = network(pictures, training=True)
    for head in networks.HEADS:
        a, b = (np.asarray(keras.ops.softmax(each[head])) for each in (inference, training_mode))
        assert np.abs(a - b).mean() < 0.005
    for layer in network.layers:
        if "norm" in layer.name:
            variance = np.asarray(layer.moving_variance)
            assert np.median(variance) == pytest.approx(1.0, abs=0.2)


def test_the_run_folder_has_the_provenance_of_the_weights(warm_started: tuple[Path, Run]) -> None:
    model, run = warm_started
    about, held = card_file.load(model), run.environment()
    assert recipe.of_run(run).name == about["recipe"]["name"]
    assert held["warm_start"]["ferplus"] == about["sha256"]
    assert run.best()["epoch"] == about["recipe"]["best_epoch"]
    assert run.best()["ferplus"] == pytest.approx(
        networks.accuracies(networks.restore(run), DATA.of("PublicTest"))["ferplus"], abs=1e-6
    )


def test_a_run_that_starts_from_a_warm_start_records_it(warm_started: tuple[Path, Run], tmp_path: Path) -> None:
    _, run = warm_started
    following = Run(tmp_path / "next")
    following.begin(run.recipe_file, {"epochs": 1, "recipe": "x"}, ("epoch",), run)
    assert following.environment()["start"]["warm_start"] == run.environment()["warm_start"]


def test_a_warm_started_run_cannot_be_resumed(warm_started: tuple[Path, Run]) -> None:
    _, run = warm_started
    with pytest.raises(RunError, match=f"start another run --from {run.path}"):
        run.begin(run.recipe_file, run.environment(), ("epoch",))


def test_an_existing_folder_is_refused_and_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match="exists; choose another --run folder"):
        warm_start.warm_start(MODELS / "emotion-small-int8.tflite", DATA, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["face-detector-int8", "challenge/emotion-small-int8"])
def test_a_model_without_a_ferplus_head_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"int8\.tflite: holds no ferplus head; give the \.tflite file of an expression"):
        warm_start.warm_start(MODELS / f"{name}.tflite", DATA, tmp_path / "again")
    assert list(tmp_path.iterdir()) == []


def test_a_model_whose_recipe_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=rf"{RECIPE}\.toml: the recipe of emotion-small-int8\.tflite is missing"):
        warm_start.warm_start(MODELS / "emotion-small-int8.tflite", DATA, tmp_path / "again", tmp_path)
    assert not (tmp_path / "again").exists()


def test_a_recipe_of_another_network_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    text = (warm_start.RECIPES / f"{RECIPE}.toml").read_text("utf-8")
    for old, new, message in (
        ("256]", "128]", "by its recipe"),
        ("convs = [3, 3, 3, 2]", "convs = [3, 3, 3, 1]", "that its recipe does not have"),
        ("convs = [3, 3, 3, 2]", "convs = [3, 3, 3, 3]", "has no stage4_3_conv, stage4_3_depthwise"),
    ):
        (tmp_path / f"{RECIPE}.toml").write_text(text.replace(old, new))
        with pytest.raises(RunError, match=message):
            warm_start.warm_start(MODELS / "emotion-small-int8.tflite", DATA, tmp_path / "again", tmp_path)
        assert not (tmp_path / "again").exists()


def _copied(folder: Path, fer2013_head: str) -> Path:
    """A copy of the small model's ferplus head, with the shipped file of this name as its fer2013 head."""
    (folder / "challenge").mkdir()
    model = folder / "emotion-small-int8.tflite"
    for suffix in (".tflite", ".json"):
        shutil.copy((MODELS / model.name).with_suffix(suffix), folder)
        other = card.fer2013_head_of(model).with_suffix(suffix)
        shutil.copy((MODELS / fer2013_head).with_suffix(suffix), other)
    return model


@pytest.mark.parametrize(
    ("fer2013_head", "message"),
    [
        ("challenge/emotion-cnn-int8.tflite", "is of another run than .*; quantize both heads of one run"),
        ("emotion-small-int8.tflite", "holds no fer2013 head; make it with `emotion-convert quantize --head"),
    ],
)
def test_two_heads_of_different_runs_are_refused(tmp_path: Path, fer2013_head: str, message: str) -> None:
    model = _copied(tmp_path, fer2013_head)
    with pytest.raises(ModelError, match=f"challenge/emotion-small-int8.tflite: {message}") as caught:
        warm_start.warm_start(model, DATA, tmp_path / "again")
    assert "\n" not in str(caught.value)
    with pytest.raises(ModelError, match=message):
        teachers.write_soft_labels([model], DATA, 1, tmp_path / "soft.npz")
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "soft.npz").exists()


def test_heads_of_different_trainings_by_the_same_recipe_are_refused(tmp_path: Path) -> None:
    model = _copied(tmp_path, "challenge/emotion-small-int8.tflite")
    assert set(card.both_heads(model)) == set(networks.HEADS)
    about = card_file.load(model)
    damaged_models.rewrite_card(model, training=about["training"] | {"start": {"recipe": "emotion-small"}})
    with pytest.raises(ModelError, match="is of another run"):
        card.both_heads(model)
    card.fer2013_head_of(model).unlink()
    with pytest.raises(ModelError, match="holds no fer2013 head; make it with"):
        card.both_heads(model)


def test_a_file_that_is_no_int8_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"no model at all, but long enough to be one")
    with pytest.raises(ModelError, match=r"x\.tflite: not an int8 TensorFlow Lite model"):
        graph.weights(tmp_path / "x.tflite")
    with pytest.raises(ModelError, match=r"gone\.tflite: cannot read the model: No such file"):
        graph.weights(tmp_path / "gone.tflite")


def test_the_command_makes_a_run_from_which_a_training_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn_faces.write_npz(DATA, tmp_path)
    run = tmp_path / "again"
    assert cli.main(["warm-start", "emotion-small-int8", "--run", str(run), "--data", str(tmp_path)]) == 0
    assert f"train --from {run}" in capsys.readouterr().out
    quick = (warm_start.RECIPES / "emotion-small.toml").read_text("utf-8").replace("[0.0, 32]", "[0.0, 16]")
    (tmp_path / "quick.toml").write_text(quick)
    arguments = ["train", "--recipe", str(tmp_path / "quick.toml"), "--run", str(tmp_path / "on"), "--epochs", "1"]
    assert cli.main([*arguments, "--from", str(run), "--seed", "7", "--data", str(tmp_path)]) == 0
    assert recipe.of_run(Run(tmp_path / "on")).seed == 7
    assert cli.main([*arguments, "--from", str(run), "--seed", "8", "--data", str(tmp_path)]) == 1
    assert "was begun with other seed" in capsys.readouterr().err
    shutil.rmtree(run)
