"""Faces that are none: printed on clothes, or a part of a face. What lies on somebody's chest must look more like a
face than what lies elsewhere; what lies within somebody's face is no second person.

Pure. A child in front of an adult, or the front row of a group, is found as surely as anybody and stays.
"""

from collections.abc import Sequence

from assistant.records import Face

SURE_SCORE = 0.75
"""Score from which a hit on a chest is a person. A skull on a jumper, large and well lit, reached 0.67; half of the
faces in the pictures that the detector was not trained on score 0.84 and more."""
CHEST_HALF_WIDTH = 1.0
"""A chest reaches so far to both sides of the middle of the face above, in widths of that face."""
CHEST_RANGE = (0.8, 3.2)
"""And from here to there below its middle, in heights of that face."""
CONTAINED_SHARE = 0.8
"""Share of a hit's area within a surer face from which it is a part of that: the lower half of a broad smile was taken
for a face of its own, with a score of 0.49."""


def drop_printed_faces(faces: Sequence[Face]) -> list[Face]:
    """The faces but for those that lie on the chest of a surer one, or within it, and are not sure themselves."""
    return [
        face
        for face in faces
        if face.score >= SURE_SCORE or not any(_wears(other, face) or _holds(other, face) for other in faces)
    ]


def _holds(person: Face, hit: Face) -> bool:
    """Whether a hit is a part of a person's face."""
    if person.score <= hit.score:
        return False
    return person.box.intersection(hit.box) >= CONTAINED_SHARE * hit.box.width * hit.box.height


def _wears(person: Face, hit: Face) -> bool:
    """Whether a hit lies on a person's chest."""
    if person.score <= hit.score:
        return False
    x, y, width, height = person.box
    aside = abs(hit.box.x + hit.box.width / 2 - (x + width / 2)) / width
    below = (hit.box.y + hit.box.height / 2 - (y + height / 2)) / height
    return aside <= CHEST_HALF_WIDTH and CHEST_RANGE[0] <= below <= CHEST_RANGE[1]
