"""The printed-face filter: prints on clothes and parts of a face, by position and score."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.vision.detectors.printed_faces import drop_printed_faces

MAN = Face(Box(280, 60, 70, 90), 0.85)
SKULL = Face(Box(240, 190, 150, 160), 0.6)


def test_a_skull_printed_on_a_jumper_is_dropped() -> None:
    assert drop_printed_faces([SKULL, MAN]) == [MAN]


@pytest.mark.parametrize(
    "other",
    [
        Face(Box(240, 190, 150, 160), 0.8),  # a child, with a high score
        Face(Box(480, 190, 150, 160), 0.6),  # beside
        Face(Box(290, 450, 60, 70), 0.6),  # at the feet
        Face(Box(285, 20, 60, 70), 0.6),  # behind, above
    ],
)
def test_a_face_with_a_high_score_or_elsewhere_is_kept(other: Face) -> None:
    assert drop_printed_faces([MAN, other]) == [MAN, other]


SMILING = Face(Box(272, 75, 120, 172), 0.84)


def test_the_lower_half_of_a_smile_is_dropped() -> None:
    smile = Face(Box(285, 151, 89, 96), 0.45)
    assert drop_printed_faces([SMILING, smile]) == [SMILING]


@pytest.mark.parametrize(
    "other",
    [
        Face(Box(285, 151, 89, 96), 0.8),  # a high score
        Face(Box(340, 151, 89, 96), 0.45),  # beside, half hidden
        Face(Box(262, 65, 140, 192), 0.45),  # around, not within
    ],
)
def test_a_face_with_a_high_score_or_not_contained_is_kept(other: Face) -> None:
    assert drop_printed_faces([SMILING, other]) == [SMILING, other]


def test_of_two_faces_the_one_with_the_higher_score_is_kept() -> None:
    unsure_above = Face(MAN.box, 0.5)
    assert drop_printed_faces([unsure_above, SKULL]) == [unsure_above, SKULL]


@given(
    st.lists(st.builds(Face, st.builds(Box, *[st.floats(0, 600)] * 2, *[st.floats(20, 200)] * 2), st.floats(0.3, 1)))
)
def test_the_face_with_the_highest_score_is_kept_and_none_is_added(faces: list[Face]) -> None:
    left = drop_printed_faces(faces)
    assert [face for face in faces if face in left] == left
    if faces:
        assert max(faces, key=lambda face: face.score) in left
