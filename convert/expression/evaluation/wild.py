"""Accuracy on muxspace, pictures that no expression model is trained on, and the loss by the detector's crops.

The four classes are happy, neutral, surprise and *other*, since muxspace's other labels are few and noisy. `given`: the
picture as published, which is cropped around the face. `detected`: the same face as in the assistant: detected in the
picture with a margin, aligned and cropped.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.records import Box
from assistant.system.progress import track
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces import preprocess
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data import muxspace
from convert.data.fer2013_labels import DatasetError
from convert.expression.alignment import central_face, frame_with_margin
from convert.expression.evaluation import metrics

CLASSES = ("happy", "neutral", "surprise", "other")
MAX_PER_LABEL = 100_000
"""Default limit of the pictures of each label: all of them."""


def figures(
    classifier: ExpressionClassifier, detector: FaceDetector, folder: Path, limit: int = MAX_PER_LABEL
) -> dict[str, Any]:
    """Accuracy and mean recall of the four classes, ready for JSON.

    limit: largest number of pictures of each label. All are of the report half of muxspace; the margins of the crops
    were tuned on the other half. `given` is measured on all pictures, `given_where_found` and `detected` on those in
    which the detector finds the face; `loss_points` is the mean recall of `given_where_found` minus that of `detected`,
    in percentage points. Raises DatasetError.
    """
    pictures = muxspace.load(folder, tuple(dict.fromkeys(muxspace.EXPRESSIONS.values())), limit, half="report")
    truth, given, detected = (np.zeros(len(pictures), np.int64) for _ in range(3))
    found = np.zeros(len(pictures), bool)
    for index, picture in enumerate(track(pictures, "muxspace", "faces")):
        height, width = picture.grey.shape
        truth[index] = _class(picture.expression)
        side = classifier.input.side
        given[index] = _predicted(classifier, preprocess.crop(picture.grey, Box(0, 0, width, height), side=side))
        frame = frame_with_margin(picture.grey)
        face = central_face(detector, frame)
        if face is not None:
            found[index] = True
            detected[index] = _predicted(classifier, classifier.input.face_crop(frame, face, detector.crop_margin))
    if not found.any():
        raise DatasetError(f"{folder}: the detector finds no face in these pictures")
    made: dict[str, Any] = {"pictures": len(pictures), "face_found": round(float(found.mean()), metrics.DIGITS)}
    parts = {"given": (given, truth), "given_where_found": (given[found], truth[found])}
    parts["detected"] = (detected[found], truth[found])
    for name, (answers, wanted) in parts.items():
        made[name] = _brief(metrics.summarize(wanted, answers, CLASSES))
    loss = made["given_where_found"]["mean_recall"] - made["detected"]["mean_recall"]
    return made | {"loss_points": round(100 * loss, 4)}


def _class(expression: str) -> int:
    """Index into CLASSES of an expression."""
    return CLASSES.index(expression) if expression in CLASSES else CLASSES.index("other")


def _predicted(classifier: ExpressionClassifier, crop: NDArray[np.uint8]) -> int:
    return _class(classifier.labels[int(classifier.probabilities(classifier.input.fit(crop)).argmax())])


def _brief(figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "accuracy": figures["accuracy"],
        "mean_recall": figures["macro_recall"],
        "recall": {name: row["recall"] for name, row in figures["classes"].items()},
        "precision": {name: row["precision"] for name, row in figures["classes"].items()},
    }
