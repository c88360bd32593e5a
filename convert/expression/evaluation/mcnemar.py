"""McNemar's test (1947) of two models on the same pictures: is the difference in accuracy significant?"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data.fer2013 import Faces
from convert.expression.evaluation import testset
from convert.expression.evaluation.metrics import DIGITS

SIGNIFICANCE = 0.05
"""Greatest p value with which a difference counts as shown."""


def compare(first: Path, second: Path, faces: Faces, split: str = "PrivateTest") -> dict[str, Any]:
    """Compare two models with the same set of labels on one split, ready for JSON.

    difference_points: accuracy of the second minus that of the first, with its 95 % interval (normal approximation of
    paired proportions); p: two-sided exact McNemar test on the pictures that only one model classifies correctly.
    Raises ModelError where the models have different sets of labels.
    """
    tested, is_correct, truths = faces.of(split), [], []
    for model in (first, second):
        classifier = ExpressionClassifier(model, threads=1)
        name, truth, is_counted = testset.truth_of(classifier.labels, tested)
        scores = testset.probabilities(classifier, tested.images[is_counted])
        is_correct.append(scores.argmax(axis=1) == truth[is_counted])
        truths.append(name)
    if truths[0] != truths[1]:
        raise ModelError(f"{first.stem} is judged by {truths[0]}, {second.stem} by {truths[1]}: nothing to compare")
    return {
        "split": split,
        "truth": truths[0],
        "models": [first.stem, second.stem],
        "accuracy": [round(float(each.mean()), DIGITS) for each in is_correct],
        **paired(*is_correct),
    }


def paired(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> dict[str, Any]:
    """The comparison of two models that are right, or not, on the same pictures, bool [N] each, ready for JSON; as in
    `compare`."""
    only_first, only_second = (int((a & ~b).sum()) for a, b in ((first, second), (second, first)))
    pictures = len(first)
    difference = (only_second - only_first) / pictures
    spread = 1.96 * math.sqrt(max(only_first + only_second - pictures * difference**2, 0)) / pictures
    return {
        "pictures": pictures,
        "only_right": [only_first, only_second],
        "difference_points": round(100 * difference, 4),
        "difference_interval_95": [round(100 * (difference + sign * spread), 4) for sign in (-1, 1)],
        "p": round(p_value(only_first, only_second), DIGITS),
        "both_right": int(np.sum(first & second)),
    }


def p_value(only_first: int, only_second: int) -> float:
    """Two-sided exact p value: discordant pictures are distributed binomially with probability one half."""
    count, fewer = only_first + only_second, min(only_first, only_second)
    if count == 0:
        return 1.0
    log_mass = [
        math.lgamma(count + 1) - math.lgamma(k + 1) - math.lgamma(count - k + 1) - count * math.log(2)
        for k in range(fewer + 1)
    ]
    return min(1.0, 2 * sum(map(math.exp, log_mass)))


def as_text(report: dict[str, Any]) -> str:
    """The report as text."""
    rows = [f"{report['split']}, {report['pictures']} pictures, judged by {report['truth']}"]
    rows += [
        f"{name:28} {accuracy:.2%}, alone right on {alone}"
        for name, accuracy, alone in zip(report["models"], report["accuracy"], report["only_right"], strict=True)
    ]
    return "\n".join([*rows, sentence(report)])


def sentence(report: Mapping[str, Any]) -> str:
    """The test of two models, `models` of the report, in one sentence."""
    (first, second), (low, high) = report["models"], report["difference_interval_95"]
    verdict = "a difference is shown" if is_shown(report) else "no difference is shown"
    return (
        f"{second} less {first}: {report['difference_points']:+.2f} points (95 %: {low:+.2f} to {high:+.2f}), "
        f"McNemar p = {report['p']:.4f}: {verdict}"
    )


def is_shown(report: Mapping[str, Any]) -> bool:
    """Whether the test shows a difference."""
    return bool(report["p"] < SIGNIFICANCE)
