"""Every figure of one model: the one report that cards, tables and pictures are made from."""

from pathlib import Path
from typing import Any

import numpy as np

from assistant.config.settings import DetectorSettings
from assistant.vision import detectors
from assistant.vision.inference.expression import ExpressionClassifier, apply_temperature
from convert.data.fer2013 import DatasetError, Faces
from convert.expression.evaluation import confidence, robustness, testset, wild

PRECISION = {"looks": 0.85, "maybe": 0.6}
"""Precision on PublicTest of the answers above a threshold, for each level at which the assistant announces an
expression. 0.8 to 0.9 were tried on the tuning scenes: with 0.9 no expression was right more often, since the mean over
a window is surer than one picture, but sad faces were announced later or not at all."""
LOOKS_PRECISION = {"happy": 0.98, "neutral": 0.94}
"""Higher precision of "looks" for two expressions. 0.95 of the announcements "looks happy" must be true, and with 0.97
here 0.946 of them were in the tuning scenes; "looks neutral", announced for a face that shows an expression faintly, is
the most frequent error."""


def evaluate(
    model: Path, faces: Faces, split: str = "PrivateTest", *, muxspace: Path | None = None, quick: bool = False
) -> dict[str, Any]:
    """All figures of a model on one split, ready for JSON.

    muxspace: the folder of that name, left out where None. quick: leave out what takes minutes, robustness and
    muxspace. The same file, runtime and kind of processor give the same figures, to the digit. Raises ModelError or
    DatasetError.
    """
    classifier, tested = ExpressionClassifier(model, threads=1), faces.of(split)
    scores = testset.probabilities(classifier, tested.images)
    _, truth, counts = testset.truth_of(classifier.labels, tested)
    shares, shared = testset.shares_of(classifier.labels, tested)
    report: dict[str, Any] = {"split": split, "labels": list(classifier.labels)}
    report |= testset.judge(classifier.labels, scores, tested, faces.of("Training"))
    report["confidence"] = confidence.figures(scores[shared], shares[shared])
    report["mirror"] = robustness.mirror(classifier, tested.images, scores)
    if not quick:
        report["robustness"] = robustness.figures(classifier, tested.images[counts], truth[counts])
        if muxspace:
            detector = detectors.open_detector(DetectorSettings(driver="tflite"))
            report["muxspace"] = wild.figures(classifier, detector, muxspace)
    return report


def fit_calibration(model: Path, faces: Faces) -> dict[str, Any]:
    """Temperature and thresholds for a model's card, fitted on PublicTest, and the model's answers to the pictures
    of its self-test. Raises ModelError, or DatasetError where there are no votes to choose by.

    The temperature is that of single answers. The thresholds are for the mean of a face's and its mirror image's: the
    assistant looks at both by turns, and decides by a mean.
    """
    classifier, tested = testset.untempered(model), faces.of("PublicTest")
    shares, shared = testset.shares_of(classifier.labels, tested)
    if not shared.any():
        raise DatasetError(f"PublicTest holds no votes, by which {model.name} is judged; put FER+'s beside FER-2013")
    images, shares = tested.images[shared], shares[shared]
    scores = np.stack([testset.probabilities(classifier, each) for each in (images, images[:, :, ::-1])])
    temperature = confidence.temperature(np.concatenate(scores), np.tile(shares, (2, 1)))
    both = apply_temperature(scores, temperature).mean(axis=0)
    levels = confidence.thresholds_by_level(both, shares, classifier.labels, PRECISION, {"looks": LOOKS_PRECISION})
    answers = [[round(float(each), 4) for each in row] for row in classifier.self_test_answers()]
    return {"temperature": temperature, "thresholds": levels, "self_test": answers}
