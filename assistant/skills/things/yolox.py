"""YOLOX-nano (Ge et al. 2021, Megvii, Apache-2.0) through OpenCV: 0.91 million parameters, no library besides."""

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import SkillError
from assistant.skills.things.detection import INPUT_SIDE, Thing, letterbox, things_of

FILE = "yolox_nano.onnx"
SHA256 = "e8af074932d4ed7e232278e3055cefcdea3edf178874a3694ae292649fb464dd"
"""Of the copy in Bigisland1729/object-detection-models at 7f3f2fa3, which nobody has compared with Megvii's release."""
STRIDES = (8, 16, 32)
"""Pixels of the square between neighbouring cells, in the order in which the network lists their maps."""


class YoloxDetector:
    """Raises SkillError where OpenCV cannot use the file's content."""

    def __init__(self, content: bytes) -> None:
        try:  # OpenCV is given the content: the bytes whose hash was checked are those that it parses
            self._net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
        except cv2.error as err:
            raise SkillError(f"{FILE}: OpenCV cannot load it: {_why(err)}", "missing") from err
        self._cells, self._strides = cells()

    def find(self, image: NDArray[np.uint8], min_score: float) -> list[Thing]:
        square, factor = letterbox(image)
        try:
            self._net.setInput(cv2.dnn.blobFromImage(square))
            (rows,) = self._net.forward()
        except (cv2.error, ValueError) as err:
            raise SkillError(f"{FILE}: OpenCV cannot run it: {_why(err)}") from err
        if rows.shape != (len(self._cells), 85):
            raise SkillError(f"{FILE}: gives {list(rows.shape)} numbers, not {[len(self._cells), 85]}", "missing")
        corners, scores = decode(rows, self._cells, self._strides)
        return things_of(corners, scores, (image.shape[0], image.shape[1]), factor, min_score)


def cells() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Column and row float32 [3549, 2] and stride float32 [3549, 1] of each cell: the finest map first, row by row."""
    places, strides = [], []
    for stride in STRIDES:
        y, x = np.mgrid[: INPUT_SIDE // stride, : INPUT_SIDE // stride].astype(np.float32)
        places.append(np.stack([x, y], axis=-1).reshape(-1, 2))
        strides.append(np.full((places[-1].shape[0], 1), stride, np.float32))
    return np.concatenate(places), np.concatenate(strides)


def decode(
    rows: NDArray[np.float32], places: NDArray[np.float32], strides: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Corners float32 [cells, 4] (left, top, right, bottom in pixels of the square) and scores float32 [cells, 80].

    rows: float32 [cells, 85]: the offset of the middle from the cell in strides, the natural logarithms of width and
    height in strides, the probability of a thing, and those of each class if it is one.
    """
    middle = (rows[:, :2] + places) * strides
    half = np.exp(np.minimum(rows[:, 2:4], 20)) * strides / 2
    return np.concatenate([middle - half, middle + half], axis=1), rows[:, 4:5] * rows[:, 5:]


def _why(err: Exception) -> str:
    return str(err).strip().rpartition("\n")[2]
