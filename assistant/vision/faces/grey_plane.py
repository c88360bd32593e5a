"""The grey picture of one frame after the other: made once a frame, into memory that is used again."""

import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame
from assistant.vision.faces.preprocess import to_grey


class GreyPlane:
    """Keeps the grey picture of the newest frame."""

    def __init__(self) -> None:
        self._memory = np.empty((0, 0), np.uint8)
        self._grey = self._memory
        self._frame: Frame | None = None

    def of(self, frame: Frame) -> NDArray[np.uint8]:
        """The grey picture uint8 [H, W] of a frame; it holds until that of another frame is asked for. Raises
        ValueError for a picture of another shape than `to_grey` takes."""
        if frame is not self._frame:
            self._frame = None  # the memory is written into
            self._grey = to_grey(frame.image, self._memory)
            if frame.image.ndim == 3 and frame.image.shape[2] > 1:  # any other is the camera's own memory
                self._memory = self._grey
            self._frame = frame
        return self._grey
