"""Calibration of probabilities: expected calibration error, risk and coverage; fitting of temperature and thresholds.

An answer is right by its share of the truth: where seven of ten people vote "happy", the answer "happy" is right by
0.7. So a model that is as unsure as people are is not counted as wrong.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.vision.inference.expression import apply_temperature
from convert.expression.evaluation.metrics import DIGITS

BINS = 15
"""Equally wide bins of probability, for the calibration error and the reliability diagram."""
COVERAGES = tuple(round(0.1 * step, 1) for step in range(10, 0, -1))
"""Shares of the pictures, the surest first, at which the risk is reported."""
TEMPERATURES = tuple(round(0.3 + 0.01 * step, 2) for step in range(271))
"""Temperatures that are tried: 0.30 to 3.00."""
THRESHOLDS = tuple(round(0.3 + 0.01 * step, 2) for step in range(70))
"""Thresholds that are tried: 0.30 to 0.99."""
NEVER = 1.0
"""Threshold of a label that no threshold makes precise enough."""
MIN_ANSWERS = 20
"""Fewer answers than this tell no precision."""


def figures(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> dict[str, Any]:
    """All of it for probabilities float32 [N, classes] and the truth's shares float32 [N, classes].

    ece: expected calibration error over BINS equally wide bins (Guo et al. 2017). cross_entropy: in nats. risk_coverage
    has for each share of the pictures, the surest ones, how often the answer is wrong; its mean over all coverages is
    aurc (Geifman & El-Yaniv 2017). reliability: of each bin that holds any, pictures, mean probability, share right.
    """
    confidence, right = scores.max(axis=1), _right(scores, shares)
    surest = right[np.argsort(-confidence, kind="stable")]
    risk = 1 - np.cumsum(surest) / np.arange(1, len(surest) + 1)
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
                "right": round(float(right[inside].mean()), DIGITS),
            }
            for inside in _bins(confidence)
        ],
    }


def ece(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Expected calibration error of probabilities [N, classes] by the truth's shares [N, classes]."""
    confidence, right = scores.max(axis=1), _right(scores, shares)
    return float(sum(abs(float((confidence[each] - right[each]).sum())) for each in _bins(confidence))) / len(scores)


def cross_entropy(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Mean of -sum(share log p), in nats."""
    return float(-(shares * np.log(np.maximum(scores, 1e-6))).sum(axis=1).mean())


def temperature(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """The one of TEMPERATURES at which the cross-entropy of untempered probabilities is least (Guo et al. 2017)."""
    return min(TEMPERATURES, key=lambda each: cross_entropy(apply_temperature(scores, each), shares))


def thresholds(
    scores: NDArray[np.float32],
    shares: NDArray[np.float32],
    labels: tuple[str, ...],
    precision: float,
    precision_of: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """For each label the lowest probability from which answers have this precision; NEVER where none is enough.
    precision_of: the precision wanted of some labels instead.

    An answer counts as right where no other class has more votes.
    """
    answers, confidence = scores.argmax(axis=1), scores.max(axis=1)
    right = shares[np.arange(len(scores)), answers] >= shares.max(axis=1)
    made = {}
    for index, label in enumerate(labels):
        is_answer, wanted = answers == index, (precision_of or {}).get(label, precision)
        fit = (
            each
            for each in THRESHOLDS
            if (said := is_answer & (confidence >= each)).sum() >= MIN_ANSWERS and right[said].mean() >= wanted
        )
        made[label] = next(fit, NEVER)
    return made


def thresholds_by_level(
    scores: NDArray[np.float32],
    shares: NDArray[np.float32],
    labels: tuple[str, ...],
    precision: Mapping[str, float],
    precision_of: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, dict[str, float]]:
    """`thresholds` for each level ("looks", "maybe") at its precision, or at that of `precision_of` for a label; a
    threshold of "maybe" is never above that of "looks"."""
    made = {
        name: thresholds(scores, shares, labels, each, (precision_of or {}).get(name))
        for name, each in precision.items()
    }
    made["maybe"] = {label: min(number, made["looks"][label]) for label, number in made["maybe"].items()}
    return made


def _right(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float64]:
    return shares[np.arange(len(scores)), scores.argmax(axis=1)].astype(np.float64)


def _bins(confidence: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    number = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return [number == each for each in range(BINS) if (number == each).any()]
