"""A detector that is opened when it has to search and can be let go: the search in an empty room needs one of 11 MB."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from assistant.vision.detectors import FaceDetector


class OnDemandDetector:
    """The detector that `open_detector()` opens, opened with the first picture and with the first after `release`.

    like: a detector of the same network, which tells what this one is like while it is not open. `find` raises
    DetectorError where it cannot be opened.
    """

    def __init__(self, open_detector: Callable[[], FaceDetector], like: FaceDetector) -> None:
        self._open_detector = open_detector
        self.crop_margin, self.needs_colour = like.crop_margin, like.needs_colour
        self.has_landmarks = like.has_landmarks
        self._detector: FaceDetector | None = None

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        if self._detector is None:
            self._detector = self._open_detector()
        return self._detector.find(image, grey)

    def release(self) -> bool:
        """Free its memory until it is needed again; returns whether it was open."""
        was_open, self._detector = self._detector is not None, None
        return was_open
