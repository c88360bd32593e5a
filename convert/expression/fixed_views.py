"""Fixed views of a training picture: what the teachers were asked about, made again for every student.

View 0 is the picture, view 1 its mirror image; the others are turned, zoomed, shifted and half of them mirrored, by
numbers that come from the picture's own bytes. So soft labels need no pictures beside them, and no order of pictures.
"""

import hashlib

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.preprocess import CROP_SIDE

MOST_VIEWS = 256
"""A view's number is one byte."""
ROTATION_DEG, ZOOM, SHIFT = 15.0, 0.15, 0.08
"""Limits of the views, either way; zoom and shift are shares of the side."""


def view(image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """View `number` of a picture uint8 [48, 48], the same size; what comes in from outside repeats the edge."""
    if number < 2:
        return image[:, ::-1] if number else image
    digest = hashlib.sha256(image.tobytes() + bytes([number])).digest()
    turn, zoom, right, down, mirror = np.frombuffer(digest[:20], "<u4") / 2**31 - 1
    move = cv2.getRotationMatrix2D(((CROP_SIDE - 1) / 2, (CROP_SIDE - 1) / 2), turn * ROTATION_DEG, 1 + zoom * ZOOM)
    move[:, 2] += right * SHIFT * CROP_SIDE, down * SHIFT * CROP_SIDE
    if mirror < 0:
        image = np.ascontiguousarray(image[:, ::-1])
    made = cv2.warpAffine(image, move, (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)
