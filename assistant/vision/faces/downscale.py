"""Downscaling by averaging, in the way that costs least."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Downscale = Callable[[NDArray[np.uint8], tuple[int, int]], NDArray[np.uint8]]
"""`downscale`, or a Downscaler."""
MAX_SHAPES = 16
"""Pictures that a Downscaler remembers; from 1920x1080 to 16x12 there are eight on the way."""


def downscale(picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture uint8 [H, W] or [H, W, 3] at `size` (width, height), no larger than it is: every pixel is the mean of
    those that it stands for.

    It is halved as long as that leaves it large enough, and only then brought to the exact size: OpenCV halves with
    vector instructions, and computes any other ratio pixel by pixel. From 640x480 to 16x12 that takes a fifth of the
    instructions. Each halving rounds, so that grey levels differ by one or so from the mean of all pixels at once.
    """
    return Downscaler()(picture, size)


class Downscaler:
    """`downscale` into memory that is used again: a result holds until the next call."""

    def __init__(self) -> None:
        self._memory: dict[tuple[int, ...], NDArray[np.uint8]] = {}

    def __call__(self, picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        """The picture uint8 [H, W] or [H, W, 3] at `size` (width, height), no larger than it is."""
        width, height = size
        while picture.shape[1] >= 2 * width and picture.shape[0] >= 2 * height:
            picture = self._resized(picture, (picture.shape[1] // 2, picture.shape[0] // 2))
        return picture if picture.shape[1::-1] == size else self._resized(picture, size)

    def _resized(self, picture: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
        shape = (size[1], size[0], *picture.shape[2:])
        into = self._memory.get(shape)
        if into is None:
            if len(self._memory) >= MAX_SHAPES:  # frames of ever other sizes
                self._memory.clear()
            into = self._memory[shape] = np.empty(shape, np.uint8)
        return cv2.resize(picture, size, dst=into, interpolation=cv2.INTER_AREA)
