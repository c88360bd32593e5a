"""Quality checks: whether the expression of a face can be read, and why not, by its box, landmarks and crop; whether a
frame is good enough to find faces in. Pure functions.

Left and right are those of the picture, which are the wearer's: a head that is turned towards the picture's left edge
is turned left. Where a threshold cites figures, they are of 210 to 360 faces of muxspace (happy, neutral, surprised) of
the half that serves for tuning, degraded on purpose; "right" is the share that the FER+ model names right of those that
it is sure of (0.6), 0.86 for faces as they are.
"""

import math
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.records import Box, Face
from assistant.vision.faces import light, preprocess
from assistant.vision.faces.downscale import Downscale, downscale
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat

Point = tuple[float, float]

FACING_AHEAD_TURN = 0.12
"""Turn (`HeadPose.turn`) from which a head is said to face left or right; half of the heads that are drawn turned by 16
degrees reach it."""
MAX_TURN = 0.25
"""Turn from which an expression cannot be read. Of 4,982 upright faces, happy or neutral, with the landmarks of the
TFLite detector, the FER+ model names 87 % of the happy ones right below a turn of 0.1, 82 % from 0.1 to 0.2, and 15 of
26 beyond; of what it is sure of (0.6) 5, 7 and 15 % are wrong. Together with MIN_POSE_WIDTH it rejects 2 % of the heads
that are drawn turned by 10 degrees, 18, 48 and 77 % at 20, 25 and 30, and 96 % from 40 on."""
MIN_POSE_WIDTH = 1.62
"""`HeadPose.width` below which a head is turned too far. Of 230 faces that look ahead 3 % are below, of the same turned
(as a cylinder) by 15, 25, 35 and 40 degrees 6, 27, 68 and 87 %. MAX_TURN alone rejects 68 % of the last."""

DARK_GREY = 38.0
"""Grey level: a frame is too dark if at least 95 % of its pixels are darker; a face by `light.is_too_dark`."""
WHITE_GREY = 250
"""Grey level from which a pixel counts as white."""
BRIGHT_SHARE = 0.5
"""A face with this share of white pixels is too bright: at .43 right is .84, at .67 it is .68."""
BRIGHT_SHARE_IN_GLARE = 0.2
"""The same for a face in a frame that is itself too bright."""
MIN_SHARPNESS = 0.22
"""Sharpness (see `sharpness`) below which a picture is blurred. It is .40 in the median of faces as they are, of any
size, .27 for one in fifty; .13 where a face is blurred by 5.5 % of its width, .12 where it was moved by 22 %. Of rooms
it is .46, and .20 where a frame 640 pixels wide is blurred by 5."""
REFERENCE_WIDTH = 640
"""Pixels along a frame's longer side to which the widths of faces below refer."""
MIN_FACE_WIDTH_PX = 46.0
"""Width of a face, in pixels of a frame REFERENCE_WIDTH wide, below which it is too far away: the smallest faces that
are detected reliably."""
UNSURE_SCORE = 0.55
"""Detector score below which the box of a small face is likely too wide, and MIN_UNSURE_FACE_WIDTH_PX holds."""
MIN_UNSURE_FACE_WIDTH_PX = 52.0
"""As MIN_FACE_WIDTH_PX, for faces below UNSURE_SCORE. Of 27 faces 32 to 36 pixels wide whose boxes were 46 or wider in
four sets of tuning scenes this keeps 23 from being read, and 72 of 7,265 that were up to 62."""
FLAT_STD, FLAT_MEAN = 4.0, 70.0
"""A frame whose 12x16 downscaled greys have a standard deviation below FLAT_STD and a mean below FLAT_MEAN shows a
covered lens or no light, not a room."""
GLARE_STEP = 4
"""Of the pixels of a frame every so manyth along both axes is counted to judge its light: 19,200 of 640x480."""
WHITE_SAMPLES = 48
"""Of a larger box so many pixels along its shorter side, and up to twice as many, are counted to find its white ones:
a share is judged, and a near face has a hundred thousand pixels."""
COARSE_ROWS = 4
"""Of a frame's rows every so manyth counts for its brightness: a pixel of COARSE_SIZE is still the mean of 400 of
640x480."""
COARSE_SIZE, SMALL_SIZE = (16, 12), (160, 120)
"""Width and height to which a frame is downscaled to measure its brightness and its sharpness."""
SMOOTHING_KERNEL = cv2.getGaussianKernel(9, 1.0, cv2.CV_32F)
"""Gaussian of a standard deviation of one pixel, which `sharpness` smooths with."""


def rejection_reason(
    face: Face,
    crop: NDArray[np.uint8],
    grey: NDArray[np.uint8],
    is_occluded: Callable[[NDArray[np.uint8]], bool] | None,
    *,
    raised: NDArray[np.uint8] | None = None,
) -> str:
    """Why the expression of a face cannot be read: a key of the locale's [reasons], or empty where it can.

    crop: the face as it is in the frame, uint8 [48, 48]; grey: the frame, uint8 [H, W]; is_occluded: classifies the
    crop, None: no face counts as occluded; raised: the crop as `light.raise_contrast` makes it, where that is known.
    Light is checked first: of a face in glare the detector frames the middle alone, which then is small, or has no
    mouth. In a frame that is too bright, "bright" stands for any other reason.
    """
    if light.is_too_dark(crop):
        return "dark"
    white = white_share(pixels_in(grey, face.box))
    if white >= BRIGHT_SHARE or (white >= BRIGHT_SHARE_IN_GLARE and is_in_glare(grey)):
        return "bright"
    reason = _face_rejection_reason(
        face, light.raise_contrast(crop) if raised is None else raised, crop, grey, is_occluded
    )
    return "bright" if reason and is_in_glare(grey) else reason


def is_in_glare(grey: NDArray[np.uint8]) -> bool:
    """Whether a frame uint8 [H, W] is itself too bright."""
    return _white_share_of_all(grey[::GLARE_STEP, ::GLARE_STEP]) >= BRIGHT_SHARE


def _face_rejection_reason(
    face: Face,
    raised: NDArray[np.uint8],
    crop: NDArray[np.uint8],
    grey: NDArray[np.uint8],
    is_occluded: Callable[[NDArray[np.uint8]], bool] | None,
) -> str:
    min_width = MIN_UNSURE_FACE_WIDTH_PX if face.score < UNSURE_SCORE else MIN_FACE_WIDTH_PX
    if face.box.width * REFERENCE_WIDTH < min_width * max(grey.shape):
        return "far"
    if sharpness(crop) < MIN_SHARPNESS:
        return "blurred"
    if is_side_on(face.landmarks):
        return "side_on"
    return "occluded" if is_occluded is not None and is_occluded(raised) else ""


def assess_face(
    grey: NDArray[np.uint8],
    face: Face,
    margin: float,
    is_occluded: Callable[[NDArray[np.uint8]], bool] | None,
    *,
    image: NDArray[np.uint8] | None = None,
    input_format: InputFormat = OWN_FORMAT,
    lap: Callable[[str], None] = lambda stage: None,
) -> tuple[NDArray[np.uint8], str]:
    """The crop of a face as the expression model sees it, uint8 `input_format.crop_shape`, a dim one with more
    contrast; and why its expression cannot be read: a key of the locale's [reasons], empty where it can.

    grey: the frame, uint8 [H, W]; margin: the detector's `crop_margin`; is_occluded: as in `rejection_reason`; image:
    the frame in colour, for a model that takes colours (None: `grey`); input_format: the model's; lap: called at the
    end of the stages "crop" and "quality". Whether the expression can be read is judged by the crop of 48x48 grey
    pixels, whatever the model takes.
    """
    crop = preprocess.face_crop(grey, face, margin)
    lap("crop")
    levels = light.raised_levels(crop)
    raised = crop if levels is None else levels[crop]
    reason = rejection_reason(face, crop, grey, is_occluded, raised=raised)
    lap("quality")
    if input_format == OWN_FORMAT:
        return raised, reason
    of_model = input_format.face_crop(grey if input_format.is_grey or image is None else image, face, margin)
    of_model = of_model if levels is None else levels[of_model]
    lap("crop")
    return of_model, reason


def frame_rejection_reason(grey: NDArray[np.uint8], downscale: Downscale = downscale) -> str:
    """Why faces may be missed in a frame uint8 [H, W]: "dark", "bright", "blurred", or empty where it is good enough.
    downscale: a Downscaler, which uses its memory again."""
    small = downscale(grey, SMALL_SIZE)
    return _light_fault(small) or ("blurred" if sharpness(small) < MIN_SHARPNESS else "")


@dataclass(frozen=True)
class Brightness:
    """How light a frame is, and how much that differs from place to place."""

    mean: float
    """Of the greys downscaled to COARSE_SIZE."""
    std: float
    """Their standard deviation."""

    @property
    def is_flat(self) -> bool:
        """Dark and without shapes: a covered lens, or no light at all."""
        return self.mean < FLAT_MEAN and self.std < FLAT_STD


def frame_brightness(grey: NDArray[np.uint8], downscale: Downscale = downscale) -> Brightness:
    """The brightness of a frame uint8 [H, W]. downscale: a Downscaler, which uses its memory again."""
    step = COARSE_ROWS if grey.shape[0] >= COARSE_ROWS * COARSE_SIZE[1] else 1
    mean, std = cv2.meanStdDev(downscale(grey[::step], COARSE_SIZE))
    return Brightness(float(mean[0, 0]), float(std[0, 0]))


def sharpness(picture: NDArray[np.uint8]) -> float:
    """How much of the slopes in a picture uint8 [H, W] is edges: mean squared second difference over mean squared first
    difference, along the axis where that is less, so that motion blur counts too. It does not depend on contrast, and
    hardly on noise, which is smoothed away first. The scale is that of this picture's pixels."""
    values = cv2.sepFilter2D(picture, cv2.CV_32F, SMOOTHING_KERNEL, SMOOTHING_KERNEL)
    return min(_edge_share(values, 1), _edge_share(values, 0))


def _edge_share(values: NDArray[np.float32], axis: int) -> float:
    """Sum of the squares of second differences along an axis over that of first ones, which span two pixels; infinite
    where nothing slopes."""
    slope = cv2.norm(_from(values, 2, axis), _to(values, 2, axis), cv2.NORM_L2SQR) / 4
    if slope == 0:
        return math.inf
    steps = cv2.subtract(_from(values, 1, axis), _to(values, 1, axis))
    return cv2.norm(_from(steps, 1, axis), _to(steps, 1, axis), cv2.NORM_L2SQR) / slope


def _from(values: NDArray[np.float32], first: int, axis: int) -> NDArray[np.float32]:
    return values[:, first:] if axis else values[first:]


def _to(values: NDArray[np.float32], last: int, axis: int) -> NDArray[np.float32]:
    return values[:, :-last] if axis else values[:-last]


def pixels_in(grey: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The part of a picture uint8 [H, W] within a box; at least one pixel."""
    height, width = grey.shape
    left, top = min(max(0, round(box.x)), width - 1), min(max(0, round(box.y)), height - 1)
    right, bottom = max(left + 1, round(box.x + box.width)), max(top + 1, round(box.y + box.height))
    return grey[top:bottom, left:right]


def _light_fault(frame: NDArray[np.uint8]) -> str:
    """ "dark", "bright" or empty."""
    counts = cv2.calcHist([np.ascontiguousarray(frame)], [0], None, [256], [0, 256])[:, 0]
    below = np.cumsum(counts) / counts.sum()
    if np.searchsorted(below, 0.95) < DARK_GREY:
        return "dark"
    return "bright" if 1 - below[WHITE_GREY - 1] >= BRIGHT_SHARE else ""


def white_share(part: NDArray[np.uint8]) -> float:
    """The share of white pixels of a picture uint8 [H, W], of a large one by a sample of them (WHITE_SAMPLES)."""
    step = max(1, min(part.shape) // WHITE_SAMPLES)
    return _white_share_of_all(part[::step, ::step])


def _white_share_of_all(part: NDArray[np.uint8]) -> float:
    return np.count_nonzero(part >= WHITE_GREY) / part.size


@dataclass(frozen=True)
class HeadPose:
    """How a head is tilted and turned, estimated from five landmarks."""

    roll_deg: float
    """Tilt in degrees, positive where the head leans to the picture's right (clockwise)."""
    turn: float
    """Offset of the nose from the middle of eyes and mouth, as a share of the distance from eyes to mouth; negative to
    the left, infinite where that distance is 0."""
    width: float = math.inf
    """Distance between the eyes plus width of the mouth, in distances from eyes to mouth; it shrinks as the head
    turns."""

    @property
    def facing(self) -> str:
        """ "ahead", "left" or "right"."""
        return "ahead" if abs(self.turn) < FACING_AHEAD_TURN else "left" if self.turn < 0 else "right"


def head_pose(landmarks: Sequence[Point]) -> HeadPose:
    """The pose of a head with these landmarks (right eye, left eye, nose, right and left mouth corner; x, y in pixels).

    Roll is the angle between the vertical and the line from the middle of the eyes to that of the mouth: unlike the
    line between the eyes it keeps its length when the head turns. Where the head turns by an angle the nose moves by
    the sine of the angle times the height of the nose, while the distance from eyes to mouth stays.
    """
    eyes, mouth = _middle(landmarks[0], landmarks[1]), _middle(landmarks[3], landmarks[4])
    down_x, down_y = mouth[0] - eyes[0], mouth[1] - eyes[1]
    length = math.hypot(down_x, down_y)
    if length == 0:
        return HeadPose(0.0, math.inf)
    middle = _middle(eyes, mouth)
    off_x, off_y = landmarks[2][0] - middle[0], landmarks[2][1] - middle[1]
    # the face's own left-to-right axis is its downward axis, turned by a right angle
    turn = (off_x * down_y - off_y * down_x) / length**2
    width = (math.dist(landmarks[0], landmarks[1]) + math.dist(landmarks[3], landmarks[4])) / length
    return HeadPose(math.degrees(math.atan2(-down_x, down_y)), turn, width)


def is_side_on(landmarks: Sequence[Point] | None) -> bool:
    """Whether a head is turned too far for its expression to be read; False where there are no landmarks."""
    if landmarks is None:
        return False
    pose = head_pose(landmarks)
    return MAX_TURN <= abs(pose.turn) < math.inf or pose.width < MIN_POSE_WIDTH


def _middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
