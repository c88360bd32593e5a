"""Is a face covered: by a mask, a scarf, a hand, a cup? A small judge of its edges, fitted by `emotion-convert cover`.

Histograms of oriented gradients (Dalal and Triggs 2005) tell where eyes, nose and mouth should be what is not one; a
beard or glasses are no cover. Two layers judge them. Of faces that it was not fitted on it calls 0.6 % of the bare ones
of muxspace covered, 5.6 % of those in films and photographs and 6.9 % of FER-2013's small ones, of which some do hold a
hand before their mouth; of the covers drawn on these it overlooks 2.7, 2.1 and 4.9 %.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class Layers:
    """The judge's numbers, float32: rows of `hidden` [H, 936] with their biases `lifts` [H], and what the sums above
    zero count: `weights` [H] and `bias`."""

    hidden: NDArray[np.float32]
    lifts: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: float

    def score(self, judged: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logarithm of the odds of `features` float32 [..., 936]."""
        return np.asarray(np.maximum(judged @ self.hidden.T + self.lifts, 0) @ self.weights + self.bias, np.float32)

    def is_sound(self) -> bool:
        """Whether the numbers fit together and are finite."""
        units = self.weights.shape
        return (
            len(units) == 1
            and self.hidden.shape == (*units, LENGTH)
            and self.lifts.shape == units
            and all(np.isfinite(each).all() for each in (self.hidden, self.lifts, self.weights, self.bias))
        )


class Cover:
    """The judge in a file. Raises ModelError where it is missing or no such file."""

    def __init__(self, path: Path | None = None) -> None:
        path = path or next(
            (folder / SHIPPED for folder in tflite.SHIPPED if (folder / SHIPPED).is_file()), Path(SHIPPED)
        )
        try:
            table = json.loads(path.read_text("utf-8"))
            self._layers, self.threshold = _layers(table), float(table["threshold"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as err:
            raise ModelError(f"{path}: cannot judge covered faces ({type(err).__name__}: {str(err)[:100]})") from err
        if not self._layers.is_sound() or not np.isfinite(self.threshold):
            raise ModelError(f"{path}: cannot judge covered faces: not two layers of finite numbers; install it again")

    def score(self, crop: NDArray[np.uint8]) -> float:
        """How surely a face crop uint8 [48, 48] is covered: the logarithm of the odds."""
        return float(self._layers.score(features(crop)))

    def __call__(self, crop: NDArray[np.uint8]) -> bool:
        """Whether it is covered."""
        return self.score(crop) > self.threshold


def _layers(table: Any) -> Layers:
    hidden, lifts, weights = (np.array(table[name], np.float32) for name in ("hidden", "lifts", "weights"))
    return Layers(hidden, lifts, weights, float(table["bias"]))
