"""Face detectors, one file each, behind one small protocol. A new one is a new file and a line in `make`."""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Detector as DetectorSettings
from assistant.records import Face


class FaceDetector(Protocol):
    """Finds faces. crop_margin: share of the box's side by which `preprocess.crop` grows it, so that the crop is framed as
    the classifier's training pictures are; a property of how a detector draws its boxes. needs_colour: it finds more in
    BGR than in grey, so that a camera which can choose should give colour."""

    crop_margin: float
    needs_colour: bool

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        """Faces in a picture, uint8 [H, W] or BGR [H, W, 3], that is given in grey [H, W] as well: in its pixels, the
        nearest (largest) first."""
        ...


def open_detector(settings: DetectorSettings) -> FaceDetector:
    """The detector that the settings name. Raises DetectorError."""
    if settings.driver == "yunet":
        from assistant.vision.detectors.yunet import YuNetFaceDetector

        return YuNetFaceDetector(settings)
    if settings.driver == "haar":
        from assistant.vision.detectors.haar import HaarFaceDetector

        return HaarFaceDetector(settings)
    from assistant.vision.detectors.tflite import TFLiteFaceDetector

    return TFLiteFaceDetector(settings)


def shrink(image: NDArray[np.uint8], long_side: int) -> tuple[NDArray[np.uint8], float]:
    """The picture with its longer side at most `long_side` pixels, and the factor back to the original's pixels."""
    height, width = image.shape[:2]
    factor = max(height, width) / long_side
    if factor <= 1:
        return image, 1.0
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), factor


def nearest_first(faces: list[Face]) -> list[Face]:
    """The faces, the largest boxes first."""
    return sorted(faces, key=lambda face: -face.box.area)
