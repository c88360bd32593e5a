"""The occlusion classifier: whether a mask, a scarf, a hand or a cup hides a part of a face. A beard or glasses are no
occlusion. A small network classifies the face crop; `emotion-convert train-occlusion` fits it, and its card holds its
error rates.
"""

import math
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.errors import ModelError
from assistant.vision.faces.preprocess import CROP_SIDE, normalize
from assistant.vision.inference import model_file

DEFAULT_MODEL = "face-cover-int8"
MAX_THRESHOLD = 20.0
"""Largest absolute value of a card's threshold; no network returns log-odds beyond it."""


class OcclusionClassifier:
    """An occlusion model, loaded; the shipped one unless a file is given.

    Raises ModelError where the file is missing or does not match its card, or where the model maps a crop to anything
    but one number.
    """

    threshold: float
    """Score (log-odds) above which a face counts as occluded; from the card."""
    error: str
    """Why the model could not classify the last crop; empty where it could."""

    def __init__(self, model: Path | None = None, threads: int = 1) -> None:
        path = model or model_file.find_model(DEFAULT_MODEL)
        card = model_file.read_card(path)
        threshold = card.get("threshold")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not abs(threshold) <= MAX_THRESHOLD:
            raise ModelError(
                f"{path.with_suffix('.json')}: threshold is {quoted(threshold)}; "
                f"allowed: a number from -{MAX_THRESHOLD:g} to {MAX_THRESHOLD:g}"
            )
        self.path, self.threshold, self.error = path, threshold, ""
        self.model = model_file.TFLiteModel(path, card, threads)
        shapes = [tensor["shape"].tolist() for tensor in (self.model.input, *self.model.outputs)]
        if shapes != [[1, CROP_SIDE, CROP_SIDE, 1], [1, 1]]:
            raise ModelError(
                f"{path}: maps {' to '.join(map(str, shapes))}; expected [1, {CROP_SIDE}, {CROP_SIDE}, 1] to [1, 1]"
            )
        grey = np.resize(np.arange(256, dtype=np.uint8), (CROP_SIDE, CROP_SIDE))
        self._levels = self.model.quantize(normalize(grey)).ravel()[:256]
        self.score(np.full((CROP_SIDE, CROP_SIDE), 128, np.uint8))

    def score(self, crop: NDArray[np.uint8]) -> float:
        """The logarithm of the odds that the face in a crop uint8 [48, 48] is occluded. Raises ModelError."""
        if crop.dtype != np.uint8 or crop.shape != (CROP_SIDE, CROP_SIDE):
            raise ValueError(
                f"expected a grey crop uint8 [{CROP_SIDE}, {CROP_SIDE}], got {crop.dtype} {list(crop.shape)}"
            )
        tensor = cv2.LUT(crop, self._levels).reshape(1, CROP_SIDE, CROP_SIDE, 1)
        log_odds = float(self.model.run(tensor)[0][0, 0])
        if not math.isfinite(log_odds):
            raise ModelError(f"{self.path}: the model returned {log_odds}")
        return log_odds

    def __call__(self, crop: NDArray[np.uint8]) -> bool:
        """Whether the face in a crop uint8 [48, 48] is occluded. Where the model fails, `error` says why and the face
        counts as not occluded."""
        self.error = ""
        try:
            return self.score(crop) > self.threshold
        except ModelError as err:
            self.error = str(err)
            return False
