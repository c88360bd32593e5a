"""The balanced posterior of a model: its training prior, the power to which probabilities are divided by it, and what
that brings. Contempt, which the assistant never names, is left out: of the probabilities and of the pictures.

Macro recall counts each expression alike, as a wearer does who asks how somebody looks; accuracy counts each picture
alike, and so mostly neutral and happy ones.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.phrases import SPOKEN_EXPRESSIONS
from assistant.vision.decisions.balance import balanced
from convert.data.fer2013 import Faces
from convert.expression.evaluation import metrics, testset

POWERS = tuple(round(0.05 * step, 2) for step in range(21))
"""Candidate powers: 0 (probabilities as they are) to 1 (every expression as frequent as any other)."""
MIN_ACCURACY, MAX_LOSS = 0.86, 0.01
"""The power must leave so much accuracy on PublicTest; a model that has less than this and MAX_LOSS may lose that."""


def spoken(labels: tuple[str, ...]) -> list[int]:
    """Indices of the labels that the assistant names."""
    return [index for index, label in enumerate(labels) if label in SPOKEN_EXPRESSIONS]


def prior(labels: tuple[str, ...], training: Faces) -> dict[str, float]:
    """Mean share of the votes (or of the original labels) that each spoken label has in Training, normalized."""
    shares, has_shares = testset.shares_of(labels, training)
    chosen = spoken(labels)
    sums = shares[has_shares][:, chosen].sum(axis=0, dtype=np.float64)
    return {labels[index]: round(float(each), 4) for index, each in zip(chosen, sums / sums.sum(), strict=True)}


def weights(labels: tuple[str, ...], shares: dict[str, float], power: float) -> tuple[float, ...]:
    """The weight of each label, 0 for one that is not in the prior."""
    return tuple(shares[label] ** -power if label in shares else 0.0 for label in labels)


def posterior(scores: NDArray[np.float32], by: tuple[float, ...]) -> NDArray[np.float32]:
    """Probabilities [N, classes], balanced by the device's own arithmetic. by: a weight for each class."""
    return np.array([balanced(row, by) for row in scores.tolist()], np.float32)


def choose_power(
    labels: tuple[str, ...], scores: NDArray[np.float32], tested: Faces, shares: dict[str, float]
) -> float:
    """The one of POWERS with the highest macro recall that leaves enough accuracy (MIN_ACCURACY); of equal ones the
    smallest. scores: probabilities [N, classes] of the pictures of PublicTest."""
    made = {power: figures(labels, scores, tested, weights(labels, shares, power)) for power in POWERS}
    least = min(MIN_ACCURACY, made[0.0]["accuracy"] - MAX_LOSS)
    return max(
        (power for power in POWERS if made[power]["accuracy"] >= least), key=lambda each: made[each]["macro_recall"]
    )


def report(
    labels: tuple[str, ...], scores: NDArray[np.float32], tested: Faces, by: Mapping[str, float]
) -> dict[str, Any]:
    """`figures` by the probabilities as they are and by those weighted with `by`, the weights of a model's card."""
    plain = tuple(float(label in by) for label in labels)
    weighted = tuple(by.get(label, 0.0) for label in labels)
    return {
        name: figures(labels, scores, tested, each) for name, each in (("as_they_are", plain), ("by_prior", weighted))
    }


def figures(
    labels: tuple[str, ...], scores: NDArray[np.float32], tested: Faces, by: tuple[float, ...]
) -> dict[str, Any]:
    """Accuracy and macro recall of the spoken classes by the balanced posterior, and the recall of each with its 95 %
    interval, ready for JSON."""
    _, truth, is_counted = testset.truth_of(labels, tested)
    chosen = spoken(labels)
    is_counted = is_counted & np.isin(truth, chosen)
    predictions = posterior(scores[is_counted], by).argmax(axis=1)
    made = metrics.summarize(truth[is_counted], predictions, labels)
    recalls = {}
    for index in chosen:
        row = made["classes"][labels[index]]
        hits = int(made["confusion"][index][index])
        interval = metrics.bootstrap_interval(hits, row["support"]) if row["support"] else (0.0, 1.0)
        recalls[labels[index]] = {
            "recall": row["recall"], "interval_95": list(interval), "support": row["support"]
        }  # fmt: skip
    return {
        "pictures": made["pictures"],
        "accuracy": made["accuracy"],
        "macro_recall": made["macro_recall"],
        "classes": recalls,
    }
