"""Direction, distance and facing of a face as the announcements name them. Pure functions.

The camera is a pinhole without distortion whose picture spans `fov_deg` degrees from left to right.
"""

import math

from assistant.people import PersonView
from assistant.records import Box, Face
from assistant.vision.faces import quality

OUTER_THIRD = 1 / 3
"""Share of the picture's width: a face whose centre lies in an outer third is on the left or on the right."""
FACE_WIDTH_M = 0.15
"""Width of a face from ear to ear in metres, which is what detectors draw boxes around. Adults have 0.13 to 0.16
(bizygomatic breadth with the ears' roots; from anthropometric tables, recollected)."""
NEAR_M, FAR_M = 1.2, 3.0
"""A face below the first distance is near, one beyond the second far. People talk to each other at 1.2 to 3 m."""
DEG_PER_HOUR = 30.0
"""Of a clock face."""
TOP_SHARE, BOTTOM_SHARE = 1 / 4, 3 / 4
"""A face whose centre lies above or below these shares of the picture's height is too high or too low."""


def horizontal_fov_deg(fov_deg: float, shape: tuple[int, int]) -> float:
    """The horizontal field of view, in degrees, of a picture of the shape (height, width) whose longer side spans
    `fov_deg`: a camera worn on its side spans it from top to bottom."""
    height, width = shape
    if width >= height:
        return fov_deg
    return 2 * math.degrees(math.atan(math.tan(math.radians(fov_deg / 2)) * width / height))


def direction(box: Box, width: int) -> str:
    """ "left", "ahead" or "right" in a frame `width` pixels wide."""
    share = box.center[0] / width
    return "left" if share < OUTER_THIRD else "right" if share > 1 - OUTER_THIRD else "ahead"


def clock_hour(box: Box, width: int, fov_deg: float) -> str:
    """Direction as an hour of the clock, "10" to "2", with 12 ahead."""
    offset = box.center[0] / width * 2 - 1
    angle = math.degrees(math.atan(offset * math.tan(math.radians(fov_deg / 2))))
    return str((round(angle / DEG_PER_HOUR) - 1) % 12 + 1)


def distance_m(box: Box, width: int, fov_deg: float) -> float:
    """Distance of a face in metres, by its width in a frame `width` pixels wide."""
    focal = width / 2 / math.tan(math.radians(fov_deg / 2))
    return FACE_WIDTH_M * focal / max(box.width, 1e-6)


def distance_band(box: Box, width: int, fov_deg: float) -> str:
    """ "near", "far", or empty between NEAR_M and FAR_M."""
    metres = distance_m(box, width, fov_deg)
    return "near" if metres < NEAR_M else "far" if metres > FAR_M else ""


def facing(face: Face) -> str:
    """Which way a head is turned: "you" (to the camera), "left" or "right"; empty where there are no usable
    landmarks."""
    if face.landmarks is None:
        return ""
    pose = quality.head_pose(face.landmarks)
    if not math.isfinite(pose.turn):
        return ""
    return "you" if pose.facing == "ahead" else pose.facing


def aim_hint(box: Box, width: int, height: int) -> str:
    """Where to turn the camera so that a face comes into the middle of the picture: "left", "right", "up" or "down";
    "ahead" where it is there."""
    if (side := direction(box, width)) != "ahead":
        return side
    share = box.center[1] / height
    return "up" if share < TOP_SHARE else "down" if share > BOTTOM_SHARE else "ahead"


def primary_person(people: tuple[PersonView, ...]) -> PersonView | None:
    """The person to speak of first: the conversation partner, else the nearest; None where nobody is in view."""
    return max(people, key=lambda each: (each.is_partner, each.box.area), default=None)


def is_nearest(person: PersonView, people: tuple[PersonView, ...]) -> bool:
    """Whether no face is larger than this person's."""
    return person.box.area >= max(each.box.area for each in people)
