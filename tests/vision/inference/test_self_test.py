"""The self-test: its images never change, and a stuck or foreign model is refused at the start."""

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant.config.settings import ModelSettings, Settings
from assistant.errors import ModelError
from assistant.records import FaultName
from assistant.vision import factory
from assistant.vision.inference import self_test
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.inference.model_file import find_model
from convert.tflite.card_file import load
from tests.support import damaged_models


def test_the_images_never_change() -> None:
    pictures = self_test.test_images()
    assert (pictures.shape, pictures.dtype) == ((7, 48, 48), np.uint8)
    assert hashlib.sha256(pictures.tobytes()).hexdigest()[:16] == "e4bca8c544eeeb5b"
    assert len({picture.tobytes() for picture in pictures}) == 7


def test_the_shipped_cards_hold_answers_that_differ_from_image_to_image() -> None:
    for model in sorted(find_model(damaged_models.SHIPPED).parent.glob("**/emotion-*.tflite")):
        answers = np.array(load(model)["self_test"])
        assert answers.shape == (7, len(load(model)["labels"]))
        assert np.ptp(answers, axis=0).max() > 3 * self_test.TOLERANCE
        np.testing.assert_allclose(ExpressionClassifier(model).self_test_answers(), answers, atol=self_test.TOLERANCE)


def test_a_model_with_a_constant_output_is_refused(tmp_path: Path) -> None:
    model = damaged_models.copy(tmp_path)
    damaged_models.edit(model, damaged_models.stuck)
    with pytest.raises(ModelError, match=r"copy\.tflite: fails its self-test: a probability is off by"):
        ExpressionClassifier(model)
    damaged_models.rewrite_card(model, self_test=[])
    ExpressionClassifier(model)  # a self-test is optional


def test_a_model_that_would_leave_every_expression_untold_is_told_of(tmp_path: Path) -> None:
    """As with a card that states another input scaling than the model was trained with: every picture looks alike."""
    model = damaged_models.copy(tmp_path)
    damaged_models.edit(model, damaged_models.stuck)
    damaged_models.rewrite_card(model, self_test=[])
    said = (
        r"copy\.tflite: gives nearly the same answer to every picture .*; is its input scaled as its card says, \(grey"
    )
    with pytest.raises(ModelError, match=said):
        ExpressionClassifier(model).check_answers()
    settings = Settings(model=ModelSettings(file=str(model)))
    with pytest.raises(ModelError, match=said):
        factory.parts(settings)
    parts, faults = factory.best_parts(settings)
    assert parts.classifier is not None
    assert list(faults) == [FaultName.MODEL_FALLBACK]
    assert re.search(said, faults[FaultName.MODEL_FALLBACK])


@pytest.mark.parametrize(
    ("scale", "zero_point", "takes"),
    [
        (1 / 255, -128, "0 to 1 in steps of 0.0039"),
        (1 / 127.5, 0, "-1 to 0.996"),
        (1.0, -128, "0 to 255 in steps of 1"),
    ],
    ids=["grey / 255", "grey / 127.5 - 1", "grey"],
)
def test_a_quantized_input_of_another_scaling_than_the_cards_is_refused(
    tmp_path: Path, scale: float, zero_point: int, takes: str
) -> None:
    model = damaged_models.copy(tmp_path)

    def rescale(tree: Any, graph: Any) -> None:
        about = graph.tensors[graph.inputs[0]].quantization
        about.scale, about.zeroPoint = np.array([scale], np.float32), np.array([zero_point], np.int64)

    damaged_models.edit(model, rescale)
    damaged_models.rewrite_card(model, self_test=[])
    with pytest.raises(ModelError, match=f"its input takes {takes}.*, but its card says .*train it with that scaling"):
        ExpressionClassifier(model)


def test_the_shipped_models_answer_each_picture_differently() -> None:
    for name in factory.FALLBACK_MODELS:
        ExpressionClassifier(find_model(name)).check_answers()


@pytest.mark.parametrize("rows", [[[0.1]], "none", [[0.1] * 8] * 6, [["0.1"] * 8] * 7])
def test_self_test_answers_of_another_form_are_refused(tmp_path: Path, rows: Any) -> None:
    model = damaged_models.copy(tmp_path)
    damaged_models.rewrite_card(model, self_test=rows)
    with pytest.raises(ModelError, match="self_test must hold 7 rows of 8 probabilities"):
        ExpressionClassifier(model)


def test_a_difference_of_rounding_is_tolerated_and_more_is_not() -> None:
    expected = [[0.5, 0.5]] * 7
    assert self_test.mismatch(np.array([[0.53, 0.47]] * 7, np.float32), expected) == ""
    assert self_test.mismatch(np.array([[0.6, 0.4]] * 7, np.float32), expected) == "a probability is off by 0.10"
    assert self_test.mismatch(np.array([[0.5, 0.3, 0.2]] * 7, np.float32), expected) != ""
