"""From a detected face to the input tensor of a model: the one definition, for training, calibration, evaluation and
serving.

All code that needs the numbers a model sees calls these functions; the arithmetic stands nowhere else. A detected face
goes through `face_crop` (aligned by its landmarks where it has them, else cut out along its box); a picture that is
already a 48x48 face enters at `normalize`.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Box, Face

CROP_SIDE = 48
"""Side of the square crop in pixels; that of the FER-2013 pictures."""

MID_GREY = 128.0
GREY_STEP = 64.0
"""Grey level g becomes (g - MID_GREY) / GREY_STEP. With these values an int8 input of scale 1/64 and zero point 0 holds
g - 128: the quantized tensor carries every grey level unchanged, and zero padding means mid-grey."""

INPUT_SCALING = "(grey - 128) / 64"
"""What a model card must state as the scaling of its input; a card that states another one is refused."""


LANDMARK_TEMPLATE = np.array([[15.96, 19.6], [32.04, 19.6], [24.0, 28.3], [17.2, 34.7], [30.8, 34.7]], np.float64)
"""Positions of right eye, left eye, nose, right and left mouth corner in an aligned crop, x and y in pixels: eyes
level, 16.1 pixels apart. The template is the median of YuNet's landmarks in 763 upright, frontal FER-2013 Training
pictures (eyes 17.9 pixels apart), made symmetric and scaled by 0.9: of the scales 0.9, 1 and 1.1 this one reads 1,011
faces of muxspace's tuning half best, upright and rotated by 30 degrees either way (.78, .76 and .75 right)."""
MIN_EYE_DISTANCE_PX, MAX_EYE_DISTANCE_PX = 2.0, 4000.0
"""Landmarks whose eyes are closer together or farther apart than this, in pixels, are not plausible."""
MAX_LANDMARK_OFFSET = 0.5
"""Landmarks that lie farther outside their box than this share of its longer side do not belong to the face in it. Of
5,664 faces of FER-2013 Training none of YuNet's landmarks lay 0.05 outside."""
MAX_SQUARE_SIDE = 2048
"""Pixels. A larger square, which may lie mostly outside the picture, is cut out of a shrunk copy of the picture: a box
several times as large as the picture must take neither seconds nor all the memory."""


def to_grey(image: NDArray[np.uint8], into: NDArray[np.uint8] | None = None) -> NDArray[np.uint8]:
    """Grey picture uint8 [H, W] of a grey [H, W] or [H, W, 1], BGR [H, W, 3] or BGRA [H, W, 4] picture. into: memory
    for the result, used where it has the right size and the picture is not grey already. Raises ValueError for any
    other shape."""
    if image.ndim == 2:
        return image
    if image.ndim == 3 and image.shape[2] == 1:
        return image[:, :, 0]
    if image.ndim == 3 and image.shape[2] == 3:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY, dst=into)
    if image.ndim == 3 and image.shape[2] == 4:
        return cv2.cvtColor(image, cv2.COLOR_BGRA2GRAY, dst=into)
    raise ValueError(f"expected a picture of shape [H, W] or [H, W, 1, 3 or 4], got {list(image.shape)}")


def face_crop(picture: NDArray[np.uint8], face: Face, margin: float = 0.0, side: int = CROP_SIDE) -> NDArray[np.uint8]:
    """A face of a picture uint8 [H, W] or [H, W, 3] as uint8 [side, side] or [side, side, 3]: aligned by its landmarks,
    or cut out by `crop` with `margin` where it has no plausible ones."""
    if face.landmarks is not None:
        points = np.array(face.landmarks, np.float64)
        if is_plausible(points) and _belong_to(face.box, points):
            template = LANDMARK_TEMPLATE if side == CROP_SIDE else template_of(side)
            return align(picture, points, template, side)
    return crop(picture, face.box, margin, side)


def template_of(side: int) -> NDArray[np.float64]:
    """LANDMARK_TEMPLATE for crops of `side` pixels, float64 [5, 2]. The centres of the outer pixels, not the corners of
    the crop, lie at 0 and side - 1: hence the half pixels."""
    return (LANDMARK_TEMPLATE + 0.5) * (side / CROP_SIDE) - 0.5


def is_plausible(points: NDArray[np.float64]) -> bool:
    """Whether five landmarks float64 [5, 2] could be those of a face: finite, with a possible distance between the
    eyes."""
    numbers = points.tolist()  # for five points that takes a fifth of the time that arrays take
    is_finite = all(math.isfinite(x) and math.isfinite(y) for x, y in numbers)
    return is_finite and MIN_EYE_DISTANCE_PX <= math.dist(numbers[0], numbers[1]) <= MAX_EYE_DISTANCE_PX


def _belong_to(box: Box, points: NDArray[np.float64]) -> bool:
    """Whether landmarks float64 [5, 2] lie in a box, or at most MAX_LANDMARK_OFFSET outside."""
    reach = MAX_LANDMARK_OFFSET * max(box.width, box.height)
    left, top = box.x - reach, box.y - reach
    right, bottom = box.x + box.width + reach, box.y + box.height + reach
    return all(left <= x <= right and top <= y <= bottom for x, y in points.tolist())


def align(
    picture: NDArray[np.uint8],
    points: NDArray[np.float64],
    template: NDArray[np.float64] = LANDMARK_TEMPLATE,
    side: int = CROP_SIDE,
) -> NDArray[np.uint8]:
    """The face with the five landmarks `points` float64 [5, 2] of a picture uint8 [H, W] or [H, W, 3], rotated and
    scaled so that they come to lie nearest to `template` [5, 2]: uint8 [side, side] or [side, side, 3].

    All five landmarks count: the eyes alone would enlarge a half-turned face. Pixels outside the picture repeat its
    edge. Shrinking averages, as in `crop`.
    """
    move = similarity_transform(points, template)
    if math.hypot(*move[:, 0]) < 0.5:  # warpAffine samples one pixel in so many: average first
        picture, move = _shrunk(picture, move, side)
    return cv2.warpAffine(picture, move, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def similarity_transform(points: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """The similarity transform float64 [2, 3] that maps points [N, 2] onto `target` [N, 2] with the least squared error
    (Umeyama 1991).

    Computed number by number: for five points that takes a fifth of the time that arrays take.
    """
    pairs = list(zip(points.tolist(), target.tolist(), strict=True))
    count = len(pairs)
    (all_x, all_y), (all_aims_x, all_aims_y) = zip(*points.tolist(), strict=True), zip(*target.tolist(), strict=True)
    center_x, center_y, target_x, target_y = (sum(each) / count for each in (all_x, all_y, all_aims_x, all_aims_y))
    dot = cross = spread = 0.0
    for (x, y), (aim_x, aim_y) in pairs:
        x, y, aim_x, aim_y = x - center_x, y - center_y, aim_x - target_x, aim_y - target_y
        dot += x * aim_x + y * aim_y
        cross += x * aim_y - y * aim_x
        spread += x * x + y * y
    cosine, sine = dot / spread, cross / spread
    move_x = target_x - cosine * center_x + sine * center_y
    move_y = target_y - sine * center_x - cosine * center_y
    return np.array([[cosine, -sine, move_x], [sine, cosine, move_y]])


def _shrunk(
    picture: NDArray[np.uint8], move: NDArray[np.float64], side: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of a picture that an aligned crop of `side` pixels shows, with twice as many pixels along an edge as the
    crop, and the transform float64 [2, 3] that maps it onto the crop as `move` maps the picture."""
    (cosine, _, move_x), (sine, _, move_y) = move.tolist()
    square = cosine * cosine + sine * sine
    factor = 2 * math.sqrt(square)
    corners = [(x - move_x, y - move_y) for x in (0.0, float(side)) for y in (0.0, float(side))]
    needed_x = [(cosine * x + sine * y) / square for x, y in corners]
    needed_y = [(cosine * y - sine * x) / square for x, y in corners]
    margin = 2 / factor  # pixels that the interpolation looks at beside the crop
    left, right = _span(needed_x, margin, picture.shape[1])
    top, bottom = _span(needed_y, margin, picture.shape[0])
    part = picture[top:bottom, left:right]
    height, width = part.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    # pixel centres, not corners, keep their places: x + 0.5 becomes (x + 0.5) * ratio
    step_x, step_y = width / size[0], height / size[1]
    from_x, from_y = 0.5 * step_x - 0.5 + left, 0.5 * step_y - 0.5 + top
    onto_crop = np.array(
        [
            [cosine * step_x, -sine * step_y, cosine * from_x - sine * from_y + move_x],
            [sine * step_x, cosine * step_y, sine * from_x + cosine * from_y + move_y],
        ]
    )
    return cv2.resize(part, size, interpolation=cv2.INTER_AREA), onto_crop


def _span(places: list[float], margin: float, length: int) -> tuple[int, int]:
    """The first pixel of an axis with so many that places from the least to the largest need, and the one behind the
    last."""
    first = min(max(0, math.floor(min(places) - margin)), length - 1)
    return first, min(max(first, math.ceil(max(places) + margin)), length - 1) + 1


def crop(picture: NDArray[np.uint8], box: Box, margin: float = 0.0, side: int = CROP_SIDE) -> NDArray[np.uint8]:
    """The face in `box` of a picture uint8 [H, W] or [H, W, 3] as uint8 [side, side] or [side, side, 3].

    The crop is the square around the centre of the box whose side is the longer side of the box, grown by `margin` (a
    share of that side) on every edge. Pixels outside the picture repeat its edge. Shrinking averages (INTER_AREA), so
    that a large face is not sampled down to noise. Raises ValueError where the square lies outside the picture.
    """
    half = max(box.width, box.height) * (0.5 + margin)
    if 2 * half > MAX_SQUARE_SIDE:
        factor = MAX_SQUARE_SIDE / (4 * half)
        size = [max(1, round(length * factor)) for length in picture.shape[1::-1]]
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        box, half = Box(*(value * factor for value in box)), half * factor
    center_x, center_y = box.center
    left, top = round(center_x - half), round(center_y - half)
    square = max(1, round(2 * half))
    height, width = picture.shape[:2]
    inside = picture[max(0, top) : max(0, min(height, top + square)), max(0, left) : max(0, min(width, left + square))]
    if inside.size == 0:
        raise ValueError(f"the box {box} lies outside the picture of {width}x{height} pixels")
    if inside.shape[:2] != (square, square):
        over_top, over_left = max(0, -top), max(0, -left)
        over_bottom, over_right = square - inside.shape[0] - over_top, square - inside.shape[1] - over_left
        inside = cv2.copyMakeBorder(inside, over_top, over_bottom, over_left, over_right, cv2.BORDER_REPLICATE)
    interpolation = cv2.INTER_AREA if square > side else cv2.INTER_LINEAR
    return cv2.resize(inside, (side, side), interpolation=interpolation)


def scale_grey(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Grey levels uint8 as every model of this project takes them: float32 of the same shape, in [-2, 1.984]."""
    return (grey.astype(np.float32) - MID_GREY) / GREY_STEP


def normalize(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Model input float32 [..., 48, 48, 1] in [-2, 1.984] of grey crops uint8 [..., 48, 48]. Raises ValueError."""
    if crops.dtype != np.uint8 or crops.shape[-2:] != (CROP_SIDE, CROP_SIDE):
        raise ValueError(
            f"expected grey crops uint8 [..., {CROP_SIDE}, {CROP_SIDE}], got {crops.dtype} {list(crops.shape)}"
        )
    return scale_grey(crops)[..., np.newaxis]
