"""What quantization costs: an int8 model compared with the float model it was made from, on PublicTest.

Both run through the assistant's own code, at a temperature of 1: only the int8 card has a fitted one.
"""

from pathlib import Path
from typing import Any

import numpy as np

from convert.data.fer2013 import DatasetError, Faces
from convert.expression.evaluation import metrics
from convert.expression.evaluation.testset import probabilities, truth_of, untempered

MAX_LOSS_POINTS = 1.0
"""Largest accepted loss of macro-F1, in percentage points."""


def verify(model: Path, float_model: Path, faces: Faces) -> dict[str, Any]:
    """Compare the two on PublicTest (PrivateTest is for reporting only).

    accuracy and macro_f1 of each, `macro_f1_loss_points` (float minus int8), `agreement` (share of equal answers) and
    `mean_abs_dp` (mean over pictures and classes of the difference of the probabilities; an int8 output resolves
    1/256). Raises ModelError or DatasetError.
    """
    tested = faces.of("PublicTest")
    small, large = untempered(model), untempered(float_model)
    name, truth, counts = truth_of(small.labels, tested)
    if not counts.any():
        raise DatasetError(f"PublicTest holds no pictures to judge by {name}")
    given, wanted = probabilities(small, tested.images[counts]), probabilities(large, tested.images[counts])
    report: dict[str, Any] = {"split": "PublicTest", "truth": name, "pictures": int(counts.sum())}
    for kind, scores in (("float32", wanted), ("int8", given)):
        figures = metrics.summarize(truth[counts], scores.argmax(axis=1), small.labels)
        report[kind] = {key: figures[key] for key in ("accuracy", "macro_f1")}
    loss = report["float32"]["macro_f1"] - report["int8"]["macro_f1"]
    report["macro_f1_loss_points"] = round(100 * loss, 4)
    report["agreement"] = round(float((given.argmax(axis=1) == wanted.argmax(axis=1)).mean()), metrics.DIGITS)
    report["mean_abs_dp"] = round(float(np.abs(given - wanted).mean()), metrics.DIGITS)
    return report


def is_sound(report: dict[str, Any]) -> bool:
    """Whether macro-F1 fell by no more than the limit."""
    return bool(report["macro_f1_loss_points"] <= MAX_LOSS_POINTS)


def as_text(report: dict[str, Any]) -> str:
    """The comparison, to read."""
    rows = [f"{report['split']}, {report['pictures']} pictures, judged by {report['truth']}"]
    rows += [
        f"{kind:8} accuracy {report[kind]['accuracy']:.2%}   macro-F1 {report[kind]['macro_f1']:.2%}"
        for kind in ("float32", "int8")
    ]
    verdict = "sound" if is_sound(report) else f"NOT sound: more than {MAX_LOSS_POINTS:.0f} point is lost"
    rows.append(
        f"same answer {report['agreement']:.2%}, mean |dp| {report['mean_abs_dp']:.5f}, "
        f"macro-F1 falls by {report['macro_f1_loss_points']:.2f} points: {verdict}"
    )
    return "\n".join(rows)
