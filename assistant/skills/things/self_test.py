"""The self-test of a detector of things: a drawn wall clock, which it must find where it is.

It finds a runtime that computes something else, before a wearer hears of things that are not there. Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.records import Box
from assistant.skills.things.detection import Thing

SIDE = 416
"""Pixels: a picture of this size is not scaled."""
CENTRE, RADIUS = (130, 140), 84
DIAL = ((62, 0), (54, 31), (31, 54), (0, 62), (-31, 54), (-54, 31), (-62, 0), (-54, -31), (-31, -54), (0, -62),
        (31, -54), (54, -31))  # fmt: skip
"""Where the twelve marks are, from the centre, in pixels."""
LOWEST_SCORE = 0.3
"""Of the things that the test looks at."""
MAX_SCORE_OFF = 0.08
"""As for the models of expressions, see assistant.vision.inference.self_test."""
MIN_IOU = 0.9
"""Of the clock's box with the one that was found when the self-test was made."""


def clock() -> NDArray[np.uint8]:
    """The picture, uint8 [416, 416, 3] BGR, computed from integers: a wall clock above a floor."""
    y, x = np.mgrid[:SIDE, :SIDE]
    x, y = x - CENTRE[0], y - CENTRE[1]
    image = np.empty((SIDE, SIDE, 3), np.uint8)
    image[:] = (200, 190, 180)
    image[y > 160] = (60, 90, 130)
    image[x**2 + y**2 < RADIUS**2] = 40
    image[x**2 + y**2 < (RADIUS - 10) ** 2] = 245
    for right, down in DIAL:
        image[(x - right) ** 2 + (y - down) ** 2 < 25] = 20
    image[(abs(x) < 4) & (y > -50) & (y < 4)] = 20
    image[(abs(y) < 4) & (x > -4) & (x < 40)] = 20
    return image


def mismatch(found: Sequence[Thing], score: float, box: Box) -> str:
    """How the things found in `clock()` differ from the one clock of that score and box; empty where they do not."""
    if [thing.label for thing in found] != ["clock"]:
        return f"sees {', '.join(thing.label for thing in found) or 'nothing'} in the picture of a clock"
    (thing,) = found
    if abs(thing.score - score) > MAX_SCORE_OFF:
        return f"is {thing.score:.2f} sure of the clock, where {score:.2f} is expected"
    return "" if thing.box.iou(box) >= MIN_IOU else "sees the clock at another place"
