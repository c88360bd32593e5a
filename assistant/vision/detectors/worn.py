"""Faces that are printed on clothes: what lies on somebody's chest must look more like a face than what lies elsewhere.

Pure. A child in front of an adult, or the front row of a group, is found as surely as anybody and stays.
"""

from collections.abc import Sequence

from assistant.records import Face

SURE = 0.75
"""Score from which a hit on a chest is a person. A skull on a jumper, large and well lit, reached 0.67; half of the
faces in the pictures that the detector was not trained on score 0.84 and more."""
ASIDE = 1.0
"""A chest reaches so far to both sides of the middle of the face above, in widths of that face."""
BELOW = (0.8, 3.2)
"""And from here to there below its middle, in heights of that face."""


def without_prints(faces: Sequence[Face]) -> list[Face]:
    """The faces but for those that lie on the chest of a surer one and are not sure themselves."""
    return [face for face in faces if face.score >= SURE or not any(_wears(other, face) for other in faces)]


def _wears(person: Face, hit: Face) -> bool:
    """Whether a hit lies on a person's chest."""
    if person.score <= hit.score:
        return False
    x, y, width, height = person.box
    aside = abs(hit.box.x + hit.box.width / 2 - (x + width / 2)) / width
    below = (hit.box.y + hit.box.height / 2 - (y + height / 2)) / height
    return aside <= ASIDE and BELOW[0] <= below <= BELOW[1]
