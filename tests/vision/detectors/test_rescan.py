"""The rescan: views in turn, what they agree on, and how long a result is used."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.settings import DetectorSettings, Settings
from assistant.errors import DetectorError
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
FINE, COARSE = "fine", "coarse"
EMPTY_ROUND = [(FINE, False), (COARSE, False)]
ROUND = [*EMPTY_ROUND, (FINE, True)]
numbers = st.floats(-1e4, 1e4)
faces = st.builds(
    Face, st.builds(Box, *[numbers] * 4), st.floats(0, 1), st.none() | st.tuples(*[st.tuples(numbers, numbers)] * 5)
)


class Detector:
    """Finds the given faces; a picture whose first pixel is not black is a mirrored one."""

    crop_margin, needs_colour, has_landmarks = 0.0, False, True

    def __init__(self, name: str, log: list[tuple[str, bool]], *found: Face) -> None:
        self.name, self.log, self.found = name, log, found

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        is_mirrored = bool(grey[0, 0])
        self.log.append((self.name, is_mirrored))
        return [mirror_face(each, grey.shape[1]) if is_mirrored else each for each in self.found]

    def candidates(self, grey: np.ndarray, threshold: float) -> list[Face]:
        assert threshold == rescan.VIEW_SCORE_THRESHOLD
        return self.find(grey, grey)


def sided() -> np.ndarray:
    grey = GREY.copy()
    grey[:, -1] = 255
    return grey


def weak(score: float, x: float = 280, size: float = 100) -> Face:
    return dataclasses.replace(face(x, size=size), score=score)


def times(seconds: float) -> list[float]:
    """The times of the frames of so many seconds, ten a second."""
    return [number / 10 for number in range(round(10 * seconds))]


def test_a_round_in_an_empty_room_takes_one_fine_view_every_three_seconds() -> None:
    log: list[tuple[str, bool]] = []
    searching = Rescan(Detector(FINE, log), Detector(COARSE, log))
    for at in times(3):
        assert searching.update(sided(), at) == []
    assert log == EMPTY_ROUND
    searching.update(sided(), 3.0)
    assert log == 2 * EMPTY_ROUND
    searching.reset()
    searching.update(sided(), 3.1)
    assert log == 3 * EMPTY_ROUND, "a new round begins"


def test_where_something_moves_the_next_round_comes_after_two_seconds() -> None:
    log: list[tuple[str, bool]] = []
    searching, came = Rescan(Detector(FINE, log), Detector(COARSE, log)), sided()
    came[200:400, 300:360] = 120
    for at in times(2):
        searching.update(sided() if at < 1 else came, at)
    assert log == EMPTY_ROUND
    searching.update(came, 2.0)
    assert log == 2 * EMPTY_ROUND
    for at in times(4.9):
        searching.update(came, at)
    assert len(log) == 4, "who stands still does not move"


@pytest.mark.parametrize("found", [(FINE, 0.4), (COARSE, 0.4)])
def test_what_may_be_a_face_is_looked_at_in_the_mirror_too(found: tuple[str, float]) -> None:
    log: list[tuple[str, bool]] = []
    fine, coarse = (Detector(name, log, *([weak(found[1])] if name == found[0] else [])) for name in (FINE, COARSE))
    searching = Rescan(fine, coarse)
    for at in times(3):
        searching.update(sided(), at)
    assert log == ROUND


def test_what_is_hardly_a_face_ends_the_round() -> None:
    log: list[tuple[str, bool]] = []
    searching = Rescan(Detector(FINE, log, weak(0.34)), Detector(COARSE, log, weak(0.3)))
    for at in times(3):
        assert searching.update(sided(), at) == []
    assert log == EMPTY_ROUND


def test_the_result_of_a_full_round_is_used_until_the_next_one_is_full() -> None:
    log: list[tuple[str, bool]] = []
    fine, coarse = Detector(FINE, log, weak(0.9)), Detector(COARSE, log, weak(0.5))
    searching = Rescan(fine, coarse)
    assert [each.score for each in searching.update(sided(), 0.0)] == [pytest.approx(0.9)], (
        "the first views are used at once, for there is no round yet"
    )
    assert [each.score for each in searching.update(sided(), 0.1)] == [pytest.approx(0.9)]
    assert len(searching.update(sided(), 2.9)) == 1
    fine.found, coarse.found = (), (weak(0.4),)
    assert searching.update(sided(), 3.0) == [], "an outdated result is replaced at once, before the round is full"
    assert searching.update(sided(), 3.1) == []
    fine.found = (weak(0.8),)
    assert len(searching.update(sided(), 6.0)) == 1


def test_a_face_that_one_scale_doubts_is_accepted_where_both_scales_agree() -> None:
    def views(fine: float, coarse: float) -> list[_View]:
        return [_View(is_fine, [weak(score)] if score else []) for is_fine, score in
                ((True, fine), (False, coarse), (True, fine))]  # fmt: skip

    doubted = ACCEPT_SCORE - 0.02
    (found,) = accepted_faces(views(doubted, doubted - 0.1))
    assert found.score == pytest.approx(doubted - 0.1 / 3 + MIXED_SCALE_BONUS)
    assert accepted_faces(views(doubted, doubted - 0.27)) == []
    assert accepted_faces(views(doubted, 0)) == []
    assert accepted_faces(views(0.0, 0.55)) == [], (
        "the coarse scale alone, which the normal search covers, is not enough"
    )
    (found,) = accepted_faces(views(0.55, 0))
    assert found.score == pytest.approx(0.55)
    assert accepted_faces([*views(0.9, 0)[:1], _View(True, [])]) == [weak((0.9 + MISSED_SCORE) / 2)]


def test_two_faces_stay_two_the_largest_first() -> None:
    small, large = weak(0.7, 100, 40), weak(0.6, 400, 90)
    assert accepted_faces([_View(True, [small, large])]) == [large, small]
    moved = weak(0.8, 110, 40)
    assert [each.box for each in accepted_faces([_View(True, [small]), _View(True, [moved])])] == [moved.box]


@given(st.lists(st.tuples(st.booleans(), st.lists(st.floats(0.25, 1), max_size=1)), min_size=1, max_size=4))
def test_the_combined_score_is_at_most_that_of_the_best_view_and_the_bonus(drawn: list) -> None:
    views = [
        _View(True, [weak(0.3)]),
        *(_View(is_fine, [weak(score) for score in scores]) for is_fine, scores in drawn),
    ]
    top = max(each.score for view in views for each in view.faces)
    for found in accepted_faces(views):
        assert ACCEPT_SCORE <= found.score <= top + MIXED_SCALE_BONUS


@given(faces, st.integers(1, 4000))
def test_mirroring_twice_gives_the_face_back(found: Face, width: int) -> None:
    again = mirror_face(mirror_face(found, width), width)
    assert again.box == pytest.approx(found.box, abs=1e-6)
    assert (again.landmarks is None) == (found.landmarks is None)
    if found.landmarks:
        assert np.allclose(again.landmarks, found.landmarks, atol=1e-6)


def test_mirroring_swaps_left_and_right() -> None:
    points = tuple(
        (280 + x * 80, 100 + y * 80) for x, y in ((0.3, 0.4), (0.7, 0.4), (0.6, 0.6), (0.3, 0.8), (0.7, 0.8))
    )
    turned = mirror_face(Face(Box(280, 100, 80, 80), 0.9, points), 640)
    right, left, nose, *_ = turned.landmarks
    assert right[0] < left[0], "the right eye is on the picture's left in either"
    assert nose[0] < (right[0] + left[0]) / 2, "a head turned to one side is turned to the other"
    assert turned.box == Box(280, 100, 80, 80)


def test_the_assistant_rescans_with_its_detector_and_one_of_a_finer_scale() -> None:
    parts = factory.parts(Settings())
    made = parts.rescan
    assert made is not None
    assert made._near is parts.detector
    fine = made._fine._open_detector()
    assert (fine.threshold, fine.settings.long_side) == (rescan.VIEW_SCORE_THRESHOLD, 640)


def test_a_higher_score_threshold_in_the_settings_holds_for_the_rescan_too() -> None:
    made = factory.parts(Settings(detector=DetectorSettings(score_threshold=0.8))).rescan
    assert made is not None
    assert made.min_score == 0.8
    log: list[tuple[str, bool]] = []
    detectors = Detector(FINE, log, weak(0.75)), Detector(COARSE, log, weak(0.5))
    assert Rescan(*detectors, min_score=0.8).update(sided(), 0.0) == []
    assert len(Rescan(*detectors).update(sided(), 0.0)) == 1


class FailingDetector(Detector):
    """Cannot be opened while `is_failing`: its file is being replaced."""

    is_failing = True

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        if self.is_failing:
            raise DetectorError("no file")
        return super().find(image, grey)


def test_a_fine_detector_that_fails_costs_its_views_alone_until_it_works(caplog: pytest.LogCaptureFixture) -> None:
    log: list[tuple[str, bool]] = []
    fine = FailingDetector(FINE, log, weak(0.7))
    searching = Rescan(fine, Detector(COARSE, log, weak(0.7)))
    for number in range(40):
        searching.update(GREY, number / 10)
    (told,) = (each.getMessage() for each in caplog.records)
    assert told.startswith("nobody far away is found: no file")  # the limit of lines may add how many it left out
    fine.is_failing = False
    found = [searching.update(GREY, number / 10) for number in range(40, 80)]
    assert [each.box for each in found[-1]] == [weak(0.7).box]
