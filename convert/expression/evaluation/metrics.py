"""Classification metrics from arrays of true and predicted classes, rounded to DIGITS digits."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 6
"""Decimal places of every figure in a report."""


def summarize(truth: NDArray[np.int64], predictions: NDArray[np.int64], labels: tuple[str, ...]) -> dict[str, Any]:
    """All metrics of one test, ready for JSON. truth, predictions: int64 [N], indices into `labels`.

    precision = correct / predicted, recall = correct / actual, F1 = 2 correct / (predicted + actual), each 0 where its
    divisor is 0. Macro means are over the classes that occur in truth or predictions. `confusion` has a row for each
    true class and a column for each predicted one. Raises ValueError where the arrays are empty or differ in length.
    """
    if not len(truth) or len(truth) != len(predictions):
        raise ValueError(f"{len(predictions)} answers to {len(truth)} pictures")
    table = confusion(truth, predictions, len(labels))
    correct, actual, predicted = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    precision, recall, f1 = (
        _ratio(correct, predicted),
        _ratio(correct, actual),
        _ratio(2 * correct, predicted + actual),
    )
    occurs = (actual + predicted) > 0
    hits = int(correct.sum())
    return {
        "pictures": len(truth),
        "accuracy": round(hits / len(truth), DIGITS),
        "accuracy_interval_95": list(bootstrap_interval(hits, len(truth))),
        "macro_f1": round(float(f1[occurs].mean()), DIGITS),
        "macro_recall": round(float(recall[occurs].mean()), DIGITS),
        "classes": {
            name: {
                "precision": round(float(precision[index]), DIGITS),
                "recall": round(float(recall[index]), DIGITS),
                "f1": round(float(f1[index]), DIGITS),
                "support": int(actual[index]),
            }
            for index, name in enumerate(labels)
        },
        "confusion": table.tolist(),
    }


def confusion(truth: NDArray[np.int64], predictions: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Confusion matrix int64 [classes, classes]: rows are true classes, columns predicted ones."""
    return np.bincount(truth * classes + predictions, minlength=classes * classes).reshape(classes, classes)


def bootstrap_interval(hits: int, pictures: int, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of an accuracy (Efron 1979).

    Drawing n pictures with replacement from n, of which k were hits, gives a binomial (n, k/n) number of hits. The
    quantiles of this distribution, the limit of the resampling, are computed exactly instead of drawn at random.
    """
    share = hits / pictures
    if share in (0.0, 1.0):
        return share, share
    count = np.arange(pictures + 1)
    factorial = np.concatenate([[0.0], np.cumsum(np.log(count[1:]))])
    log_mass = factorial[-1] - factorial - factorial[::-1] + count * math.log(share) + count[::-1] * math.log1p(-share)
    below = np.cumsum(np.exp(log_mass))
    low, high = (int(np.searchsorted(below, quantile)) for quantile in ((1 - level) / 2, (1 + level) / 2))
    return round(low / pictures, DIGITS), round(min(high, pictures) / pictures, DIGITS)


def _ratio(over: NDArray[np.int64], under: NDArray[np.int64]) -> NDArray[np.float64]:
    return over / np.maximum(under, 1)
