"""The second look: views in turn, what they agree on, and what becomes of what is old."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.settings import Detector as DetectorSettings
from assistant.config.settings import Settings
from assistant.records import Box, Face
from assistant.vision import factory
from assistant.vision.detectors import rescan
from assistant.vision.detectors.rescan import (
    ACCEPT_SCORE,
    MISSED_SCORE,
    MIXED_SCALE_BONUS,
    Rescan,
    _View,
    accepted_faces,
    mirror_face,
)
from tests.support.standins import face

GREY = np.zeros((480, 640), np.uint8)
FAR, NEAR = "far", "near"
ROUND = [(FAR, False), (FAR, True), (NEAR, False), (NEAR, True)]
numbers = st.floats(-1e4, 1e4)
faces = st.builds(
    Face, st.builds(Box, *[numbers] * 4), st.floats(0, 1), st.none() | st.tuples(*[st.tuples(numbers, numbers)] * 5)
)


class Detector:
    """Finds what it is told to, in pictures as they are and, where the first pixel is black no more, mirrored ones."""

    margin, needs_colour = 0.0, False

    def __init__(self, name: str, log: list[tuple[str, bool]], *found: Face) -> None:
        self.name, self.log, self.found = name, log, found

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        is_mirrored = bool(grey[0, 0])
        self.log.append((self.name, is_mirrored))
        return [mirror_face(each, grey.shape[1]) if is_mirrored else each for each in self.found]


def sided() -> np.ndarray:
    grey = GREY.copy()
    grey[:, -1] = 255
    return grey


def weak(score: float, x: float = 280, size: float = 100) -> Face:
    return dataclasses.replace(face(x, size=size), score=score)


def test_a_round_of_four_views_is_taken_frame_by_frame_once_a_second() -> None:
    log: list[tuple[str, bool]] = []
    look = Rescan(Detector(FAR, log), Detector(NEAR, log))
    for number in range(10):
        look.look(sided(), number / 10)
    assert log == ROUND
    look.look(sided(), 1.0)
    assert log == [*ROUND, ROUND[0]]
    look.forget()
    look.look(sided(), 1.1)
    assert log == [*ROUND, ROUND[0], ROUND[0]], "it begins anew"


def test_a_full_round_is_believed_until_the_next_one_is_full() -> None:
    log: list[tuple[str, bool]] = []
    far, near = Detector(FAR, log, weak(0.9)), Detector(NEAR, log)
    look = Rescan(far, near)
    assert [each.score for each in look.look(sided(), 0.0)] == [0.9], "the first view is better than none"
    for number in range(1, 4):
        found = look.look(sided(), number / 10)
    assert [each.score for each in found] == [pytest.approx(0.9)]
    far.found = ()
    assert [len(look.look(sided(), 1 + number / 10)) for number in range(4)] == [1, 1, 1, 0]
    far.found = (weak(0.8),)
    assert len(look.look(sided(), 5.0)) == 1, "what is old is not waited with"


def test_what_one_size_doubts_and_both_agree_on_is_somebody() -> None:
    def views(far: float, near: float) -> list[_View]:
        return [_View(is_far, [weak(score)] if score else []) for is_far, score in
                ((True, far), (True, far), (False, near), (False, near))]  # fmt: skip

    doubted = ACCEPT_SCORE - 0.02
    (found,) = accepted_faces(views(doubted, doubted - 0.1))
    assert found.score == pytest.approx(doubted - 0.05 + MIXED_SCALE_BONUS)
    assert accepted_faces(views(doubted, doubted - 0.18)) == []
    assert accepted_faces(views(doubted, 0)) == []
    assert accepted_faces(views(0.0, 0.55)) == [], "who is near and hardly seen by one size was looked at already"
    (found,) = accepted_faces(views(0.55, 0))
    assert found.score == pytest.approx(0.55)
    assert accepted_faces([*views(0.9, 0)[:1], _View(True, [])]) == [weak((0.9 + MISSED_SCORE) / 2)]


def test_a_face_and_another_stay_two_the_nearest_first() -> None:
    small, large = weak(0.7, 100, 40), weak(0.6, 400, 90)
    assert accepted_faces([_View(True, [small, large])]) == [large, small]
    moved = weak(0.8, 110, 40)
    assert [each.box for each in accepted_faces([_View(True, [small]), _View(True, [moved])])] == [moved.box]


@given(st.lists(st.tuples(st.booleans(), st.lists(st.floats(0.25, 1), max_size=1)), min_size=1, max_size=4))
def test_nobody_is_believed_more_than_the_surest_view_and_what_both_sizes_add(drawn: list) -> None:
    views = [_View(True, [weak(0.3)]), *(_View(is_far, [weak(score) for score in scores]) for is_far, scores in drawn)]
    top = max(each.score for view in views for each in view.faces)
    for found in accepted_faces(views):
        assert ACCEPT_SCORE <= found.score <= top + MIXED_SCALE_BONUS


@given(faces, st.integers(1, 4000))
def test_a_mirror_of_a_mirror_is_the_face(found: Face, width: int) -> None:
    again = mirror_face(mirror_face(found, width), width)
    assert again.box == pytest.approx(found.box, abs=1e-6)
    assert (again.landmarks is None) == (found.landmarks is None)
    if found.landmarks:
        assert np.allclose(again.landmarks, found.landmarks, atol=1e-6)


def test_right_is_left_in_a_mirror() -> None:
    points = tuple(
        (280 + x * 80, 100 + y * 80) for x, y in ((0.3, 0.4), (0.7, 0.4), (0.6, 0.6), (0.3, 0.8), (0.7, 0.8))
    )
    turned = mirror_face(Face(Box(280, 100, 80, 80), 0.9, points), 640)
    right, left, nose, *_ = turned.landmarks
    assert right[0] < left[0], "the right eye is on the picture's left in either"
    assert nose[0] < (right[0] + left[0]) / 2, "and who looked to one side looks to the other"
    assert turned.box == Box(280, 100, 80, 80)


def test_the_assistant_searches_with_detectors_that_give_what_is_faint() -> None:
    made = factory.pipeline(Settings()).search
    assert made is not None
    thresholds = {(is_far, detector.threshold, detector.settings.long_side) for detector, is_far, _ in made._order}
    assert thresholds == {(True, rescan.VIEW_SCORE_THRESHOLD, 640), (False, rescan.VIEW_SCORE_THRESHOLD, 320)}


def test_who_wants_surer_faces_has_them_of_the_search_too() -> None:
    made = factory.pipeline(Settings(detector=DetectorSettings(score=0.8))).search
    assert made is not None
    assert made.least == 0.8
    log: list[tuple[str, bool]] = []
    detectors = Detector(FAR, log, weak(0.75)), Detector(NEAR, log, weak(0.5))
    assert Rescan(*detectors, least=0.8).look(sided(), 0.0) == []
    assert len(Rescan(*detectors).look(sided(), 0.0)) == 1
