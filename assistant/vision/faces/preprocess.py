"""Face crop to model tensor: the one definition, for training, calibration, evaluation and serving.

Whoever needs the numbers a model sees calls these functions; nobody writes the arithmetic again. A detected face goes
through `face` (turned upright by its landmarks where it has them, else cut out along its box), a picture that is
already a 48x48 face enters at `normalize`.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Box, Face

CROP_SIDE = 48
"""Side of the square crop in pixels, that of the FER-2013 pictures."""

MID_GREY = 128.0
GREY_STEP = 64.0
"""Grey g becomes (g - 128) / 64. With these two an int8 input of scale 1/64 and zero point 0 holds g - 128: the
quantized tensor carries every grey level unchanged, and zero padding means mid-grey."""

INPUT_SCALING = "(grey - 128) / 64"
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


LANDMARK_TEMPLATE = np.array([[15.96, 19.6], [32.04, 19.6], [24.0, 28.3], [17.2, 34.7], [30.8, 34.7]], np.float64)
"""Where right eye, left eye, nose and mouth corners come to lie in an aligned crop, x and y in pixels: eyes level,
16.1 pixels apart. It is the median of 763 upright, frontal FER-2013 Training pictures as YuNet sees them (17.9 pixels
apart), made symmetric and drawn together to 0.9: of 0.9, 1 and 1.1 that reads 1,011 faces of muxspace's tuning half
best, upright and turned by 30 degrees either way (.78, .76 and .75 right)."""
MIN_EYE_DISTANCE_PX, MAX_EYE_DISTANCE_PX = 2.0, 4000.0
"""Landmarks whose eyes are nearer or farther apart, in pixels, are no face's."""
MAX_LANDMARK_OFFSET = 0.5
"""Landmarks that lie farther outside their box than this, in shares of its longer side, are not of the face in it. Of
5,664 faces of FER-2013 Training none of YuNet's lay 0.05 outside."""


def face_crop(grey: NDArray[np.uint8], found: Face, margin: float = 0.0) -> NDArray[np.uint8]:
    """A detected face as uint8 [48, 48]: aligned by its landmarks, or `crop` with the margin where it has none that
    could be a face's."""
    if found.landmarks is not None:
        points = np.array(found.landmarks, np.float64)
        if is_plausible(points) and _is_around(found.box, points):
            return align(grey, points)
    return crop(grey, found.box, margin)


def is_plausible(points: NDArray[np.float64]) -> bool:
    """Whether five landmarks [5, 2] could be a face's: finite, and the eyes apart."""
    return (
        bool(np.isfinite(points).all())
        and MIN_EYE_DISTANCE_PX <= math.dist(points[0], points[1]) <= MAX_EYE_DISTANCE_PX
    )


def _is_around(box: Box, points: NDArray[np.float64]) -> bool:
    """Whether landmarks [5, 2] lie in a box, or near it."""
    stray = MAX_LANDMARK_OFFSET * max(box.width, box.height)
    near, far = np.array([box.x, box.y]) - stray, np.array([box.x + box.width, box.y + box.height]) + stray
    return bool(((near <= points) & (points <= far)).all())


def align(grey: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The face whose five landmarks [5, 2] are at `points`, turned and scaled to SHAPE: uint8 [48, 48].

    All five count: the eyes alone would enlarge a half-turned face. What lies outside the picture repeats its edge.
    Shrinking averages, as in `crop`.
    """
    move = similarity_transform(points, LANDMARK_TEMPLATE)
    scale = math.hypot(*move[:, 0])
    if scale < 0.5:  # warpAffine samples one pixel in so many: average first
        grey, points = _shrunk(grey, points, 2 * scale)
        move = similarity_transform(points, LANDMARK_TEMPLATE)
    return cv2.warpAffine(grey, move, (CROP_SIDE, CROP_SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def similarity_transform(points: NDArray[np.float64], shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """The similarity transform [2, 3] that brings points [N, 2] nearest to a shape [N, 2]: that of the least squared
    error (Umeyama 1991)."""
    middle, target = points.mean(axis=0), shape.mean(axis=0)
    off, aim = points - middle, shape - target
    along, across = (off * aim).sum(), (off[:, 0] * aim[:, 1] - off[:, 1] * aim[:, 0]).sum()
    turn = np.array([[along, -across], [across, along]]) / (off**2).sum()
    return np.column_stack([turn, target - turn @ middle])


def _shrunk(
    grey: NDArray[np.uint8], points: NDArray[np.float64], factor: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The surroundings of a face, shrunk by `factor`, and where its landmarks are in them."""
    reach = 3 * np.ptp(points, axis=0).max()
    last = np.array(grey.shape[::-1]) - 1
    left, top = np.clip(np.floor(points.min(axis=0) - reach), 0, last).astype(int)
    right, bottom = np.clip(np.ceil(points.max(axis=0) + reach), (left, top), last).astype(int) + 1
    part = grey[top:bottom, left:right]
    size = max(1, round(part.shape[1] * factor)), max(1, round(part.shape[0] * factor))
    # pixel centres, not corners, keep their places: x + 0.5 becomes (x + 0.5) * ratio
    ratio = np.array(size) / part.shape[::-1]
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA), (points - (left, top) + 0.5) * ratio - 0.5


MAX_SQUARE_SIDE = 2048
"""A square of so many pixels is cut out as it is; of a larger one, which may lie mostly outside the picture, a shrunk
picture's: a box several times as large as the picture must not take seconds, and all the memory."""


def crop(grey: NDArray[np.uint8], box: Box, margin: float = 0.0) -> NDArray[np.uint8]:
    """The face in `box` as uint8 [48, 48].

    The square around the centre of the box, its side the longer side of the box, grown by `margin` (a share of that
    side, on every edge). What lies outside the picture repeats its edge. Shrinking averages (INTER_AREA), so that a
    large face is not sampled down to noise.
    """
    half = max(box.width, box.height) * (0.5 + margin)
    if 2 * half > MAX_SQUARE_SIDE:
        factor = MAX_SQUARE_SIDE / (4 * half)
        size = [max(1, round(length * factor)) for length in grey.shape[::-1]]
        grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        box, half = Box(*(value * factor for value in box)), half * factor
    centre_x, centre_y = box.center
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
    how = cv2.INTER_AREA if side > CROP_SIDE else cv2.INTER_LINEAR
    return cv2.resize(inside, (CROP_SIDE, CROP_SIDE), interpolation=how)


def scale_grey(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels as every model of ours takes them, float32 of the same shape in [-2, 1.984]."""
    return (grey.astype(np.float32) - MID_GREY) / GREY_STEP


def normalize(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Model input float32 [..., 48, 48, 1] in [-2, 1.984] of grey crops uint8 [..., 48, 48]."""
    if crops.dtype != np.uint8 or crops.shape[-2:] != (CROP_SIDE, CROP_SIDE):
        raise ValueError(
            f"expected grey crops uint8 [..., {CROP_SIDE}, {CROP_SIDE}], got {crops.dtype} {list(crops.shape)}"
        )
    return scale_grey(crops)[..., np.newaxis]
