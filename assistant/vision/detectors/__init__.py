"""Face detectors, one file each, behind one small protocol. A new one is a new file and a line in `open_detector`."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.records import Face
from assistant.vision.faces.downscale import Downscale, downscale


class FaceDetector(Protocol):
    """Finds the faces of a picture."""

    crop_margin: float
    """Share of a box's side by which `preprocess.crop` grows it, so that the crop is framed as the pictures that the
    expression model was trained on. It depends on how tightly a detector draws its boxes."""
    needs_colour: bool
    """The detector finds more faces in BGR than in grey; a camera that can choose should deliver colour."""
    has_landmarks: bool
    """The faces have landmarks, by which it is told which way a head is turned."""

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        """The faces of a picture in its pixel coordinates, the largest box first.

        image is uint8 [H, W] or BGR [H, W, 3]; grey is the same picture as uint8 [H, W].
        """
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


def shrink(
    image: NDArray[np.uint8], long_side: int, downscale: Downscale = downscale
) -> tuple[NDArray[np.uint8], float]:
    """The picture with its longer side at most `long_side` pixels, and the factor from its coordinates back to those of
    the original. downscale: a Downscaler, which uses its memory again."""
    height, width = image.shape[:2]
    factor = max(height, width) / long_side
    if factor <= 1:
        return image, 1.0
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    return downscale(image, size), factor


def nearest_first(faces: list[Face]) -> list[Face]:
    """The faces in the order of their boxes' areas, the largest first."""
    return sorted(faces, key=lambda face: -face.box.area)
