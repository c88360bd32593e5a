"""How good a shipped model is: its .tflite through the assistant's own classifier on a test split of FER-2013.

Two truths. A model with FER-2013's seven labels is judged by the original labels. A model with FER+'s eight is judged
by the crowd: the pictures of which more than half of the votes, single votes dropped, name one of the eight classes
(3,152 of PrivateTest), and that class is the truth.

*Agreement with the FER+ majority* of a seven-label model is counted on those same pictures. The few that the crowd
calls contempt (16 of 3,152) stay in and count against it: such a model has no word for what ten people saw.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from assistant.records import ModelError
from assistant.vision.classifier import Classifier
from convert import datasets, metrics
from convert.datasets import CROWD_LABELS, LABELS, DatasetError, Faces

SPLITS = ("PrivateTest", "PublicTest")


def evaluate(model: Path, faces: Faces, split: str = "PrivateTest") -> dict[str, Any]:
    """Every figure of one model on one split, with all pictures and without those that Training holds too.

    The same file, runtime and kind of processor give the same figures, to the digit. Raises ModelError or DatasetError.
    """
    classifier = Classifier(model, threads=1)
    tested = faces.of(split)
    answers = probabilities(classifier, tested.images).argmax(axis=1)
    unseen = ~datasets.is_twin(tested.images, faces.of("Training").images)
    name, truth, counts = truth_of(classifier.labels, tested)
    parts = {"all": counts, "without_twins": counts & unseen}
    report: dict[str, Any] = {"split": split, "truth": name, "labels": list(classifier.labels)}
    for part, chosen in parts.items():
        if not chosen.any():
            raise DatasetError(f"{split} holds no pictures to judge by {name} ({part.replace('_', ' ')})")
        report[part] = metrics.summarize(truth[chosen], answers[chosen], classifier.labels)
    if tested.votes.any():
        report["ferplus_majority"] = _agreement(np.array(classifier.labels)[answers], tested, unseen)
    return report


def probabilities(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Float32 [N, classes] of pictures uint8 [N, 48, 48], one at a time as on the device."""
    bar = tqdm(images, desc=classifier.path.stem, unit=" faces", leave=False, disable=not sys.stderr.isatty())
    return np.stack([classifier.probabilities(image) for image in bar])


def truth_of(labels: tuple[str, ...], faces: Faces) -> tuple[str, NDArray[np.int64], NDArray[np.bool_]]:
    """What a model with these labels is judged by: the truth's name, its class for each picture as an index into
    `labels` (int64 [N]), and which pictures count (bool [N]). Raises ModelError for any other set of labels."""
    if set(labels) == set(LABELS):
        order = np.array([labels.index(name) for name in LABELS])
        return "original labels", order[faces.labels], np.ones(len(faces), bool)
    if set(labels) == set(CROWD_LABELS):
        top, clear = datasets.crowd_majority(faces.votes)
        order = np.array([labels.index(name) for name in CROWD_LABELS])
        return "FER+ majority", order[np.where(clear, top, 0)], clear
    raise ModelError(
        f"the model's labels are neither FER-2013's ({', '.join(LABELS)}) nor FER+'s ({', '.join(CROWD_LABELS)})"
    )


def _agreement(words: NDArray[np.str_], faces: Faces, unseen: NDArray[np.bool_]) -> dict[str, Any]:
    top, clear = datasets.crowd_majority(faces.votes)
    agrees = words == np.array(CROWD_LABELS)[np.where(clear, top, 0)]
    return {
        part: {"pictures": int(chosen.sum()), "agreement": round(float(agrees[chosen].mean()), metrics.DIGITS)}
        for part, chosen in (("all", clear), ("without_twins", clear & unseen))
        if chosen.any()
    }


def as_text(report: dict[str, Any]) -> str:
    """The report as tables to read."""
    lines = [f"{report['split']}, judged by {report['truth']}", ""]
    for part, title in (("all", "all pictures"), ("without_twins", "without the twins of Training")):
        figures = report[part]
        low, high = figures["accuracy_interval_95"]
        lines.append(
            f"{title:30} {figures['pictures']:5d} pictures   accuracy {figures['accuracy']:.2%} "
            f"(95 %: {low:.2%} to {high:.2%})   macro-F1 {figures['macro_f1']:.2%}"
        )
    for part, figures in report.get("ferplus_majority", {}).items():
        title = "FER+ majority, without twins" if part == "without_twins" else "FER+ majority"
        lines.append(f"{title:30} {figures['pictures']:5d} pictures   agreement {figures['agreement']:.2%}")
    labels = report["labels"]
    lines += ["", f"{'all pictures':10} {'precision':>10} {'recall':>8} {'F1':>8} {'pictures':>9}"]
    for name, row in report["all"]["classes"].items():
        lines.append(f"{name:12} {row['precision']:10.2%} {row['recall']:8.2%} {row['f1']:8.2%} {row['support']:9d}")
    lines += ["", f"{'is / said':12} " + " ".join(f"{name:>9}" for name in labels)]
    for name, counts in zip(labels, report["all"]["confusion"], strict=True):
        lines.append(f"{name:12} " + " ".join(f"{count:9d}" for count in counts))
    return "\n".join(lines)
