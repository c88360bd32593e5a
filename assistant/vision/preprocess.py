"""Face crop to model tensor: the one definition, for training, calibration, evaluation and serving.

Whoever needs the numbers a model sees calls these functions; nobody writes the arithmetic again. A detected box goes
through `crop`, a picture that is already a 48x48 face enters at `normalize`.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Box

SIDE = 48
"""Side of the square crop in pixels, that of the FER-2013 pictures."""

MID_GREY = 128.0
GREY_STEP = 64.0
"""Grey g becomes (g - 128) / 64. With these two an int8 input of scale 1/64 and zero point 0 holds g - 128: the
quantized tensor carries every grey level unchanged, and zero padding means mid-grey."""

SCALING = "(grey - 128) / 64"
"""What a model card must say of its input; a card that says something else is refused."""


def to_grey(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey picture uint8 [H, W] of a grey [H, W] or [H, W, 1], BGR [H, W, 3] or BGRA [H, W, 4] one."""
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] == 1:
        return image[:, :, 0]
    if image.ndim == 3 and image.shape[2] == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if image.ndim == 3 and image.shape[2] == 4:
        return cv2.cvtColor(image, cv2.COLOR_BGRA2GRAY)
    raise ValueError(f"expected a picture of shape [H, W] or [H, W, 1, 3 or 4], got {list(image.shape)}")


def crop(grey: NDArray[np.uint8], box: Box, margin: float = 0.0) -> NDArray[np.uint8]:
    """The face in `box` as uint8 [48, 48].

    The square around the centre of the box, its side the longer side of the box, grown by `margin` (a share of that
    side, on every edge). What lies outside the picture repeats its edge. Shrinking averages (INTER_AREA), so that a
    large face is not sampled down to noise.
    """
    half = max(box.width, box.height) * (0.5 + margin)
    centre_x, centre_y = box.x + box.width / 2, box.y + box.height / 2
    left, top = round(centre_x - half), round(centre_y - half)
    side = max(1, round(2 * half))
    height, width = grey.shape
    inside = grey[max(0, top) : max(0, min(height, top + side)), max(0, left) : max(0, min(width, left + side))]
    if inside.size == 0:
        raise ValueError(f"the box {box} lies outside the picture of {width}x{height} pixels")
    if inside.shape != (side, side):
        over_top, over_left = max(0, -top), max(0, -left)
        over_bottom, over_right = side - inside.shape[0] - over_top, side - inside.shape[1] - over_left
        inside = cv2.copyMakeBorder(inside, over_top, over_bottom, over_left, over_right, cv2.BORDER_REPLICATE)
    how = cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR
    return cv2.resize(inside, (SIDE, SIDE), interpolation=how)


def scaled(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels as every model of ours takes them, float32 of the same shape in [-2, 1.984]."""
    return (grey.astype(np.float32) - MID_GREY) / GREY_STEP


def normalize(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Model input float32 [..., 48, 48, 1] in [-2, 1.984] of grey crops uint8 [..., 48, 48]."""
    if crops.dtype != np.uint8 or crops.shape[-2:] != (SIDE, SIDE):
        raise ValueError(f"expected grey crops uint8 [..., {SIDE}, {SIDE}], got {crops.dtype} {list(crops.shape)}")
    return scaled(crops)[..., np.newaxis]
