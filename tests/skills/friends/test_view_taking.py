"""Which picture becomes a view of a friend-to-be."""

import numpy as np
from numpy.typing import NDArray

from assistant.records import Box, Face
from assistant.skills.friends.enrolment import Enrolment
from assistant.skills.friends.gallery import Gallery
from assistant.skills.friends.gates import Refusal
from assistant.skills.friends.thresholds import SFACE_THRESHOLDS
from assistant.skills.friends.view_taking import SECOND_FACE_SHARE, take_view
from tests.skills.friends.people import MODEL, direction

PICTURE = np.full((240, 320, 3), 128, np.uint8)


def face(area: float) -> Face:
    return Face(Box(10, 10, area**0.5, area**0.5), 0.9)


def taken(*faces: Face) -> Refusal | None:
    enrolment = Enrolment(Gallery((), MODEL, SFACE_THRESHOLDS))

    def embed(aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        return direction(0)

    refused = take_view(enrolment, PICTURE, faces, "view 1", embed)
    assert not enrolment.views
    return refused


def test_without_a_face_there_is_no_view() -> None:
    assert taken() is Refusal.NO_FACE


def test_of_two_people_who_are_near_nobody_is_taken() -> None:
    assert taken(face(10000), face(10000 * SECOND_FACE_SHARE + 1)) is Refusal.SEVERAL


def test_a_second_face_far_behind_is_passed_over() -> None:
    assert taken(face(10000), face(10000 * SECOND_FACE_SHARE - 1)) is Refusal.NO_FACE  # it has no landmarks
