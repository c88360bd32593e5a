"""A camera of pictures in memory, and a clip of them: short, so that the tests are."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame

FPS = 10.0


class ListCamera:
    """Shows pictures one after the other, ten a second."""

    is_live = False

    def __init__(self, images: Sequence[NDArray[np.uint8]]) -> None:
        self._images, self._seq = images, 0

    def read(self) -> Frame | None:
        if self._seq == len(self._images):
            return None
        self._seq += 1
        return Frame(self._images[self._seq - 1], (self._seq - 1) / FPS, self._seq)

    def close(self) -> None:
        """Nothing is open."""


def empty_room(seed: int = 2) -> NDArray[np.uint8]:
    """A picture without a face, BGR uint8 [256, 256, 3]."""
    return np.random.default_rng(seed).integers(90, 150, (256, 256, 3), np.uint8)


def write_clip(path: Path, images: Sequence[NDArray[np.uint8]]) -> Path:
    """Write the pictures as an AVI file."""
    height, width = images[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (width, height))
    for image in images:
        writer.write(image)
    writer.release()
    return path
