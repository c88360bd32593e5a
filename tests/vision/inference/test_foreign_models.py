"""Models of other makers: their cards state another input, and they get it."""

from pathlib import Path

import numpy as np
import pytest

from assistant.config.settings import Settings
from assistant.errors import ModelError
from assistant.records import EXPRESSIONS, Box, Face, Frame, Thresholds
from assistant.vision.faces import preprocess
from assistant.vision.faces.input_format import SCALINGS, InputFormat
from assistant.vision.factory import VisionParts, load_phrases
from assistant.vision.inference import self_test
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import TFLiteModel
from assistant.vision.pipeline import Pipeline
from convert.data.fer2013_labels import LABELS
from tests.support import damaged_models, foreign_models
from tests.support.standins import ScriptedDetector

FORMATS = [
    InputFormat(96, 1, "grey", "0..1"),
    InputFormat(64, 3, "grey", "-1..1"),
    InputFormat(128, 3, "rgb", "-1..1"),
    InputFormat(224, 3, "bgr", "imagenet-bgr"),
    InputFormat(48, 3, "rgb", "imagenet"),
    InputFormat(48, 1, "grey", "0..255"),
]


@pytest.fixture(autouse=True)
def _is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """These models are our own: without a process for each."""
    monkeypatch.setattr("assistant.vision.inference.sandbox.check_loads", lambda path, content: None)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def crop_of(wanted: InputFormat, seed: int = 5) -> np.ndarray:
    tint = np.arange(np.prod(wanted.crop_shape)).reshape(wanted.crop_shape) % 3 * 40
    noise = np.random.default_rng(seed).integers(0, 150, wanted.crop_shape)
    return (noise + tint).astype(np.uint8)


@pytest.mark.parametrize(("wanted", "needs_colour"), [(FORMATS[1], False), (FORMATS[2], True), (FORMATS[3], True)])
def test_a_model_that_takes_colours_needs_a_camera_that_gives_them(
    tmp_path: Path, wanted: InputFormat, needs_colour: bool
) -> None:
    classifier = ExpressionClassifier(foreign_models.write(tmp_path / "x.tflite", wanted))
    assert VisionParts(ScriptedDetector(lambda number: ()), classifier).needs_colour == needs_colour


@pytest.mark.parametrize("has_softmax", [True, False], ids=["probabilities", "logits"])
@pytest.mark.parametrize("wanted", FORMATS, ids=lambda each: f"{each.side}-{each.colour}-{each.scaling}")
def test_a_float_model_of_any_format_gives_its_own_probabilities(
    tmp_path: Path, wanted: InputFormat, has_softmax: bool
) -> None:
    classifier = ExpressionClassifier(foreign_models.write(tmp_path / "x.tflite", wanted, has_softmax=has_softmax))
    assert classifier.input == wanted
    crop = crop_of(wanted)
    got = classifier.probabilities(crop)
    np.testing.assert_allclose(got, softmax(foreign_models.logits(wanted, crop)), atol=2e-3)
    assert got.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("scaling", "kind", "scale", "zero_point"),
    [
        ("0..1", "int8", 1 / 255, -128),
        ("-1..1", "int8", 1 / 127.5, 0),
        ("-1..1", "uint8", 1 / 127.5, 127),
        ("0..255", "uint8", 1.0, 0),
        ("0..255", "uint8", 0.0, 0),
        ("imagenet", "int8", 4.76 / 255, -14),
    ],
)
def test_a_quantized_input_carries_what_the_card_says(
    tmp_path: Path, scaling: str, kind: str, scale: float, zero_point: int
) -> None:
    wanted = InputFormat(96, 3, "rgb", scaling)
    model = foreign_models.write(tmp_path / "x.tflite", wanted, kind=kind, scale=scale, zero_point=zero_point)
    classifier = ExpressionClassifier(model)
    crop = crop_of(wanted)
    tensor = classifier.quantize(crop)
    assert (tensor.dtype, list(tensor.shape)) == (np.dtype(kind), wanted.shape)
    real = (tensor.astype(np.float64) - zero_point) * (scale or 1.0)
    assert np.abs(real[0] - wanted.tensor(crop)).max() <= (scale or 1.0) / 2 + 1e-6 + 0.01 * (scaling == "-1..1")
    np.testing.assert_allclose(classifier.probabilities(crop), softmax(foreign_models.logits(wanted, crop)), atol=0.01)


@pytest.mark.parametrize("scaling", sorted(SCALINGS))
@pytest.mark.parametrize("stated", sorted(SCALINGS))
def test_a_quantized_input_of_another_range_is_refused(tmp_path: Path, scaling: str, stated: str) -> None:
    """Where the ranges of two scalings differ by more than the calibration's chance, the card is found out."""
    wanted, card = (InputFormat(48, 3, "rgb" if "image" in each else "grey", each) for each in (scaling, stated))
    low, high = wanted.limits()
    low, high = min(low, 0.0), max(high, 0.0)
    scale = (high - low) / 255
    model = foreign_models.write(
        tmp_path / "x.tflite", card, kind="int8", scale=scale, zero_point=round(-128 - low / scale)
    )
    nearly_the_same = [{"(grey - 128) / 64", "imagenet"}]
    if {scaling, stated} in nearly_the_same:
        return
    if scaling == stated:
        ExpressionClassifier(model)
        return
    with pytest.raises(ModelError, match="its input takes .*, but its card says .*which is") as caught:
        ExpressionClassifier(model)
    assert "\n" not in str(caught.value)


def test_the_labels_may_stand_in_any_order_and_be_seven_or_eight(tmp_path: Path) -> None:
    wanted = InputFormat(48, 1, "grey", "0..1")
    for labels in (LABELS[::-1], EXPRESSIONS[3:] + EXPRESSIONS[:3]):
        model = foreign_models.write(tmp_path / "x.tflite", wanted, labels=labels, classes=len(labels))
        classifier = ExpressionClassifier(model)
        assert classifier.labels == labels
        assert classifier.probabilities(crop_of(wanted)).shape == (len(labels),)


def test_a_card_that_calls_logits_probabilities_is_refused(tmp_path: Path) -> None:
    model = foreign_models.write(tmp_path / "x.tflite", FORMATS[0], has_softmax=False)
    damaged_models.rewrite_card(model, output={"values": "probabilities"})
    with pytest.raises(ModelError, match="the model returned no probabilities"):
        ExpressionClassifier(model)


@pytest.mark.parametrize("output", [{"values": "odds"}, {"values": 3}, "logits, I think", ["logits"]])
def test_a_card_with_another_meaning_of_its_outputs_is_refused(tmp_path: Path, output: object) -> None:
    model = foreign_models.write(tmp_path / "x.tflite", FORMATS[0])
    damaged_models.rewrite_card(model, output=output)
    with pytest.raises(ModelError, match=r"output\.values is .*; allowed: probabilities or logits"):
        ExpressionClassifier(model)


def test_a_raw_input_is_of_bytes_alone(tmp_path: Path) -> None:
    model = foreign_models.write(tmp_path / "x.tflite", FORMATS[-1], kind="int8", scale=0.0)
    with pytest.raises(ModelError, match="without a scale"):
        ExpressionClassifier(model)
    card = {"sha256": ExpressionClassifier(foreign_models.write(model, FORMATS[-1], kind="uint8")).card.sha256}
    assert TFLiteModel(model, card, 1).input["quantization"] == (1.0, 0)


@pytest.mark.parametrize("wanted", FORMATS, ids=lambda each: f"{each.side}-{each.colour}")
def test_the_self_test_shows_its_pictures_in_the_models_format(tmp_path: Path, wanted: InputFormat) -> None:
    crops = self_test.crops(wanted)
    assert (crops.shape, crops.dtype) == ((7, *wanted.crop_shape), np.uint8)
    model = foreign_models.write(tmp_path / "x.tflite", wanted)
    answers = ExpressionClassifier(model).self_test_answers()
    damaged_models.rewrite_card(model, self_test=[[round(float(each), 4) for each in row] for row in answers])
    ExpressionClassifier(model)
    damaged_models.rewrite_card(model, self_test=[[1.0] + [0.0] * 6] * 7)
    with pytest.raises(ModelError, match="fails its self-test"):
        ExpressionClassifier(model)


def test_in_colour_a_channel_in_anothers_place_shows() -> None:
    blue, _, red = np.moveaxis(self_test.crops(FORMATS[2]), -1, 0)
    assert red.mean() - blue.mean() > 30


def coloured_frame(at: float, is_dim: bool = False) -> Frame:
    """A frame with one sharp face, reddish, at (280, 100, 80, 80)."""
    random = np.random.default_rng(8)
    image = np.empty((480, 640, 3), np.uint8)
    grain = random.integers(0, 130, (60, 80)).repeat(8, 0).repeat(8, 1)
    image[...] = np.stack([grain * 0.7 + 30, grain * 0.8 + 35, grain + 50], axis=-1)
    return Frame((image * 0.5).astype(np.uint8) if is_dim else image, at, 0)


class Remembering:
    """A classifier that keeps the crops that it is shown."""

    labels = LABELS

    def __init__(self, wanted: InputFormat) -> None:
        self.input, self.thresholds = wanted, Thresholds()
        self.seen: list[np.ndarray] = []

    def probabilities(self, crop: np.ndarray) -> np.ndarray:
        self.seen.append(np.array(crop))
        return np.full(7, 1 / 7, np.float32)


@pytest.mark.parametrize("wanted", FORMATS, ids=lambda each: f"{each.side}-{each.colour}")
def test_the_pipeline_cuts_the_crop_that_the_model_takes(wanted: InputFormat) -> None:
    found = Face(Box(280.0, 100.0, 80.0, 80.0), 0.9)
    classifier = Remembering(wanted)
    pipeline = Pipeline(ScriptedDetector(lambda number: [found]), classifier, Settings(), load_phrases(Settings()))
    frame = coloured_frame(0.0)
    (reading,) = pipeline.step(frame).readings
    assert reading.reason == ""
    pipeline.step(coloured_frame(0.1))
    plain, mirrored = classifier.seen
    assert plain.shape == wanted.crop_shape
    picture = preprocess.to_grey(frame.image) if wanted.is_grey else frame.image
    np.testing.assert_array_equal(plain, preprocess.face_crop(picture, found, 0.0, wanted.side))
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])


def test_a_dim_face_gets_more_contrast_in_colour_as_in_grey() -> None:
    found, seen = Face(Box(280.0, 100.0, 80.0, 80.0), 0.9), {}
    for wanted in (InputFormat(), InputFormat(48, 3, "rgb", "-1..1")):
        classifier = Remembering(wanted)
        pipeline = Pipeline(ScriptedDetector(lambda number: [found]), classifier, Settings(), load_phrases(Settings()))
        pipeline.step(coloured_frame(0.0, is_dim=True))
        (seen[wanted.channels],) = classifier.seen
    dim = preprocess.face_crop(preprocess.to_grey(coloured_frame(0.0, is_dim=True).image), found)
    assert seen[1].astype(int).std() > 1.3 * dim.astype(int).std()
    difference = preprocess.to_grey(seen[3]).astype(int) - seen[1].astype(int)
    assert np.abs(difference).mean() < 6
