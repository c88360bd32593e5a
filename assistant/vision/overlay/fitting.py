"""A picture fitted into another size, nothing of it cut off."""

import cv2
import numpy as np
from numpy.typing import NDArray


def fitted(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], float, int, int]:
    """The image, uint8 [H, W] or [H, W, 3], scaled to fit into that height and width, in the middle of black; with the
    factor, and the left and top edge of it there."""
    height, width = image.shape[:2]
    factor = min(size[0] / height, size[1] / width)
    inner = (min(size[0], max(1, round(height * factor))), min(size[1], max(1, round(width * factor))))
    if inner != (height, width):
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, (inner[1], inner[0]), interpolation=how), np.uint8)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    if inner != size:
        below, right = size[0] - inner[0] - top, size[1] - inner[1] - left
        image = np.asarray(cv2.copyMakeBorder(image, top, below, left, right, cv2.BORDER_CONSTANT), np.uint8)
    return image, factor, left, top
