"""Whether a picture still shows what it showed before, told by a few of its pixels."""

import numpy as np
from numpy.typing import NDArray

SAMPLE_STEP = 16
"""Every so many pixels one is compared, in both directions: 1,200 of a frame of 640x480."""
CHANGED_LEVELS = 25
"""A pixel that differs by more grey levels has changed; the noise of a camera by day stays below 15."""
MOVED_SHARE = 0.005
"""Something has moved where so many of the pixels have changed: a person far away covers 4 % of the picture."""


class Motion:
    """Compares frames with a marked one."""

    def __init__(self) -> None:
        self._marked = np.empty((0, 0), np.int16)

    def mark(self, grey: NDArray[np.uint8]) -> None:
        """Compare with this frame, uint8 [H, W], from now on."""
        self._marked = grey[::SAMPLE_STEP, ::SAMPLE_STEP].astype(np.int16)

    def is_since_mark(self, grey: NDArray[np.uint8]) -> bool:
        """Whether something in the frame has moved since the marked one; so it has where the size differs."""
        samples = grey[::SAMPLE_STEP, ::SAMPLE_STEP]
        if samples.shape != self._marked.shape:
            return True
        return bool((np.abs(samples - self._marked) > CHANGED_LEVELS).mean() >= MOVED_SHARE)
