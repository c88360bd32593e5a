"""Keras files of other programs: what can be loaded is, also of Keras 2; what brings code along is not."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")
pytest.importorskip("tensorflow", reason="TensorFlow is not installed: pip install -e .[convert]")

import h5py

from assistant.errors import ModelError
from assistant.vision.faces.input_format import InputFormat
from assistant.vision.inference import sandbox
from assistant.vision.inference.expression import ExpressionClassifier
from convert.cli import main
from convert.data import fer2013
from convert.data.fer2013_labels import LABELS
from convert.foreign import keras_file
from convert.tflite import graph
from convert.tflite.card_file import load
from tests.support import drawn_faces

PIXELS = np.random.default_rng(4).uniform(0, 255, (2, 64, 64, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def _is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "check_loads", lambda path, content: None)
    monkeypatch.delenv("EMOTION_DATA", raising=False)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_faces.write_npz(drawn_faces.dataset(20, 10), tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A network of 64x64 pixels in colours, scaled to -1..1, trained on drawn faces; its labels are in the order of
    folders."""
    file, faces = tmp_path_factory.mktemp("trained") / "mine.keras", fer2013.load(data).of("Training")
    order = sorted(LABELS)
    labels = np.array([order.index(LABELS[each]) for each in faces.labels])
    wanted = InputFormat(64, 3, "rgb", "-1..1")
    values = wanted.tensor(np.stack([wanted.fit(image) for image in faces.images]))
    keras.utils.set_random_seed(1)
    network = keras.Sequential([
        keras.Input((64, 64, 3)), keras.layers.Conv2D(8, 5, 3, activation="relu"), keras.layers.Flatten(),
        keras.layers.Dense(7, activation="softmax"),
    ])  # fmt: skip
    network.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", jit_compile=False)
    network.fit(values, labels, epochs=16, batch_size=28, verbose=0)
    network.save(file)
    network.save(file.with_suffix(".h5"))
    return file


def run(*arguments: object) -> int:
    return main(["import", *map(str, arguments)])


def refused(file: Path) -> str:
    with pytest.raises(ModelError) as caught:
        keras_file.load(file)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_keras_network_becomes_an_int8_file_that_agrees_with_it(
    trained: Path, data: Path, tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "mine-int8.tflite"
    file = trained.with_suffix(ending)
    assert run(file, model, "--labels", "folders", "--scaling", "-1..1", "--data", data) == 0
    said, card, made = capsys.readouterr().out, load(model), graph.read(model)
    assert (made.input_type, made.output_type) == ("INT8", "INT8")
    assert card["comparison"]["same_answer"] > 0.95
    assert card["tried"]["accuracy"] > 0.5
    assert card["imported"]["form"].startswith("Keras 3")
    assert "WARNING" not in said
    classifier = ExpressionClassifier(model)
    assert classifier.labels == tuple(sorted(LABELS))
    faces = fer2013.load(data).of("PublicTest")
    right = [
        classifier.labels[int(classifier.probabilities(classifier.input.fit(image)).argmax())] == LABELS[label]
        for image, label in zip(faces.images, faces.labels, strict=True)
    ]
    assert np.mean(right) == pytest.approx(card["tried"]["accuracy"], abs=0.05)


def test_a_wrong_order_is_warned_of(
    trained: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.tflite"
    assert run(trained, model, "--labels", "fer2013", "--scaling", "-1..1", "--data", data, "--float") == 0
    assert "with --labels folders " in capsys.readouterr().out


def test_float_needs_no_pictures_and_int8_does(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "m.tflite"
    assert run(trained, model, "--labels", "folders", "--scaling", "-1..1") == 1
    assert "an int8 file is calibrated on pictures: give FER-2013 with --data, or --float" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    assert run(trained, model, "--labels", "folders", "--scaling", "-1..1", "--float") == 0
    assert graph.read(model).input_type == "FLOAT32"
    assert "not tried on any face" in capsys.readouterr().out


def test_logits_get_a_softmax_and_layers_inside_may_scale(data: Path, tmp_path: Path) -> None:
    keras.utils.set_random_seed(2)
    weights = keras.initializers.RandomNormal(stddev=0.2)
    layers = [keras.layers.Rescaling(1 / 127.5, -1), keras.layers.AveragePooling2D(4), keras.layers.Flatten()]
    network = keras.Sequential([keras.Input((48, 48, 1)), *layers, keras.layers.Dense(8, kernel_initializer=weights)])
    network.save(tmp_path / "a.keras")
    assert run(tmp_path / "a.keras", "--labels", "ferplus", "--scaling", "0..255", "--data", data) == 0
    classifier = ExpressionClassifier(tmp_path / "a-int8.tflite")
    crop = drawn_faces.picture(3, 5)
    logits = network.predict(crop[None, ..., None].astype(np.float32), verbose=0)[0]
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert classifier.card.has_logits is False
    assert classifier._scores(crop).argmax() == expected.argmax()


def saved(folder: Path, network: Any, name: str = "a.h5") -> Path:
    network.save(folder / name)
    return folder / name


def as_keras_2(file: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Rewrite the configuration of an .h5 file as Keras 2 would have written it."""
    with h5py.File(file, "r+") as held:
        config = json.loads(held.attrs["model_config"])
        change(config["config"])
        held.attrs["model_config"], held.attrs["keras_version"] = json.dumps(config), "2.11.0"
    return file


def functional(*layers: Any) -> Any:
    pixels = made = keras.Input((64, 64, 3), name="pixels")
    for layer in layers:
        made = layer(made)
    return keras.Model(pixels, made)


def test_a_depthwise_convolution_of_keras_2_is_loaded(tmp_path: Path) -> None:
    network = functional(keras.layers.DepthwiseConv2D(3), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(7))

    def add_groups(config: dict[str, Any]) -> None:
        for layer in config["layers"]:
            if layer["class_name"] == "DepthwiseConv2D":
                layer["config"]["groups"] = 1

    made = keras_file.load(as_keras_2(saved(tmp_path, network), add_groups))
    assert made.form == "Keras 2.11.0"
    np.testing.assert_allclose(made.predict(PIXELS), network.predict(PIXELS, verbose=0), rtol=1e-5)


@pytest.mark.parametrize(
    ("calls", "means"),
    [
        ([("math.truediv", {"y": 127.5, "name": None}), ("math.subtract", {"y": 1.0})], lambda x: x / 127.5 - 1),
        ([("math.multiply", {"y": 0.5}), ("__operators__.add", {"y": 3.0})], lambda x: x * 0.5 + 3),
        (
            [
                ("__operators__.getitem", {"slice_spec": [{"class_name": "__ellipsis__"},
                                                          {"start": None, "stop": None, "step": -1}]}),
                ("nn.bias_add", {"bias": [-103.0, -116.0, -123.0], "data_format": "NHWC"}),
            ],
            lambda x: x[..., ::-1] - np.array([103.0, 116.0, 123.0]),
        ),
    ],
    ids=["tf", "other", "caffe"],
)  # fmt: skip
def test_the_arithmetic_of_preprocess_input_of_keras_2_is_loaded(
    tmp_path: Path, calls: list[tuple[str, dict[str, Any]]], means: Callable[[np.ndarray], np.ndarray]
) -> None:
    plain = functional(keras.layers.Flatten(), keras.layers.Dense(7))

    def insert(config: dict[str, Any]) -> None:
        source, made = "pixels", []
        for number, (function, given) in enumerate(calls):
            name = f"tf.{function}_{number}"
            kind = "SlicingOpLambda" if "getitem" in function else "TFOpLambda"
            about = {"name": name, "trainable": True, "dtype": "float32", "function": function}
            nodes = [[source, 0, 0, given]]
            made.append({"class_name": kind, "config": about, "name": name, "inbound_nodes": nodes})
            source = name
        config["layers"][1]["inbound_nodes"] = [[[source, 0, 0, {}]]]
        config["layers"][1:1] = made

    made = keras_file.load(as_keras_2(saved(tmp_path, plain), insert))
    expected = plain.predict(means(PIXELS).astype(np.float32), verbose=0)
    np.testing.assert_allclose(made.predict(PIXELS), expected, rtol=1e-3, atol=1e-3)


def test_another_function_of_tensorflow_is_named(tmp_path: Path) -> None:
    def insert(config: dict[str, Any]) -> None:
        about = {"name": "tf.sort", "function": "sort"}
        config["layers"].insert(
            1,
            {"class_name": "TFOpLambda", "config": about, "name": "s", "inbound_nodes": [["pixels", 0, 0, {"y": 1.0}]]},
        )

    file = as_keras_2(saved(tmp_path, functional(keras.layers.Flatten(), keras.layers.Dense(7))), insert)
    assert "calls tf.sort in a way that Keras 3 has no layer for; export a .tflite" in refused(file)


def test_a_model_inside_of_a_model_of_keras_2_is_loaded(tmp_path: Path) -> None:
    inside = functional(keras.layers.AveragePooling2D(8), keras.layers.Flatten())
    network = functional(inside, keras.layers.Dense(7))

    def renumber(config: dict[str, Any]) -> None:
        config["layers"][2]["inbound_nodes"] = [[[inside.name, 1, 0, {}]]]

    made = keras_file.load(as_keras_2(saved(tmp_path, network), renumber))
    np.testing.assert_allclose(made.predict(PIXELS), network.predict(PIXELS, verbose=0), rtol=1e-4)


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_layer_that_carries_code_is_refused_unbuilt(
    tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "run"
    network = functional(keras.layers.Lambda(lambda x: x / 255), keras.layers.Flatten(), keras.layers.Dense(7))
    file = saved(tmp_path, network, f"a{ending}")
    monkeypatch.setattr(keras.saving, "load_model", lambda *rest, **options: place.touch())
    assert "has a Lambda layer, which runs code from the file" in refused(file)
    assert not place.exists()


def test_a_class_of_the_files_author_is_refused(tmp_path: Path) -> None:
    file = saved(tmp_path, functional(keras.layers.Flatten(), keras.layers.Dense(7)), "a.keras")
    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    held["config.json"] = held["config.json"].replace(b'"module": "keras.layers", "class_name": "Flatten"',
                                                      b'"module": "os.path", "class_name": "Flatten"')  # fmt: skip
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
    assert "has 'Flatten' of 'os.path', which is not of Keras; export a .tflite" in refused(file)


def test_other_shapes_are_one_line(tmp_path: Path) -> None:
    flat = keras.layers.Flatten()
    pixels = keras.Input((64, 64, 3))
    two = keras.Model(pixels, [keras.layers.Dense(7)(flat(pixels)), keras.layers.Dense(2)(flat(pixels))])
    assert "has 1 inputs and 2 outputs; the assistant takes one of each" in refused(saved(tmp_path, two, "two.keras"))
    maps = functional(keras.layers.Conv2D(7, 3))
    assert "gives [62, 62, 7]; the assistant takes one number for each class" in refused(saved(tmp_path, maps))
    functional(keras.layers.Flatten(), keras.layers.Dense(7)).save_weights(tmp_path / "a.weights.h5")
    assert "holds weights alone; build the network in the program" in refused(tmp_path / "a.weights.h5")


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_one_line_and_leaves_nothing(
    trained: Path, tmp_path: Path, ending: str, share: float, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"cut{ending}"
    content = trained.with_suffix(ending).read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    assert run(file, "--labels", "folders", "--scaling", "-1..1", "--float") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(file) in error
    assert [each.name for each in tmp_path.iterdir()] == [file.name]


def test_a_file_by_another_name_says_which(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(trained.read_bytes())
    (tmp_path / "a.keras").write_bytes(trained.with_suffix(".h5").read_bytes())
    assert "is no .h5 file by its content; is it whole? If so, name it .keras" in refused(tmp_path / "a.h5")
    assert "is no .keras file by its content; is it whole? If so, name it .h5" in refused(tmp_path / "a.keras")
