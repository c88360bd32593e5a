"""Whether probabilities mean what they say: calibration error, risk and coverage; temperature and thresholds fitted.

A picture's answer is right by the share of the truth that it has: of ten people of whom seven say "happy", an answer
"happy" is right by 0.7. So a model that is as unsure as people are is not called wrong for it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.vision.inference.expression import apply_temperature
from convert.expression.evaluation.metrics import DIGITS

BINS = 15
COVERAGES = tuple(round(0.1 * step, 1) for step in range(10, 0, -1))
TEMPERATURES = tuple(round(0.3 + 0.01 * step, 2) for step in range(271))
GRID = tuple(round(0.3 + 0.01 * step, 2) for step in range(70))
"""What a threshold may be: 0.30 to 0.99."""
NEVER = 1.0
LEAST = 20
"""A precision is believed from so many answers."""


def figures(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> dict[str, Any]:
    """All of it for probabilities float32 [N, classes] and the truth's shares float32 [N, classes].

    ece: expected calibration error over BINS equally wide bins (Guo et al. 2017). cross_entropy: in nats. risk_coverage
    has for each share of the pictures, the surest ones, how often the answer is wrong; its mean over all coverages is
    aurc (Geifman & El-Yaniv 2017). reliability: of each bin that holds any, pictures, mean probability, share right.
    """
    sureness, right = scores.max(axis=1), _right(scores, shares)
    surest = right[np.argsort(-sureness, kind="stable")]
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
                "probability": round(float(sureness[inside].mean()), DIGITS),
                "right": round(float(right[inside].mean()), DIGITS),
            }
            for inside in _bins(sureness)
        ],
    }


def ece(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> float:
    """Expected calibration error of probabilities [N, classes] by the truth's shares [N, classes]."""
    sureness, right = scores.max(axis=1), _right(scores, shares)
    return float(sum(abs(float((sureness[each] - right[each]).sum())) for each in _bins(sureness))) / len(scores)


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
    of: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """For each label the lowest probability from which answers have this precision; NEVER where none is enough. of: the
    precision asked of some labels instead.

    An answer counts as right where no other class has more votes.
    """
    answers, sureness = scores.argmax(axis=1), scores.max(axis=1)
    right = shares[np.arange(len(scores)), answers] >= shares.max(axis=1)
    made = {}
    for index, label in enumerate(labels):
        mine, asked = answers == index, (of or {}).get(label, precision)
        fit = (
            each for each in GRID if (said := mine & (sureness >= each)).sum() >= LEAST and right[said].mean() >= asked
        )
        made[label] = next(fit, NEVER)
    return made


def levels(
    scores: NDArray[np.float32],
    shares: NDArray[np.float32],
    labels: tuple[str, ...],
    precision: Mapping[str, float],
    of: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, dict[str, float]]:
    """The thresholds for each level ("looks", "maybe") at its precision, or that asked of a label; none of a humbler
    level lies above."""
    made = {name: thresholds(scores, shares, labels, each, (of or {}).get(name)) for name, each in precision.items()}
    made["maybe"] = {label: min(number, made["looks"][label]) for label, number in made["maybe"].items()}
    return made


def _right(scores: NDArray[np.float32], shares: NDArray[np.float32]) -> NDArray[np.float64]:
    return shares[np.arange(len(scores)), scores.argmax(axis=1)].astype(np.float64)


def _bins(sureness: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    number = np.minimum((sureness * BINS).astype(int), BINS - 1)
    return [number == each for each in range(BINS) if (number == each).any()]
