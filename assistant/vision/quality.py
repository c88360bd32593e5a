"""Can this face be told? How it is held, by its landmarks. Pure.

Left and right are those of the picture, which are the wearer's: a face that looks towards the picture's left edge is
turned left.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

Point = tuple[float, float]

TURNED = 0.12
"""Turn from which a face is said to look left or right: nearly two thirds of the faces of muxspace look ahead. YuNet's
turn of a face and that of its mirror image differ by 0.03 in the median."""
SIDE_ON = 0.25
"""Turn from which an expression cannot be told. Of 4,367 upright faces of muxspace, happy or neutral, the crowd model
names 87 % of the happy ones below a turn of 0.1, 80 % from 0.15 to 0.25, 74 % from 0.25 to 0.3 and 66 % beyond; of
what it is sure of (0.6) 5, 7, 11 and 14 % are wrong. One face in 17 is turned so far."""


@dataclass(frozen=True)
class Pose:
    """roll_deg: tilt of the head, positive where it leans to the picture's right (clockwise). turn: how far the nose
    lies off the middle of eyes and mouth, as a share of the distance from eyes to mouth, negative to the left."""

    roll_deg: float
    turn: float

    @property
    def facing(self) -> str:
        """ "ahead", "left" or "right"."""
        return "ahead" if abs(self.turn) < TURNED else "left" if self.turn < 0 else "right"


def pose(landmarks: Sequence[Point]) -> Pose:
    """How a face with these landmarks (right eye, left eye, nose, right and left mouth corner; x, y in pixels) is held.

    Roll is the angle of the line from the middle of the eyes to that of the mouth against the vertical: unlike the line
    between the eyes it keeps its length when the head turns. For a turn of the head by an angle the nose moves by its
    sine times the height of the nose, while the distance from eyes to mouth stays.
    """
    eyes, mouth = _middle(landmarks[0], landmarks[1]), _middle(landmarks[3], landmarks[4])
    down_x, down_y = mouth[0] - eyes[0], mouth[1] - eyes[1]
    length = math.hypot(down_x, down_y)
    if length == 0:
        return Pose(0.0, math.inf)
    middle = _middle(eyes, mouth)
    off_x, off_y = landmarks[2][0] - middle[0], landmarks[2][1] - middle[1]
    # the face's own left-to-right axis is its downward axis, turned by a right angle
    turn = (off_x * down_y - off_y * down_x) / length**2
    return Pose(math.degrees(math.atan2(-down_x, down_y)), turn)


def is_side_on(landmarks: Sequence[Point] | None) -> bool:
    """Whether a face is turned so far that its expression cannot be told; False where there are no landmarks."""
    return landmarks is not None and SIDE_ON <= abs(pose(landmarks).turn) < math.inf


def _middle(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
