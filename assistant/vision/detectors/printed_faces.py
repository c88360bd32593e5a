"""Printed-face filter: drops detections that are a picture printed on clothes, or a part of another face.

A detection on the chest below a face, or within a face, must score SURE_SCORE to be kept; one elsewhere need not. A
child in front of an adult, or the front row of a group, scores as high as any face and is kept. Pure functions.
"""

from collections.abc import Sequence

from assistant.records import Face

SURE_SCORE = 0.75
"""Detector score from which a detection on a chest, or within a face, is kept. A skull on a jumper, large and well lit,
reached 0.67; half of the faces in the pictures that the detector was not trained on score 0.84 and more."""
CHEST_HALF_WIDTH = 1.0
"""How far a chest reaches to either side of the middle of the face above it, in widths of that face."""
CHEST_RANGE = (0.8, 3.2)
"""Where a chest begins and ends below the middle of the face above it, in heights of that face."""
CONTAINED_SHARE = 0.8
"""A detection with this share of its area within a face of a higher score is a part of that face. The lower half of a
broad smile was detected as a face of its own, with a score of 0.49."""


def drop_printed_faces(faces: Sequence[Face]) -> list[Face]:
    """The faces without those that score less than SURE_SCORE and lie on the chest of, or within, one that scores
    higher."""
    return [
        face
        for face in faces
        if face.score >= SURE_SCORE or not any(_is_on_chest(other, face) or _contains(other, face) for other in faces)
    ]


def _contains(face: Face, hit: Face) -> bool:
    """Whether a detection is a part of a face that scores higher."""
    if face.score <= hit.score:
        return False
    return face.box.intersection(hit.box) >= CONTAINED_SHARE * hit.box.width * hit.box.height


def _is_on_chest(face: Face, hit: Face) -> bool:
    """Whether a detection lies on the chest below a face that scores higher."""
    if face.score <= hit.score:
        return False
    (x, y), (hit_x, hit_y) = face.box.center, hit.box.center
    aside, below = abs(hit_x - x) / face.box.width, (hit_y - y) / face.box.height
    return aside <= CHEST_HALF_WIDTH and CHEST_RANGE[0] <= below <= CHEST_RANGE[1]
