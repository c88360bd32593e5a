"""Is a face covered: by a mask, a scarf, a hand, a cup? A linear judge of its edges, fitted by `emotion-convert cover`.

Histograms of oriented gradients (Dalal and Triggs 2005) tell where eyes, nose and mouth should be what is not one; a
beard or glasses are no cover.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import ModelError
from assistant.vision import tflite
from assistant.vision.preprocess import SIDE

SHIPPED = "face-cover.json"
CELL, BLOCK, BINS, COARSE = 8, 16, 9, 6
"""Pixels of a cell and of a block, orientations, and cells a side of the coarse picture that is judged too."""
LENGTH = (SIDE // CELL - 1) ** 2 * (BLOCK // CELL) ** 2 * BINS + COARSE**2


def features(crop: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What is judged of a face crop uint8 [48, 48]: float32 [936], edges and coarse greys, whatever its light."""
    hog = cv2.HOGDescriptor((SIDE, SIDE), (BLOCK, BLOCK), (CELL, CELL), (CELL, CELL), BINS)
    coarse = cv2.resize(crop, (COARSE, COARSE), interpolation=cv2.INTER_AREA).astype(np.float32)
    coarse = (coarse - coarse.mean()) / (coarse.std() + 4) / COARSE
    return np.concatenate([np.ravel(hog.compute(crop)), coarse.ravel()]).astype(np.float32)


class Cover:
    """The judge in a file. Raises ModelError where it is missing or no such file."""

    def __init__(self, path: Path | None = None) -> None:
        path = path or next(
            (folder / SHIPPED for folder in tflite.SHIPPED if (folder / SHIPPED).is_file()), Path(SHIPPED)
        )
        try:
            table = json.loads(path.read_text("utf-8"))
            weights, bias, threshold = table["weights"], float(table["bias"]), float(table["threshold"])
            self._weights = np.array(weights, np.float32)
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as err:
            raise ModelError(f"{path}: cannot judge covered faces ({type(err).__name__}: {str(err)[:100]})") from err
        if self._weights.shape != (LENGTH,) or not np.isfinite([*self._weights, bias, threshold]).all():
            raise ModelError(f"{path}: {self._weights.shape} weights; {LENGTH} numbers are expected")
        self._bias, self.threshold = bias, threshold

    def score(self, crop: NDArray[np.uint8]) -> float:
        """How surely a face crop uint8 [48, 48] is covered: the logarithm of the odds."""
        return float(features(crop) @ self._weights + self._bias)

    def __call__(self, crop: NDArray[np.uint8]) -> bool:
        """Whether it is covered."""
        return self.score(crop) > self.threshold
