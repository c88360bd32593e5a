"""What the detectors of things share: how a picture becomes their input, and their output a list of things."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Box
from assistant.skills.things.labels import COCO

INPUT_SIDE = 416
"""Pixels. Both detectors were trained and exported for it."""
BLANK = 114
"""Grey level of the part of the square that the picture leaves empty, as in training."""
SAME_THING_IOU = 0.45
"""Of boxes of one class whose intersection over union (IoU) exceeds this only the best is kept; YOLOX's own value."""


class Thing(NamedTuple):
    """A thing in a picture."""

    label: str
    """One of COCO."""
    score: float
    """The detector's confidence, from 0 to 1."""
    box: Box
    """In pixels of the picture."""


class ThingDetector(Protocol):
    """Finds things; `find` raises SkillError where the network cannot be run."""

    def find(self, image: NDArray[np.uint8], min_score: float) -> list[Thing]:
        """The things in an image, uint8 [H, W, 3] BGR, with at least that score; the highest score first."""
        ...


def letterbox(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float]:
    """The image uint8 [H, W, 3] shrunk or enlarged to the upper left of a square of INPUT_SIDE, and the factor from its
    pixels to those of the image."""
    height, width = image.shape[:2]
    factor = max(height, width) / INPUT_SIDE
    size = max(1, round(width / factor)), max(1, round(height / factor))
    square = np.full((INPUT_SIDE, INPUT_SIDE, 3), BLANK, np.uint8)
    square[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    return square, factor


def things_of(
    corners: NDArray[np.float32], scores: NDArray[np.float32], shape: tuple[int, int], factor: float, min_score: float
) -> list[Thing]:
    """The things of a detector's cells, the highest score first.

    corners: float32 [cells, 4], left, top, right and bottom in pixels of the square. scores: float32 [cells, 80].
    shape: height and width of the image. factor: from `letterbox`.
    """
    cells, classes = np.nonzero(scores >= min_score)
    found = scores[cells, classes]
    limits = np.array([shape[1], shape[0]] * 2, np.float32)
    boxes = np.clip(corners[cells] * factor, 0, limits)
    boxes[:, 2:] -= boxes[:, :2]
    is_thing = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] >= 1).all(axis=1)
    return list(_best(boxes[is_thing], found[is_thing], classes[is_thing]))


def _best(boxes: NDArray[np.float32], scores: NDArray[np.float32], classes: NDArray[np.int64]) -> Iterator[Thing]:
    """The things that no better one of their class covers. boxes: float32 [N, 4], left, top, width and height."""
    if not len(scores):
        return
    kept = cv2.dnn.NMSBoxesBatched(boxes.tolist(), scores.tolist(), classes.tolist(), 0.0, SAME_THING_IOU)
    for at in sorted(map(int, kept), key=lambda at: -float(scores[at])):
        yield Thing(COCO[classes[at]], float(scores[at]), Box(*(float(value) for value in boxes[at])))
