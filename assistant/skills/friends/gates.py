"""Which views of a face are good enough to learn or to recognize somebody by, and what is wrong with the others. Pure.

Left and right are those of the person whose face it is, to whom the advice is spoken.
"""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from assistant.vision.faces import light, preprocess, quality

MIN_WIDTH_PX = 30.0
"""Width of a face in pixels of the frame, whatever the frame's size, below which nobody is named: the recognizer sees
these pixels. Of friends with five views 96 % are named right at 30 px, and 84 % at 20 (another recognizer's figures,
of which ours is 0.6 points below)."""
ENROLMENT_WIDTH_PX = 46.0
"""The same for a view by which a friend is learned."""
FULL_WIDTH_PX = 80.0
"""Width of a face, in pixels, from which more pixels tell the recognizer nothing: so wide is one in its input."""


class Refusal(StrEnum):
    """Why a view of a face is refused; each has its words."""

    NO_FACE = "no_face"
    """There is none, or the detector gives no landmarks for it."""
    SEVERAL = "several"
    """More than one person is near."""
    SAME_VIEW = "same_view"
    """As one before: the head has not moved since."""
    FAR = "far"
    DARK = "dark"
    BRIGHT = "bright"
    BLURRED = "blurred"
    TURN_LEFT = "turn_left"
    """The head is turned too far to its own right."""
    TURN_RIGHT = "turn_right"


def refusal(face: Face, grey: NDArray[np.uint8], min_width_px: float = MIN_WIDTH_PX) -> Refusal | None:
    """What is wrong with a face in a frame uint8 [H, W]; None where the view is good enough."""
    if face.landmarks is None or not preprocess.is_plausible(np.array(face.landmarks, np.float64)):
        return Refusal.NO_FACE
    crop = preprocess.face_crop(grey, face)
    if light.is_too_dark(crop):
        return Refusal.DARK
    if quality.white_share(quality.pixels_in(grey, face.box)) >= quality.BRIGHT_SHARE:
        return Refusal.BRIGHT
    if face.box.width < min_width_px:
        return Refusal.FAR
    if quality.is_side_on(face.landmarks):
        return Refusal.TURN_LEFT if quality.head_pose(face.landmarks).turn < 0 else Refusal.TURN_RIGHT
    return Refusal.BLURRED if quality.sharpness(crop) < quality.MIN_SHARPNESS else None


def view_quality(face: Face, grey: NDArray[np.uint8]) -> float:
    """How good a view is, from 0 to 1, by which the best views of a track are weighted: the width of the face up to
    the recognizer's own, its sharpness, and how far the head is turned."""
    if face.landmarks is None:
        return 0.0
    turn = min(abs(quality.head_pose(face.landmarks).turn) / quality.MAX_TURN, 1.0)
    sharp = min(quality.sharpness(preprocess.face_crop(grey, face)) / (2 * quality.MIN_SHARPNESS), 1.0)
    return min(face.box.width / FULL_WIDTH_PX, 1.0) * sharp * (1 - turn / 2)
