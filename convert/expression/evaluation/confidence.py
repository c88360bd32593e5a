"""Calibration of probabilities: expected calibration error, risk and coverage; fitting of temperature and thresholds.

The correctness of a prediction is its share of the votes: where seven of ten annotators vote "happy", the prediction
"happy" is correct to 0.7. So a model that is as uncertain as the annotators is well calibrated.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.vision.inference.expression import apply_temperature
from convert.expression.evaluation.metrics import DIGITS

BINS = 15
"""Number of equally wide bins of confidence, for the calibration error and the reliability diagram."""
COVERAGES = tuple(round(0.1 * step, 1) for step in range(10, 0, -1))
"""Coverages (shares of the pictures, those of highest confidence first) at which the risk is reported."""
TEMPERATURES = tuple(round(0.3 + 0.01 * step, 2) for step in range(271))
"""Candidate temperatures: 0.30 to 3.00."""
THRESHOLDS = tuple(round(0.3 + 0.01 * step, 2) for step in range(70))
"""Candidate thresholds: 0.30 to 0.99."""
NEVER = 1.0
"""Threshold of a label for which no candidate reaches the precision."""
MIN_PREDICTIONS = 20
"""Smallest number of predictions above a threshold from which precision is estimated."""


def figures(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> dict[str, Any]:
    """All calibration figures, ready for JSON. scores: probabilities float32 [N, classes]. shares: ground truth as
    shares of the votes, float32 [N, classes].

    ece: expected calibration error over BINS equally wide bins (Guo et al. 2017). cross_entropy: in nats.
    risk_coverage: error rate among the pictures of highest confidence, for each coverage; aurc is its mean over all
    coverages (Geifman & El-Yaniv 2017). reliability: number of pictures, mean confidence and accuracy of each bin that
    is not empty.
    """
    confidence, correctness = scores.max(axis=1), _correctness(scores, shares)
    by_confidence = correctness[np.argsort(-confidence, kind="stable")]
    risk = 1 - np.cumsum(by_confidence) / np.arange(1, len(by_confidence) + 1)
    return {
        "pictures": len(scores),
        "ece": round(ece(scores, shares), DIGITS),
        "cross_entropy": round(cross_entropy(scores, shares), DIGITS),
        "aurc": round(float(risk.mean()), DIGITS),
        "risk_coverage": [
            {"coverage": share, "risk": round(float(risk[max(1, round(share * len(risk))) - 1]), DIGITS)}
            for share in COVERAGES
        ],
        "reliability": [
            {
                "pictures": int(inside.sum()),
                "probability": round(float(confidence[inside].mean()), DIGITS),
                "right": round(float(correctness[inside].mean()), DIGITS),
            }
            for inside in _bins(confidence)
        ],
    }


def ece(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Expected calibration error of probabilities [N, classes]; shares: of the votes, [N, classes]."""
    confidence, correctness = scores.max(axis=1), _correctness(scores, shares)
    return float(sum(abs(float((confidence[each] - correctness[each]).sum())) for each in _bins(confidence))) / len(
        scores
    )


def cross_entropy(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Mean over the pictures of -sum(share * log(p)), in nats."""
    return float(-(shares * np.log(np.maximum(scores, 1e-6))).sum(axis=1).mean())


def temperature(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """The one of TEMPERATURES with the smallest cross-entropy (Guo et al. 2017). scores: at temperature 1."""
    return min(TEMPERATURES, key=lambda each: cross_entropy(apply_temperature(scores, each), shares))


def thresholds(
    scores: NDArray[np.float32],
    shares: NDArray[np.float32],
    labels: tuple[str, ...],
    precision: float,
    precision_of: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """For each label the lowest threshold at which its predictions reach `precision`; NEVER where none does.

    precision_of: other precisions for some labels. A prediction counts as correct if no other class has more votes.
    """
    predictions, confidence = scores.argmax(axis=1), scores.max(axis=1)
    is_correct = shares[np.arange(len(scores)), predictions] >= shares.max(axis=1)
    made = {}
    for index, label in enumerate(labels):
        is_predicted, required = predictions == index, (precision_of or {}).get(label, precision)
        fit = (
            each
            for each in THRESHOLDS
            if (accepted := is_predicted & (confidence >= each)).sum() >= MIN_PREDICTIONS
            and is_correct[accepted].mean() >= required
        )
        made[label] = next(fit, NEVER)
    return made


def thresholds_by_level(
    scores: Mapping[str, NDArray[np.float32]],
    shares: NDArray[np.float32],
    labels: tuple[str, ...],
    precision: Mapping[str, float],
    precision_of: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, dict[str, float]]:
    """`thresholds` for each level of announcement ("looks", "maybe").

    scores: probabilities by level, float32 [N, classes]. precision: required precision of each level. precision_of:
    other precisions for some labels, by level.
    """
    return {
        name: thresholds(scores[name], shares, labels, each, (precision_of or {}).get(name))
        for name, each in precision.items()
    }


def _correctness(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float64]:
    """Correctness [N] of the predictions: their shares of the votes."""
    return shares[np.arange(len(scores)), scores.argmax(axis=1)].astype(np.float64)


def _bins(confidence: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    """For each bin of confidence that is not empty, a mask [N] of its pictures."""
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [number == each for each in range(BINS) if (number == each).any()]
