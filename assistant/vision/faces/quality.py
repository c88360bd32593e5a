"""Can this face be told, and if not, why? By its box, its landmarks and its crop; and can this frame? Pure.

Left and right are those of the picture, which are the wearer's: a face that looks towards the picture's left edge is
turned left. Where a threshold has figures, they are of 210 to 360 faces of muxspace (happy, neutral, surprised) of the
half that serves for tuning, degraded on purpose; "right" is the share that the crowd model names right of those that
it is sure of (0.6), 0.86 for faces as they are.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.records import Box, Face

Point = tuple[float, float]

FACING_AHEAD_TURN = 0.12
"""Turn from which a face is said to look left or right: half of the heads that are drawn turned by 16 degrees."""
MAX_TURN = 0.25
"""Turn from which an expression cannot be told. Of 4,982 upright faces, happy or neutral, as our detector sees them,
the crowd model names 87 % of the happy ones below a turn of 0.1, 82 % from 0.1 to 0.2, and 15 of 26 beyond; of what it
is sure of (0.6) 5, 7 and 15 % are wrong. With NARROW it finds 2 % of the heads that are drawn turned by 10 degrees, 18,
48 and 77 % at 20, 25 and 30, and 96 % from 40 on."""
MIN_POSE_WIDTH = 1.62
"""Width of a face (`Pose.width`) below which it is turned too far: of 230 faces that look ahead 3 % are, of the same
turned (as a cylinder) by 15, 25, 35 and 40 degrees 6, 27, 68 and 87 %. The nose alone tells 68 % of the last."""

DARK_GREY = 38.0
"""A face whose lightest twentieth is darker than this grey level is too dark. At a fifth of the light and a camera's
noise of 3 levels it is 38 in the median, and right .80; at a seventh it is 28, and right .65."""
BRIGHT_SHARE, BRIGHT_SHARE_IN_GLARE = 0.5, 0.2
"""A face of which this share is white (WHITE) is too bright: at .43 right is .84, at .67 it is .68. Where the frame is
too bright, the second share is enough."""
WHITE_GREY = 250
MIN_SHARPNESS = 0.22
"""Sharpness below which a picture is blurred, see `sharpness`: .40 in the median of faces as they are, of any size,
.27 for one in fifty; .13 where it is blurred by 5.5 % of the face's width, .12 where it was moved by 22 %. Of rooms
.46, and .20 where a frame 640 pixels wide is blurred by 5."""
MIN_FACE_WIDTH_PX = 46.0
"""Width of a face in pixels of a frame 640 wide below which it is too far: the smallest that are found reliably."""
UNSURE_SCORE, MIN_UNSURE_FACE_WIDTH_PX = 0.55, 52.0
"""A face found with a lower score than this is framed too wide where it is small, and too far below that width. Of 27
faces 32 to 36 pixels wide that were framed 46 or wider in four sets of tuning scenes this keeps 23 from being read, and
72 of 7,265 that were up to 62."""
FLAT_STD, FLAT_MEAN = 4.0, 70.0
"""A frame whose 12x16 coarse greys spread less than FLAT about a mean below GLOOM shows a finger, not a room."""


def rejection_reason(
    face: Face, crop: NDArray[np.uint8], grey: NDArray[np.uint8], covered: Callable[[NDArray[np.uint8]], bool] | None
) -> str:
    """Why the expression of a face cannot be told: a key of the locale's [reasons], or empty if it can.

    crop: uint8 [48, 48] as the model sees it; grey: the frame, uint8 [H, W]; covered: judges the crop. Light is asked
    first: of a face in glare the detector frames the middle alone, which then is small, or has no mouth. Where the
    frame is too bright, that is what is wrong with whatever is wrong.
    """
    glare = _lightness(grey) == "bright"
    if lightness := _lightness(pixels_in(grey, face.box), BRIGHT_SHARE_IN_GLARE if glare else BRIGHT_SHARE):
        return lightness
    found = _of_the_face(face, crop, grey, covered)
    return "bright" if glare and found else found


def _of_the_face(
    face: Face, crop: NDArray[np.uint8], grey: NDArray[np.uint8], covered: Callable[[NDArray[np.uint8]], bool] | None
) -> str:
    if face.box.width * 640 < (MIN_UNSURE_FACE_WIDTH_PX if face.score < UNSURE_SCORE else MIN_FACE_WIDTH_PX) * max(
        grey.shape
    ):
        return "far"
    if sharpness(crop) < MIN_SHARPNESS:
        return "blurred"
    if is_side_on(face.landmarks):
        return "side_on"
    return "occluded" if covered is not None and covered(crop) else ""


def frame_rejection_reason(grey: NDArray[np.uint8]) -> str:
    """Why nobody could be found in a frame uint8 [H, W], whoever is there: "dark", "bright", "blurred" or empty."""
    small = cv2.resize(grey, (160, 120), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return _lightness(small) or ("blurred" if sharpness(small) < MIN_SHARPNESS else "")


@dataclass(frozen=True)
class Brightness:
    """How light a frame is, and how much that differs from place to place: mean and spread of its coarse greys."""

    mean: float
    spread: float

    @property
    def is_flat(self) -> bool:
        """Dark and without shapes: a finger on the lens, or no light at all."""
        return self.mean < FLAT_MEAN and self.spread < FLAT_STD


def frame_brightness(grey: NDArray[np.uint8]) -> Brightness:
    """How light a frame uint8 [H, W] is."""
    coarse = cv2.resize(grey, (16, 12), interpolation=cv2.INTER_AREA)
    return Brightness(float(coarse.mean()), float(coarse.std()))


def sharpness(picture: NDArray[np.uint8]) -> float:
    """How much of a picture's slopes uint8 [H, W] is edges: mean squared second over first difference, along the axis
    where it is less, so that a blur by motion is seen too. Independent of contrast, and hardly dependent on noise:
    that is smoothed away first. In pixels of this picture."""
    values = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 1.0)
    along = []
    for second, first in (
        (values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2], (values[:, 2:] - values[:, :-2]) / 2),
        (values[2:] - 2 * values[1:-1] + values[:-2], (values[2:] - values[:-2]) / 2),
    ):
        slope = float((first**2).mean())
        along.append(float((second**2).mean()) / slope if slope > 0 else math.inf)
    return min(along)


def pixels_in(grey: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The part of a picture uint8 [H, W] that lies in a box; at least one pixel."""
    height, width = grey.shape
    left, top = min(max(0, round(box.x)), width - 1), min(max(0, round(box.y)), height - 1)
    right, bottom = max(left + 1, round(box.x + box.width)), max(top + 1, round(box.y + box.height))
    return grey[top:bottom, left:right]


def _lightness(part: NDArray[np.uint8], bright: float = BRIGHT_SHARE) -> str:
    counts = cv2.calcHist([np.ascontiguousarray(part)], [0], None, [256], [0, 256])[:, 0]
    below = np.cumsum(counts) / counts.sum()
    if np.searchsorted(below, 0.95) < DARK_GREY:
        return "dark"
    return "bright" if 1 - below[WHITE_GREY - 1] >= bright else ""


@dataclass(frozen=True)
class HeadPose:
    """roll_deg: tilt of the head, positive where it leans to the picture's right (clockwise). turn: how far the nose
    lies off the middle of eyes and mouth, as a share of the distance from eyes to mouth, negative to the left. width:
    between the eyes and of the mouth together, in that distance: it shrinks as the head turns."""

    roll_deg: float
    turn: float
    width: float = math.inf

    @property
    def facing(self) -> str:
        """ "ahead", "left" or "right"."""
        return "ahead" if abs(self.turn) < FACING_AHEAD_TURN else "left" if self.turn < 0 else "right"


def head_pose(landmarks: Sequence[Point]) -> HeadPose:
    """How a face with these landmarks (right eye, left eye, nose, right and left mouth corner; x, y in pixels) is held.

    Roll is the angle of the line from the middle of the eyes to that of the mouth against the vertical: unlike the line
    between the eyes it keeps its length when the head turns. For a turn of the head by an angle the nose moves by its
    sine times the height of the nose, while the distance from eyes to mouth stays.
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
    """Whether a face is turned so far that its expression cannot be told; False where there are no landmarks."""
    if landmarks is None:
        return False
    held = head_pose(landmarks)
    return MAX_TURN <= abs(held.turn) < math.inf or held.width < MIN_POSE_WIDTH


def _middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
