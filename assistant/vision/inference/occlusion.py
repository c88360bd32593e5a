"""Is a face covered: by a mask, a scarf, a hand, a cup? A small network judges its crop; a beard or glasses are no
cover. `emotion-convert cover` fits it; how often it errs stands in its card.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import shown
from assistant.errors import ModelError
from assistant.vision.faces.preprocess import CROP_SIDE, normalize
from assistant.vision.inference import model_file

SHIPPED = "face-cover-int8"
MAX_THRESHOLD = 20.0
"""A threshold is no larger than this, either way: such odds no network gives."""


class OcclusionClassifier:
    """The judge in a model file, the shipped one unless another is given. threshold: the score from which a face is
    covered, of its card; error: why it could not judge the last crop, empty if it could.

    Raises ModelError where the file is missing, is not what its card says, or maps a crop to anything but one number.
    """

    def __init__(self, model: Path | None = None, threads: int = 1) -> None:
        path = model or model_file.find_model(SHIPPED)
        card = model_file.read_card(path)
        threshold = card.get("threshold")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not abs(threshold) <= MAX_THRESHOLD:
            raise ModelError(
                f"{path.with_suffix('.json')}: threshold is {shown(threshold)}; "
                f"allowed: a number from -{MAX_THRESHOLD:g} to {MAX_THRESHOLD:g}"
            )
        self.path, self.threshold, self.error = path, threshold, ""
        self.model = model_file.TFLiteModel(path, card, threads)
        shapes = [tensor["shape"].tolist() for tensor in (self.model.input, *self.model.outputs)]
        if shapes != [[1, CROP_SIDE, CROP_SIDE, 1], [1, 1]]:
            raise ModelError(
                f"{path}: maps {' to '.join(map(str, shapes))}; expected [1, {CROP_SIDE}, {CROP_SIDE}, 1] to [1, 1]"
            )
        self.score(np.full((CROP_SIDE, CROP_SIDE), 128, np.uint8))

    def score(self, crop: NDArray[np.uint8]) -> float:
        """How surely a face crop uint8 [48, 48] is covered: the logarithm of the odds. Raises ModelError."""
        odds = float(self.model.run(self.model.quantize(normalize(crop)[np.newaxis]))[0][0, 0])
        if not math.isfinite(odds):
            raise ModelError(f"{self.path}: the model returned {odds}")
        return odds

    def __call__(self, crop: NDArray[np.uint8]) -> bool:
        """Whether it is covered. Where the judge fails, `error` says so, and the face counts as bare."""
        self.error = ""
        try:
            return self.score(crop) > self.threshold
        except ModelError as err:
            self.error = str(err)
            return False
