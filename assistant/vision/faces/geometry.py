"""Where a face is, how far, and which way it looks, as the wearer would say it. Pure.

Angles are those of a camera without distortion whose picture spans `fov_deg` from left to right.
"""

import math

from assistant.records import Box, Face, PersonView
from assistant.vision.faces import quality

OUTER_THIRD = 1 / 3
"""A face whose centre lies in the outer third of the picture is on the left or on the right."""
FACE_WIDTH_M = 0.15
"""Width of a face from ear to ear, metres: what a box is drawn around. Adults have 0.13 to 0.16 (bizygomatic breadth
with the ears' roots; from anthropometric tables, recollected)."""
NEAR_M, FAR_M = 1.2, 3.0
"""Below: near; beyond: far. People talk to each other at 1.2 to 3 m."""
DEG_PER_HOUR = 30.0


def horizontal_fov_deg(fov_deg: float, shape: tuple[int, int]) -> float:
    """Degrees from left to right of a picture of so many pixels, height and width: a camera worn on its side sees
    `fov_deg` from top to bottom."""
    height, width = shape
    if width >= height:
        return fov_deg
    return 2 * math.degrees(math.atan(math.tan(math.radians(fov_deg / 2)) * width / height))


def direction(box: Box, width: int) -> str:
    """ "left", "ahead" or "right" in a frame of so many pixels."""
    share = box.center[0] / width
    return "left" if share < OUTER_THIRD else "right" if share > 1 - OUTER_THIRD else "ahead"


def clock_hour(box: Box, width: int, fov_deg: float) -> str:
    """The hour of a clock, "10" to "2", whose twelve lies ahead."""
    off = box.center[0] / width * 2 - 1
    angle = math.degrees(math.atan(off * math.tan(math.radians(fov_deg / 2))))
    return str((round(angle / DEG_PER_HOUR) - 1) % 12 + 1)


def distance_m(box: Box, width: int, fov_deg: float) -> float:
    """How far a face is, in metres, by its width in a frame of `width` pixels."""
    focal = width / 2 / math.tan(math.radians(fov_deg / 2))
    return FACE_WIDTH_M * focal / max(box.width, 1e-6)


def distance_band(box: Box, width: int, fov_deg: float) -> str:
    """ "near", "far", or empty for what is between them."""
    metres = distance_m(box, width, fov_deg)
    return "near" if metres < NEAR_M else "far" if metres > FAR_M else ""


def facing(face: Face) -> str:
    """ "you", "left" or "right"; empty where the landmarks do not tell."""
    if face.landmarks is None:
        return ""
    held = quality.head_pose(face.landmarks)
    if not math.isfinite(held.turn):
        return ""
    return "you" if held.facing == "ahead" else held.facing


def aim_hint(box: Box, width: int, height: int) -> str:
    """What brings a face into the middle of the picture: "left", "right", "up", "down", or "ahead" if it is there."""
    if (there := direction(box, width)) != "ahead":
        return there
    share = box.center[1] / height
    return "up" if share < 1 / 4 else "down" if share > 3 / 4 else "ahead"


def primary_person(seen: tuple[PersonView, ...]) -> PersonView | None:
    """The one to speak of: the partner, else whoever is nearest; None of nobody."""
    return max(seen, key=lambda each: (each.is_partner, each.box.area), default=None)


def is_nearest(one: PersonView, seen: tuple[PersonView, ...]) -> bool:
    """Whether nobody's face is larger."""
    return one.box.area >= max(each.box.area for each in seen)
