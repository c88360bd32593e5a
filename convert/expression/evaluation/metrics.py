"""The figures of a classifier, from two lists of class numbers: pure arithmetic, every result rounded to six digits."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

DIGITS = 6


def summarize(truth: NDArray[np.int64], answers: NDArray[np.int64], labels: tuple[str, ...]) -> dict[str, Any]:
    """All figures of one test: `truth` and `answers` int64 [N] index `labels`.

    precision = right / answered, recall = right / there, F1 = 2 right / (answered + there), each 0 where its divisor
    is. Macro means run over the classes that occur in truth or answers. `confusion` has a row for each true class and a
    column for each answer. Raises ValueError where there is nothing to judge.
    """
    if not len(truth) or len(truth) != len(answers):
        raise ValueError(f"{len(answers)} answers to {len(truth)} pictures")
    table = confusion(truth, answers, len(labels))
    right, there, answered = table.diagonal(), table.sum(axis=1), table.sum(axis=0)
    precision, recall, f1 = (_ratio(right, answered), _ratio(right, there), _ratio(2 * right, answered + there))
    occurs = (there + answered) > 0
    hits = int(right.sum())
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
                "support": int(there[index]),
            }
            for index, name in enumerate(labels)
        },
        "confusion": table.tolist(),
    }


def confusion(truth: NDArray[np.int64], answers: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    """Counts int64 [classes, classes]: row = truth, column = answer."""
    return np.bincount(truth * classes + answers, minlength=classes * classes).reshape(classes, classes)


def bootstrap_interval(hits: int, pictures: int, level: float = 0.95) -> tuple[float, float]:
    """Percentile bootstrap interval of an accuracy (Efron 1979).

    Drawing n pictures with replacement from n, of which k were hits, gives a binomial (n, k/n) number of hits. Its
    quantiles are what the resampling tends to, so they are computed instead of drawn: no seed, no noise.
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
