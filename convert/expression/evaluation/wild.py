"""A model on muxspace, faces that it was not trained on, and what the assistant's own detector costs it there.

The four words are happy, neutral, surprise and *other*: its labels for the rest are few and noisy. `given` is the
picture as it is, which its makers cut out around the face; `detected` is the same face as the assistant would see it:
found in the picture with room around, turned upright and cut out by the detector.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from assistant.records import Box
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data import muxspace
from convert.data.fer2013 import DatasetError
from convert.expression.alignment import framed, nearest
from convert.expression.evaluation import metrics

WORDS = ("happy", "neutral", "surprise", "other")
MOST_EACH = 100_000
"""All there are."""


def figures(
    classifier: ExpressionClassifier, detector: FaceDetector, folder: Path, most: int = MOST_EACH
) -> dict[str, Any]:
    """Accuracy and mean recall of the four words, on at most so many pictures of each label, all of the half that
    nothing is chosen on (how faces are cut out was, on the other one).

    `given` judges all pictures, `given_where_found` and `detected` those in which the detector finds the face;
    loss_points is what the detector's crops lose in mean recall against the given ones of the same pictures. Raises
    DatasetError.
    """
    pictures = muxspace.load(folder, tuple(dict.fromkeys(muxspace.WORDS.values())), most, half="report")
    truth, given, detected = (np.zeros(len(pictures), np.int64) for _ in range(3))
    found = np.zeros(len(pictures), bool)
    bar = tqdm(pictures, desc="muxspace", unit=" faces", leave=False, disable=not sys.stderr.isatty())
    for index, picture in enumerate(bar):
        height, width = picture.grey.shape
        truth[index] = _word(picture.expression)
        given[index] = _said(classifier, preprocess.crop(picture.grey, Box(0, 0, width, height)))
        frame = framed(picture.grey)
        face = nearest(detector, frame)
        if face is not None:
            found[index] = True
            detected[index] = _said(classifier, preprocess.face_crop(frame, face, detector.crop_margin))
    if not found.any():
        raise DatasetError(f"{folder}: the detector finds no face in these pictures")
    made: dict[str, Any] = {"pictures": len(pictures), "face_found": round(float(found.mean()), metrics.DIGITS)}
    parts = {"given": (given, truth), "given_where_found": (given[found], truth[found])}
    parts["detected"] = (detected[found], truth[found])
    for name, (answers, wanted) in parts.items():
        made[name] = _brief(metrics.summarize(wanted, answers, WORDS))
    loss = made["given_where_found"]["mean_recall"] - made["detected"]["mean_recall"]
    return made | {"loss_points": round(100 * loss, 4)}


def _word(expression: str) -> int:
    return WORDS.index(expression) if expression in WORDS else WORDS.index("other")


def _said(classifier: ExpressionClassifier, crop: NDArray[np.uint8]) -> int:
    return _word(classifier.labels[int(classifier.probabilities(crop).argmax())])


def _brief(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "accuracy": figures["accuracy"],
        "mean_recall": figures["macro_recall"],
        "recall": {name: row["recall"] for name, row in figures["classes"].items()},
        "precision": {name: row["precision"] for name, row in figures["classes"].items()},
    }
