"""A wrong scaling or order of labels shows in the figures, and is named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assistant.vision.faces.input_format import InputFormat
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS
from convert.foreign import plausibility
from convert.foreign.label_names import ORDERS
from convert.foreign.network import Network

FORMAT = InputFormat(48, 1, "grey", "0..1")


def faces(count: int = 30) -> Faces:
    """Flat pictures whose grey level is 20 + 30 * class."""
    labels = np.repeat(np.arange(7), count)
    images = np.broadcast_to((20 + 30 * labels)[:, None, None], (len(labels), 48, 48)).astype(np.uint8)
    return Faces(images, labels, np.full(len(labels), 1), np.zeros((len(labels), 10), np.float32))


def network(order: tuple[str, ...], level: Callable[[np.ndarray], np.ndarray], error: float = 0.4) -> Network:
    """Answers with the class of a picture by its mean, which `level` turns into a grey level, wrong by chance."""

    def predict(values: np.ndarray) -> np.ndarray:
        classes = np.rint((level(values.mean(axis=(1, 2, 3))) - 20) / 30).clip(0, 6).astype(int)
        random = np.random.default_rng(len(values))
        wrong = random.random(len(values)) < error
        classes = np.where(wrong, random.integers(0, 7, len(values)), classes)
        made = np.zeros((len(values), len(order)), np.float32)
        for row, index in enumerate(classes):
            made[row, order.index(LABELS[index])] = 1
        return made

    return Network(Path("x.tflite"), "a test", (*FORMAT.crop_shape, 1), len(order), predict, 500)


def test_a_right_statement_is_not_doubted() -> None:
    verdict = plausibility.judge(network(LABELS, lambda mean: mean * 255), FORMAT, LABELS, faces())
    assert verdict.warning == ""
    assert verdict.stated.accuracy > 0.5
    assert verdict.pictures == 210


def test_another_scaling_is_named_with_its_figures() -> None:
    verdict = plausibility.judge(network(LABELS, lambda mean: mean * 127.5 + 127.5), FORMAT, LABELS, faces())
    assert verdict.best.scaling == "-1..1"
    assert verdict.best.labels == LABELS
    stated, best = f"{verdict.stated.accuracy:.1%}", f"{verdict.best.accuracy:.1%}"
    assert verdict.warning == f"as stated it reads {stated} of 210 pictures right, with --scaling -1..1 {best}"


@pytest.mark.parametrize("name", ["folders", "fer2013"])
def test_another_order_is_named(name: str) -> None:
    stated = LABELS if name == "folders" else ORDERS["folders"]
    verdict = plausibility.judge(network(ORDERS[name], lambda mean: mean * 255), FORMAT, stated, faces())
    assert verdict.best.labels == ORDERS[name]
    assert f"with --labels {name} " in verdict.warning


def test_an_order_without_a_name_is_told_by_its_labels() -> None:
    order = (*LABELS[3:], *LABELS[:3])
    verdict = plausibility.judge(network(order, lambda mean: mean * 255), FORMAT, LABELS, faces())
    assert f"with --labels {','.join(order)} " in verdict.warning


def test_both_may_be_wrong() -> None:
    verdict = plausibility.judge(network(ORDERS["folders"], lambda mean: mean), FORMAT, LABELS, faces())
    assert "with --scaling 0..255 and --labels folders " in verdict.warning


def test_eight_labels_are_judged_too() -> None:
    verdict = plausibility.judge(network(FERPLUS_LABELS, lambda mean: mean * 255), FORMAT, FERPLUS_LABELS, faces())
    assert verdict.warning == ""
    doubted = plausibility.judge(
        network(FERPLUS_LABELS, lambda mean: mean * 255), FORMAT, (*LABELS, "contempt"), faces()
    )
    assert "with --labels ferplus " in doubted.warning


def test_a_classifier_that_guesses_is_called_one_and_no_order_is_praised() -> None:
    verdict = plausibility.judge(network(LABELS, lambda mean: mean * 255, error=1.0), FORMAT, LABELS, faces())
    assert verdict.best is verdict.stated
    assert "hardly more than the 14.3% of a guess" in verdict.warning


def test_few_pictures_accuse_nobody() -> None:
    """Of 56 pictures some order reads many right by chance."""
    for error in (0.7, 0.8, 0.9, 1.0):
        verdict = plausibility.judge(network(LABELS, lambda mean: mean * 255, error), FORMAT, LABELS, faces(8))
        assert verdict.best is verdict.stated


def test_a_model_of_three_channels_is_tried_with_the_means_of_colours_too() -> None:
    seen = []

    def predict(values: np.ndarray) -> np.ndarray:
        seen.append(values.shape)
        return np.eye(7, dtype=np.float32)[np.zeros(len(values), int)]

    wanted = InputFormat(48, 3, "rgb", "0..1")
    colour = replace(faces(), images=np.repeat(faces().images[..., None], 3, axis=-1))
    plausibility.judge(Network(Path("x"), "", (48, 48, 3), 7, predict, 500), wanted, LABELS, colour)
    assert len(seen) == 6


def test_as_many_pictures_of_each_class_are_taken() -> None:
    chosen = plausibility.balanced(faces(40), 25)
    assert np.bincount(chosen.labels).tolist() == [25] * 7
