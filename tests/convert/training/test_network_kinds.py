"""Networks by name: each is built at its input, loads weights, freezes, and becomes an int8 model of known levels."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import dataclasses
import json
import urllib.error
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.vision.faces.input_format import InputFormat
from assistant.vision.inference.expression import ExpressionClassifier, apply_temperature
from convert.cli import main
from convert.data import fer2013
from convert.expression import networks
from convert.expression import recipe as recipes
from convert.expression import train as training
from convert.expression.distillation import DistillationLoss
from convert.tflite import card_file
from convert.training import ancestors, fine_tuning, network_kinds
from convert.training.augment import Augment
from convert.training.crops import in_grey_steps
from convert.training.fine_tuning import FineTuning
from convert.training.network_kinds import KINDS, Kind
from convert.training.recipe_file import RecipeError
from convert.training.run_folder import Run
from tests.support import drawn_faces

LARGE = ("vgg16", "vgg19", "resnet50", "resnet50v2")
"""Kinds that take seconds to build; the weights of one are enough for the tests of weights."""
SMALL = ("cnn4", "cnn654k", "mini_xception", "mobilenetv2", "efficientnetv2b0")
HEADS = tuple(networks.HEADS)
MOBILE = """\
seed = 3

[network]
kind = "mobilenetv2"
alpha = 0.35
weights = "{weights}"

[input]
side = 64

[fine_tuning]
heads_share = 0.5
learning_rate = 0.001
frozen = ["Conv1", "bn_Conv1"]
frozen_normalization = true

[schedule]
epochs = 2
batch_size = 32
optimizer = "adamw"
learning_rate = 0.01
precision = "float32"
"""


@pytest.fixture(autouse=True)
def _float32() -> None:
    keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize("kind", SMALL)
def test_a_network_takes_what_its_kind_expects(kind: str) -> None:
    expected = dataclasses.replace(KINDS[kind].expects, side=64)
    network = networks.build(kind, input_format=expected)
    assert network.input_shape == (None, *expected.shape[1:])
    logits = network(np.zeros((2, *expected.shape[1:]), np.float32))
    assert {head: tuple(values.shape) for head, values in logits.items()} == {"fer2013": (2, 7), "ferplus": (2, 8)}


def test_a_large_network_of_keras_is_built_for_grey_pictures_too() -> None:
    network = networks.build("resnet50v2", input_format=InputFormat(48, 1, scaling="-1..1"))
    assert network.input_shape == (None, 48, 48, 1)
    assert 23.5e6 < network.count_params() < 23.7e6


def test_the_ancestors_have_the_published_numbers_of_parameters() -> None:
    one_head = {}
    for kind, side in (("cnn4", 48), ("cnn654k", 48), ("mini_xception", 64)):
        network = networks.build(kind, input_format=dataclasses.replace(KINDS[kind].expects, side=side))
        one_head[kind] = network.count_params() - network.get_layer("ferplus").count_params()
    assert one_head["cnn4"] == 2_345_607
    assert one_head["cnn654k"] == pytest.approx(654_335, rel=0.001)  # the layers are not known, the number is
    # mini-Xception ends with a 3x3 convolution to the classes where ours has a linear layer
    assert one_head["mini_xception"] - (128 * 7 + 7) + (9 * 128 * 7 + 7) == 58_423


def test_a_network_is_added_by_a_function_and_a_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def tiny(pixels: object, *, width: int = 4) -> object:
        return keras.layers.Conv2D(width, 3)(pixels)

    monkeypatch.setattr(ancestors, "tiny", tiny, raising=False)
    monkeypatch.setattr(
        network_kinds, "KINDS", KINDS | {"tiny": Kind("ancestors", {"width": network_kinds.count(1, 9)})}
    )
    for module in (recipes, networks):
        monkeypatch.setattr(module, "KINDS", network_kinds.KINDS)
    (tmp_path / "mine.toml").write_text('[network]\nkind = "tiny"\nwidth = 5\n')
    network = networks.of_recipe(recipes.read(tmp_path / "mine.toml"))
    assert network.output_shape == [(None, 7), (None, 8)]
    (tmp_path / "mine.toml").write_text('[network]\nkind = "tiny"\nwidth = 50\n')
    with pytest.raises(RecipeError, match="network.width is 50; expected a whole number from 1 to 9"):
        recipes.read(tmp_path / "mine.toml")


@pytest.fixture(scope="module")
def mobile_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as Keras's own: the weights of a MobileNetV2 without its top layers, in the form of HDF5."""
    keras.mixed_precision.set_global_policy("float32")
    keras.utils.set_random_seed(7)
    made = keras.applications.MobileNetV2(input_shape=(96, 96, 3), include_top=False, weights=None, alpha=0.35)
    file = tmp_path_factory.mktemp("weights") / "mobile.weights.h5"
    made.save_weights(file)
    return file


def _first_kernel(network: keras.Model) -> np.ndarray:
    return np.asarray(network.get_layer("Conv1").kernel)


def test_weights_are_loaded_from_a_file(mobile_weights: Path) -> None:
    wanted = InputFormat(64, 3, scaling="-1..1")
    loaded = [
        networks.build("mobilenetv2", input_format=wanted, alpha=0.35, weights=str(mobile_weights)) for _ in range(2)
    ]
    random = networks.build("mobilenetv2", input_format=wanted, alpha=0.35)
    np.testing.assert_array_equal(_first_kernel(loaded[0]), _first_kernel(loaded[1]))
    assert not np.array_equal(_first_kernel(loaded[0]), _first_kernel(random))


@pytest.mark.parametrize("kind", ["no such file", "other", "text"])
def test_weights_that_cannot_be_loaded_are_named(mobile_weights: Path, tmp_path: Path, kind: str) -> None:
    file = {"other": mobile_weights}.get(kind, tmp_path / "mine.weights.h5")
    if kind == "text":
        file.write_text("no weights")
    wanted = "no such file of weights" if kind == "no such file" else "not the weights of mobilenetv2_"
    with pytest.raises(RecipeError, match=wanted) as caught:
        networks.build("mobilenetv2", input_format=InputFormat(64, 3, scaling="-1..1"), weights=str(file))
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_where_imagenet_cannot_be_fetched_the_error_says_which_file_goes_where(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unreachable(url: str, *_: object, **__: object) -> None:
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", unreachable)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config.keras_home", lambda: str(tmp_path))
    with pytest.raises(RecipeError) as caught:
        networks.build("mobilenetv2", input_format=InputFormat(96, 3, scaling="-1..1"), weights="imagenet")
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_96_no_top.h5"
    message = str(caught.value)
    assert f"{tmp_path}/models/{name}, or name the file as network.weights" in message
    assert f"{name} elsewhere" in message
    assert "https://" in message
    assert "\n" not in message


def test_frozen_layers_do_not_learn_and_unknown_ones_are_named() -> None:
    network = networks.build("mini_xception", input_format=InputFormat(scaling="-1..1"))
    tuning = FineTuning(frozen=("stem", "module1"), frozen_normalization=True)
    fine_tuning.freeze(network, tuning, HEADS, heads_alone=False)
    learning = {layer.name for layer in network.layers if layer.trainable and layer.weights}
    assert learning == {*HEADS, *(f"module{each}_{part}" for each in (2, 3, 4) for part in ("skip", "conv1", "conv2"))}
    fine_tuning.freeze(network, tuning, HEADS, heads_alone=True)
    assert {layer.name for layer in network.layers if layer.trainable and layer.weights} == set(HEADS)
    with pytest.raises(RecipeError, match="no layer's name begins with 'block9'; they begin with face, stem1, stem2"):
        fine_tuning.freeze(network, FineTuning(frozen=("block9",)), HEADS, heads_alone=False)


def test_two_phases_of_fine_tuning_resume_between_and_within(mobile_weights: Path, tmp_path: Path) -> None:
    drawn_faces.write_npz(drawn_faces.dataset(4, 2), tmp_path)
    file = tmp_path / "mobile.toml"
    file.write_text(MOBILE.format(weights=mobile_weights))
    recipe = recipes.read(file)
    straight = training.train(recipe, file, tmp_path, tmp_path / "straight")
    stopped = tmp_path / "stopped"
    for _ in range(2):  # stopped at the change of phases
        _stop_after_an_epoch(recipe, file, tmp_path, stopped)
    assert [{**row, "seconds": 0, "cpu_seconds": 0, "step_cpu_ms": 0} for row in Run(stopped).history()] == [
        {**row, "seconds": 0, "cpu_seconds": 0, "step_cpu_ms": 0} for row in straight.history()
    ]
    for one, other in zip(
        networks.restore(straight).get_weights(), networks.restore(Run(stopped)).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    network = networks.restore(straight)
    before = networks.build("mobilenetv2", input_format=recipe.input_format, alpha=0.35, weights=str(mobile_weights))
    np.testing.assert_array_equal(_first_kernel(network), _first_kernel(before))  # frozen to the end
    assert str(straight.environment()["initialization"]).startswith("weights of mobile.weights.h5, SHA-256 ")


def _stop_after_an_epoch(recipe: recipes.Recipe, file: Path, data: Path, folder: Path) -> None:
    from convert.training.callbacks import CheckpointCallback

    finish = CheckpointCallback.on_epoch_end

    def stop(self: CheckpointCallback, epoch: int, logs: dict[str, float] | None = None) -> None:
        finish(self, epoch, logs)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CheckpointCallback, "on_epoch_end", stop)
        with pytest.raises(KeyboardInterrupt):
            training.train(recipe, file, data, folder)


def test_a_network_of_another_input_goes_all_the_way_to_the_device(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = drawn_faces.write_npz(drawn_faces.dataset(8, 3), tmp_path)
    (tmp_path / "mine.toml").write_text(
        '[network]\nkind = "mini_xception"\n[input]\nside = 64\ncolour = "rgb"\n[schedule]\nepochs = 2\n'
        'batch_size = 8\noptimizer = "adamw"\nlearning_rate = 0.01\nema_decay = 0.5\nprecision = "float32"\n'
    )
    run, model = tmp_path / "run", tmp_path / "run" / "mine-int8.tflite"
    at = ["--data", str(data)]
    assert main(["train", "--recipe", str(tmp_path / "mine.toml"), "--run", str(run), *at]) == 0
    assert main(["quantize", str(run), str(model), *at]) == 0
    about = card_file.load(model)
    assert about["input"] == {"shape": [1, 64, 64, 3], "dtype": "int8", "scaling": "-1..1", "colour": "rgb"}
    assert "One colour 64x64 crop" in about["intended_use"]
    capsys.readouterr()
    main(["verify", str(model), "--run", str(run), "--json", *at])  # not sound after two epochs
    assert json.loads(capsys.readouterr().out)["mean_abs_dp"] < 0.03
    assert main(["calibrate", str(model), *at]) == 0
    capsys.readouterr()
    assert main(["evaluate", str(model), "--quick", "--json", *at]) == 0
    figures = json.loads(capsys.readouterr().out)
    network, taken = networks.restore(Run(run)), recipes.of_run(Run(run)).input_format
    picture = np.random.default_rng(1).integers(0, 256, (90, 80, 3), dtype=np.uint8)
    classifier = ExpressionClassifier(model)
    logits = networks.logits(network, taken.fit(picture)[np.newaxis], taken)["ferplus"][0]
    expected = apply_temperature(np.exp(logits - logits.max()), classifier.card.temperature)
    np.testing.assert_allclose(classifier.probabilities(classifier.input.fit(picture)), expected, atol=0.06)
    assert figures["all"]["accuracy"] == pytest.approx(
        networks.accuracies(network, fer2013.load(data, taken).of("PrivateTest"), taken)["ferplus"], abs=0.15
    )


@pytest.mark.parametrize(("colour", "scaling"), [("rgb", "imagenet"), ("bgr", "imagenet-bgr"), ("grey", "-1..1")])
def test_a_training_shows_its_network_what_the_device_will(colour: str, scaling: str, tmp_path: Path) -> None:
    taken = InputFormat(48, 3, colour, scaling)
    (tmp_path / "mine.toml").write_text(
        f'[network]\nkind = "plain"\n[input]\nchannels = 3\ncolour = "{colour}"\nscaling = "{scaling}"\n'
    )
    model = training.training_model(recipes.read(tmp_path / "mine.toml"), taken)
    shown = keras.Model(model.input, model.layers[-2].output)
    crops = np.random.default_rng(1).integers(0, 256, (2, *taken.crop_shape), dtype=np.uint8)
    model.layers[-2].side = 48
    np.testing.assert_allclose(
        np.asarray(shown(in_grey_steps(crops, taken), training=False)), taken.tensor(crops), atol=1e-3
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_augmentation_changes_each_channel_alike(channels: int) -> None:
    config = {"rotation_deg": 20.0, "blur_probability": 1.0, "erase_probability": 1.0}
    grey = np.random.default_rng(1).uniform(-1, 1, (3, 32, 32, 1)).astype(np.float32)
    made = np.asarray(Augment(config, seed=3)(np.repeat(grey, channels, axis=3), training=True))
    alone = np.asarray(Augment(config, seed=3)(grey, training=True))
    assert made.shape == (3, 32, 32, channels)
    np.testing.assert_allclose(made, np.repeat(alone, channels, axis=3), atol=1e-5)


def test_the_focal_loss_looks_away_from_what_is_known() -> None:
    targets = np.tile(np.eye(7, dtype=np.float32)[:2], (1, 2))
    logits = np.array([[6.0, 0, 0, 0, 0, 0, 0], [0, 0.5, 0, 0, 0, 0, 0]], np.float32)
    plain, focal = (
        np.asarray(DistillationLoss(focal_gamma=gamma, reduction=None)(targets, logits)) for gamma in (0.0, 2.0)
    )
    share = np.exp(-plain)
    np.testing.assert_allclose(focal, (1 - share) ** 2 * plain, rtol=1e-3, atol=1e-6)
