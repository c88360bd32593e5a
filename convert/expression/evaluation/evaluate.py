"""The evaluation of one expression model: the report from which cards, tables and diagrams are made."""

from pathlib import Path
from typing import Any

import numpy as np

from assistant.config.settings import DetectorSettings
from assistant.vision import detectors
from assistant.vision.detectors import FaceDetector
from assistant.vision.inference.expression import ExpressionClassifier, apply_temperature
from convert.data import pictures
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import DatasetError
from convert.expression.evaluation import balance, confidence, robustness, slices, testset, wild

PRECISION = {"looks": 0.85, "maybe": 0.6}
"""Precision on PublicTest that a threshold must give, for each level at which the assistant announces an expression.
For "looks", 0.8 to 0.9 were tried on the tuning scenes: 0.9 made the announcements of no expression more precise, since
the mean over a window of time is more reliable than one picture, but sad faces were announced later or not at all."""
LOOKS_PRECISION = {"happy": 0.98, "neutral": 0.94}
"""Higher precision of "looks" for two expressions. 0.95 of the announcements "looks happy" must be correct; with 0.97
here 0.946 of them were in the tuning scenes. "looks neutral", announced of a face with a faint expression, is the most
frequent error."""


def evaluate(
    model: Path,
    faces: Faces,
    split: str = "PrivateTest",
    *,
    muxspace: Path | None = None,
    quick: bool = False,
    by_slice: bool = False,
    detection: Path | None = None,
) -> dict[str, Any]:
    """All figures of a model on one split, ready for JSON.

    muxspace: the folder of that name; no figures on muxspace if None. quick: leave out robustness and muxspace, which
    take minutes. by_slice: add the slices by glasses, beard, light and, where `detection` is the folder of the
    detector's training pictures, skin tone. The figures are exactly reproducible with the same file, runtime and kind
    of processor. Raises ModelError or DatasetError.
    """
    classifier, tested = ExpressionClassifier(model, threads=1), faces.of(split)
    scores = testset.probabilities(classifier, tested.images)
    _, truth, is_counted = testset.truth_of(classifier.labels, tested)
    shares, has_shares = testset.shares_of(classifier.labels, tested)
    report: dict[str, Any] = {"split": split, "labels": list(classifier.labels)}
    report |= testset.score(classifier.labels, scores, tested, faces.of("Training"))
    report["confidence"] = confidence.figures(scores[has_shares], shares[has_shares])
    if weights := classifier.thresholds.weights:
        report["balanced"] = balance.report(classifier.labels, scores, tested, weights)
    report["mirror"] = robustness.mirror_consistency(classifier, tested.images, scores)
    if not quick:
        report["robustness"] = robustness.figures(
            classifier, testset.own_crops(tested.images)[is_counted], truth[is_counted]
        )
        if muxspace:
            report["muxspace"] = wild.figures(classifier, _detector(), muxspace)
    if by_slice:
        report["slices"] = slices.figures(classifier, tested, _detector(), detection)
    return report


def _detector() -> FaceDetector:
    return detectors.open_detector(DetectorSettings(driver="tflite"))


def fit_calibration(model: Path, faces: Faces) -> dict[str, Any]:
    """The entries of a model's card that are fitted on PublicTest (temperature, thresholds, balance), and self-test.

    The temperature is fitted to the outputs for single pictures. The thresholds are fitted to the mean of the outputs
    for a face and its mirror image, since the assistant classifies both alternately and averages over time; those of
    "maybe" to the same, balanced by the prior of Training and the power that suits PublicTest (see `balance`).
    self_test: the model's outputs for the pictures of its self-test. Raises ModelError, or DatasetError where the data
    set has no FER+ votes.
    """
    classifier, tested = testset.untempered(model), faces.of("PublicTest")
    shares, has_shares = testset.shares_of(classifier.labels, tested)
    if not has_shares.any():
        raise DatasetError(f"PublicTest holds no votes, by which {model.name} is judged; put FER+'s beside FER-2013")
    images, shares = pictures.where(tested.images, has_shares), shares[has_shares]
    scores = np.stack([testset.probabilities(classifier, each) for each in (images, testset.mirrored(images))])
    temperature = confidence.temperature(np.concatenate(scores), np.tile(shares, (2, 1)))
    mean_scores, labels = apply_temperature(scores, temperature).mean(axis=0), classifier.labels
    prior = balance.prior(labels, faces.of("Training"))
    power = balance.choose_power(labels, mean_scores, tested.where(has_shares), prior)
    by_level = {"looks": mean_scores, "maybe": balance.posterior(mean_scores, balance.weights(labels, prior, power))}
    levels = confidence.thresholds_by_level(by_level, shares, labels, PRECISION, {"looks": LOOKS_PRECISION})
    self_test = [[round(float(each), 4) for each in row] for row in classifier.self_test_answers()]
    return {
        "temperature": temperature,
        "thresholds": levels,
        "prior": prior,
        "prior_power": power,
        "self_test": self_test,
    }
