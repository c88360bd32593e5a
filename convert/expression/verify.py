"""Verification of quantization: an int8 model compared with its float model on PublicTest.

Both run through the assistant's preprocessing and runtime, at a temperature of 1, since only the card of the int8 model
has a fitted temperature.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelError
from convert.data import pictures
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import DatasetError
from convert.expression.evaluation import metrics
from convert.expression.evaluation.testset import probabilities, truth_of, untempered
from convert.training.run_folder import RunError

MAX_LOSS_POINTS = 1.0
"""Largest accepted loss of macro-F1, in percentage points."""


def verify(model: Path, float_model: Path, faces: Faces) -> dict[str, Any]:
    """Compare the two models on PublicTest (PrivateTest is for reporting only).

    The report has `accuracy` and `macro_f1` of each, `macro_f1_loss_points` (float minus int8), `agreement` (share of
    pictures with the same predicted class), `most_frequent` (share of the most frequent class) and `mean_abs_dp` (mean
    over pictures and classes of the absolute difference of the probabilities; the resolution of an int8 output is
    1/256). Raises ModelError, RunError where the run has no such float model, or DatasetError.
    """
    if not os.path.isfile(float_model):  # noqa: PTH113 - Path.is_file raises for a name that is too long
        raise RunError(
            f"{float_model}: no float model of {model.name} in this run; `emotion-convert quantize` writes both, and "
            "--run names the folder of the run that the model was made of"
        )
    tested = faces.of("PublicTest")
    int8, float32 = untempered(model), untempered(float_model)
    if int8.labels != float32.labels:
        raise ModelError(f"{float_model}: has other labels than {model.name}; it is of another run or head")
    name, truth, is_counted = truth_of(int8.labels, tested)
    if not is_counted.any():
        raise DatasetError(f"PublicTest holds no pictures to judge by {name}")
    quantized, reference = (probabilities(each, pictures.where(tested.images, is_counted)) for each in (int8, float32))
    report: dict[str, Any] = {"split": "PublicTest", "truth": name, "pictures": int(is_counted.sum())}
    for kind, scores in (("float32", reference), ("int8", quantized)):
        figures = metrics.summarize(truth[is_counted], scores.argmax(axis=1), int8.labels)
        report[kind] = {key: figures[key] for key in ("accuracy", "macro_f1")}
    loss = report["float32"]["macro_f1"] - report["int8"]["macro_f1"]
    counts = np.bincount(truth[is_counted], minlength=len(int8.labels))
    report["most_frequent"] = round(float(counts.max() / counts.sum()), metrics.DIGITS)
    report["macro_f1_loss_points"] = round(100 * loss, 4)
    report["agreement"] = round(float((quantized.argmax(axis=1) == reference.argmax(axis=1)).mean()), metrics.DIGITS)
    report["mean_abs_dp"] = round(float(np.abs(quantized - reference).mean()), metrics.DIGITS)
    return report


def is_sound(report: dict[str, Any]) -> bool:
    """Whether the loss of macro-F1 is at most MAX_LOSS_POINTS, and the model is right more often than one that
    gives the same answer to every picture."""
    return has_kept_macro_f1(report) and not no_better_than_constant(report)


def has_kept_macro_f1(report: dict[str, Any]) -> bool:
    """Whether the loss of macro-F1 is at most MAX_LOSS_POINTS."""
    return bool(report["macro_f1_loss_points"] <= MAX_LOSS_POINTS)


def no_better_than_constant(report: dict[str, Any]) -> str:
    """Why a model is refused that is right no more often than one that gives the same answer to every picture; empty
    where it is right more often. One cause is a card with another input scaling than the model was trained with."""
    accuracy, constant = report["int8"]["accuracy"], report["most_frequent"]
    if accuracy > constant:
        return ""
    return (
        f"it is right on {accuracy:.1%}, and the same answer to every picture would be on {constant:.1%}; is its input "
        "scaled as its card says, and was it trained?"
    )


def as_text(report: dict[str, Any]) -> str:
    """The report as text."""
    rows = [f"{report['split']}, {report['pictures']} pictures, judged by {report['truth']}"]
    rows += [
        f"{kind:8} accuracy {report[kind]['accuracy']:.2%}   macro-F1 {report[kind]['macro_f1']:.2%}"
        for kind in ("float32", "int8")
    ]
    reason = no_better_than_constant(report) or f"more than {MAX_LOSS_POINTS:.0f} point is lost"
    verdict = "sound" if is_sound(report) else f"NOT sound: {reason}"
    rows.append(
        f"same answer {report['agreement']:.2%}, mean |dp| {report['mean_abs_dp']:.5f}, "
        f"macro-F1 falls by {report['macro_f1_loss_points']:.2f} points: {verdict}"
    )
    return "\n".join(rows)
