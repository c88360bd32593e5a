"""How a picture becomes a view of a friend-to-be, or is refused: for the camera as for pictures and clips."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from assistant.skills.friends import gates
from assistant.skills.friends.alignment import align
from assistant.skills.friends.enrolment import Enrolment, View
from assistant.skills.friends.gates import Refusal
from assistant.vision.faces.preprocess import to_grey

SECOND_FACE_SHARE = 0.4
"""A second face of this share of the largest one's area makes it unclear whose view it is."""

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""From an aligned face uint8 [112, 112, 3] BGR to its embedding float32 [D] of length 1. Raises SkillError."""


def take_view(
    enrolment: Enrolment, image: NDArray[np.uint8], faces: Sequence[Face], name: str, embed: Embed
) -> Refusal | None:
    """Add the largest face of a picture uint8 [H, W, 3] BGR or [H, W] to the enrolment, unless it is refused; returns
    why. Raises SkillError where it cannot be embedded.

    faces: those of the picture, the largest first. name: what the view is called in messages.
    """
    if not faces:
        return Refusal.NO_FACE
    if len(faces) > 1 and faces[1].box.area >= SECOND_FACE_SHARE * faces[0].box.area:
        return Refusal.SEVERAL
    face, grey = faces[0], to_grey(image)
    if (refused := gates.refusal(face, grey, gates.ENROLMENT_WIDTH_PX)) is not None:
        return refused
    if (aligned := align(image, face)) is None:
        return Refusal.NO_FACE
    embedding = embed(aligned)
    if not enrolment.is_new(embedding):
        return Refusal.SAME_VIEW
    enrolment.views.append(View(name, embedding, gates.view_quality(face, grey)))
    return None
