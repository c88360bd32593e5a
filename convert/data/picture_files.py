"""Picture files, as pixels."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.data.fer2013 import DatasetError


def grey(file: Path) -> NDArray[np.uint8]:
    """The picture uint8 [H, W] in a file. Raises DatasetError where there is none that can be read."""
    return _read(file, cv2.IMREAD_GRAYSCALE)


def colour(file: Path) -> NDArray[np.uint8]:
    """The picture uint8 [H, W, 3] in a file, blue first. Raises DatasetError where there is none that can be read."""
    return _read(file, cv2.IMREAD_COLOR)


def _read(file: Path, how: int) -> NDArray[np.uint8]:
    image = cv2.imread(str(file), how)
    if image is None:
        raise DatasetError(f"{file}: this picture cannot be read")
    return np.asarray(image, np.uint8)
