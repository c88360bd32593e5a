"""Haar cascade "alt2" from OpenCV's own data: needs no file, finds upright frontal faces only."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.errors import DetectorError
from assistant.records import Box, Face
from assistant.vision.detectors import nearest_first, shrink

SCALE_STEP = 1.1
"""Ratio of neighbouring sizes at which the cascade searches."""
MIN_NEIGHBOURS = 4
"""Overlapping hits that make a face. The cascade gives no probability: a face of n hits gets the score n / (n + 4), so
0.5 is the lowest."""


def cascade_file() -> Path:
    """Where OpenCV keeps the cascade; the file need not exist."""
    return Path(vars(cv2)["data"].haarcascades) / "haarcascade_frontalface_alt2.xml"


class HaarFaceDetector:
    """The cascade of Lienhart & Maydt 2002 as OpenCV ships it up to 4.x. Raises DetectorError where it is missing."""

    needs_colour, has_landmarks = False, False
    crop_margin = 0.12
    """Of the margins -0.15 to 0.2 in steps of 0.05, expressions of 900 faces of muxspace (happy, neutral, surprise)
    were read best at 0.1 and 0.15."""

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        path = cascade_file()
        if not path.is_file() or not hasattr(cv2, "CascadeClassifier"):
            raise DetectorError(f"OpenCV {cv2.__version__} has no Haar cascades; install opencv-python-headless 4.14")
        try:
            self._cascade = cv2.CascadeClassifier(str(path))
        except (cv2.error, SystemError) as err:
            raise DetectorError(f"{path}: damaged; reinstall opencv-python-headless 4.14") from err

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        small, factor = shrink(grey, self.settings.long_side)
        boxes, hits = self._cascade.detectMultiScale2(
            small, scaleFactor=SCALE_STEP, minNeighbors=MIN_NEIGHBOURS, minSize=(self.settings.min_face_px,) * 2
        )
        scores = [float(count / (count + MIN_NEIGHBOURS)) for count in hits]
        faces = [
            Face(Box(*(float(value) * factor for value in box)), score)
            for box, score in zip(boxes, scores, strict=True)
            if score >= self.settings.score_threshold
        ]
        return nearest_first(faces)
