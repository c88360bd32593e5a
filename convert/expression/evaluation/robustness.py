"""Robustness: accuracy under nine disturbances (lighting, blur, pose, occlusion, compression) at three strengths each.

The direction in which a picture is rotated or shifted depends on its index, so that the figures are reproducible.
"""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.preprocess import CROP_SIDE
from assistant.vision.inference.expression import ExpressionClassifier
from convert.data.pictures import Pictures
from convert.expression.evaluation.metrics import DIGITS
from convert.expression.evaluation.testset import mirrored, probabilities

Picture = NDArray[np.uint8]
ROWS = {"eyes": (11, 25), "mouth": (29, 45)}
"""First and last row (exclusive) of the eyes and of the mouth in a FER-2013 picture."""
OCCLUDER_GREY = 110
"""Grey level of the drawn occlusion, as of a hand or a scarf in a dim room."""


def gamma(image: Picture, power: float, _index: int) -> Picture:
    """Gamma correction: darker for a power above 1, brighter below."""
    return np.rint(255 * (image / 255) ** power).astype(np.uint8)


def blur(image: Picture, sigma: float, _index: int) -> Picture:
    """Gaussian blur, sigma in pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def downscaled(image: Picture, side: float, _index: int) -> Picture:
    """A distant face: reduced to `side` pixels and enlarged again."""
    few = cv2.resize(image, (int(side), int(side)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, (CROP_SIDE, CROP_SIDE), interpolation=cv2.INTER_LINEAR), np.uint8)


def rotated(image: Picture, angle_deg: float, index: int) -> Picture:
    """A tilted head, to alternate sides."""
    middle = (CROP_SIDE - 1) / 2
    return _warp(image, cv2.getRotationMatrix2D((middle, middle), angle_deg * (1 - 2 * (index % 2)), 1.0))


def shifted(image: Picture, share: float, index: int) -> Picture:
    """An inexact face box: shifted by a share of the side in one of four diagonal directions."""
    right, down = (1 - 2 * (index % 2)), (1 - 2 * (index // 2 % 2))
    return _warp(image, np.array([[1, 0, right * share * CROP_SIDE], [0, 1, down * share * CROP_SIDE]]))


def eyes_occluded(image: Picture, share: float, _index: int) -> Picture:
    """A grey bar over the eyes; share: of the height of their rows."""
    return _occluded(image, "eyes", share)


def mouth_occluded(image: Picture, share: float, _index: int) -> Picture:
    """A grey bar over the mouth; share: of the height of its rows."""
    return _occluded(image, "mouth", share)


def compressed(image: Picture, quality: float, _index: int) -> Picture:
    """JPEG compression of this quality."""
    _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)


DISTURBANCES: dict[str, tuple[Callable[[Picture, float, int], Picture], tuple[float, float, float]]] = {
    "darker": (gamma, (1.5, 2.2, 3.0)),
    "brighter": (gamma, (0.67, 0.45, 0.33)),
    "blur": (blur, (0.8, 1.2, 1.8)),
    "small": (downscaled, (32, 24, 16)),
    "rotation": (rotated, (10, 20, 30)),
    "shift": (shifted, (0.05, 0.10, 0.15)),
    "eyes occluded": (eyes_occluded, (0.33, 0.67, 1.0)),
    "mouth occluded": (mouth_occluded, (0.33, 0.67, 1.0)),
    "JPEG": (compressed, (50, 30, 15)),
}
"""By name: the function, and its three strengths from mild to hard."""


def disturbed(images: NDArray[np.uint8], name: str, strength: float) -> NDArray[np.uint8]:
    """Pictures uint8 [N, 48, 48] after one of DISTURBANCES."""
    change = DISTURBANCES[name][0]
    return np.stack([change(image, strength, index) for index, image in enumerate(images)])


def figures(classifier: ExpressionClassifier, images: NDArray[np.uint8], truth: NDArray[np.int64]) -> dict[str, Any]:
    """Accuracy for each disturbance and strength, and their mean. images: uint8 [N, 48, 48]. truth: int64 [N]."""
    made: dict[str, list[dict[str, float]]] = {}
    for name, (_, strengths) in DISTURBANCES.items():
        made[name] = []
        for strength in strengths:
            scores = probabilities(classifier, disturbed(images, name, strength), f"{name} {strength}")
            accuracy = float((scores.argmax(axis=1) == truth).mean())
            made[name].append({"strength": strength, "accuracy": round(accuracy, DIGITS)})
    accuracies = [row["accuracy"] for rows in made.values() for row in rows]
    return {"disturbances": made, "mean_accuracy": round(float(np.mean(accuracies)), DIGITS)}


def mirror_consistency(
    classifier: ExpressionClassifier, images: Pictures, scores: NDArray[np.float32]
) -> dict[str, float]:
    """Consistency under mirroring: share of equal predictions, mean absolute difference of the probabilities.

    scores: probabilities [N, classes] of the unmirrored pictures.
    """
    mirrored_scores = probabilities(classifier, mirrored(images), "mirrored")
    same = mirrored_scores.argmax(axis=1) == scores.argmax(axis=1)
    return {
        "same_answer": round(float(same.mean()), DIGITS),
        "mean_abs_dp": round(float(np.abs(mirrored_scores - scores).mean()), DIGITS),
    }


def _warp(image: Picture, move: NDArray[np.float64]) -> Picture:
    made = cv2.warpAffine(image, move, (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)


def _occluded(image: Picture, part: str, share: float) -> Picture:
    top, bottom = ROWS[part]
    room = (bottom - top) * (1 - share) / 2
    made = image.copy()
    made[round(top + room) : round(bottom - room)] = OCCLUDER_GREY
    return made
