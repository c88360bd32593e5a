"""The matching protocol and metrics of face detectors, on small cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from convert.face_detector import matching
from convert.face_detector.matching import Detections, Matches
from convert.face_detector.pictures import Picture

NONE = np.empty((0, 4), np.float32)


def boxes(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def detections(*rows: tuple[float, ...]) -> Detections:
    """Rows of (left, top, width, height, score)."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    return table[:, :4], table[:, 4]


def test_one_detected_face_one_missed_face_and_one_false_positive() -> None:
    faces = boxes((0, 0, 40, 40), (100, 100, 40, 40))
    matches = matching.match(faces, NONE, detections((2, 0, 40, 40, 0.9), (200, 0, 40, 40, 0.4)), 0.5)
    np.testing.assert_allclose(matches.scores, [0.9, 0.4])
    np.testing.assert_array_equal(matches.is_true, [True, False])
    np.testing.assert_allclose(matches.face_scores, [0.9, 0])
    assert matching.recall_precision(matches, 0.3) == (0.5, 0.5)
    assert matching.recall_precision(matches, 0.5) == (0.5, 1.0)
    assert matching.recall_precision(matches, 0.95) == (0.0, 1.0)
    assert matching.average_precision(matches) == pytest.approx(0.5)
    assert matching.recall_at_precision(matches, 0.9) == 0.5


def test_a_second_detection_of_a_face_is_a_false_positive() -> None:
    faces = boxes((0, 0, 40, 40))
    matches = matching.match(faces, NONE, detections((0, 0, 40, 40, 0.3), (4, 0, 40, 40, 0.8)), 0.5)
    assert list(matches.scores) == pytest.approx([0.8, 0.3])
    assert list(matches.is_true) == [True, False]


def test_small_faces_and_ignored_regions_are_not_counted() -> None:
    faces, ignored = boxes((0, 0, 28, 40)), boxes((100, 0, 50, 50))
    found = detections((0, 0, 28, 40, 0.9), (110, 10, 30, 30, 0.8), (140, 0, 40, 40, 0.7), (200, 0, 20, 40, 0.6))
    matches = matching.match(faces, ignored, found, 0.5)
    assert len(matches.face_scores) == 0
    assert list(matches.scores) == pytest.approx(
        [0.7]
    )  # a quarter of it is in the region; the last detection is too small
    assert matching.recall_precision(matches, 0.0) == (0.0, 0.0)


def test_the_minimum_iou_decides() -> None:
    faces, found = boxes((0, 0, 40, 40)), detections((16, 0, 40, 40, 0.9))  # 24/56 = 0.43
    assert not matching.match(faces, NONE, found, 0.5).is_true[0]
    assert matching.match(faces, NONE, found, 0.35).is_true[0]


def test_average_precision_by_hand_calculation() -> None:
    """Three faces; detections true, false, true: precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3."""
    matches = Matches(
        np.array([0.9, 0.8, 0.7], np.float32), np.array([True, False, True]), np.array([0.9, 0.7, 0], np.float32)
    )
    assert matching.average_precision(matches) == pytest.approx(1 / 3 + 1 / 3 * 2 / 3)
    assert matching.recall_at_precision(matches, 0.6) == pytest.approx(2 / 3)


def test_no_detections_at_all() -> None:
    matches = matching.match(boxes((0, 0, 40, 40)), NONE, detections(), 0.5)
    assert matching.average_precision(matches) == 0
    assert matching.recall_precision(matches, 0.5) == (0.0, 1.0)


CASES = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 200), st.integers(25, 90), st.integers(25, 90)), max_size=8
)


@given(CASES, CASES, st.integers(0, 2**32 - 1))
def test_invariants_of_matching(faces: list[tuple[int, ...]], found: list[tuple[int, ...]], seed: int) -> None:
    scores = np.random.default_rng(seed).random(len(found)).astype(np.float32) + np.float32(0.01)
    matches = matching.match(boxes(*faces), NONE, (boxes(*found), scores), 0.5)
    expected = sum(min(row[2:]) >= 30 for row in faces)
    assert len(matches.face_scores) == expected
    assert matches.is_true.sum() == (matches.face_scores > 0).sum() <= expected
    assert 0 <= matching.average_precision(matches) <= 1.0001
    again = matching.match(boxes(*faces), NONE, (boxes(*found)[::-1], scores[::-1]), 0.5)
    assert again.is_true.sum() == matches.is_true.sum()


@given(CASES)
def test_the_annotated_boxes_have_average_precision_1(faces: list[tuple[int, ...]]) -> None:
    apart = [(300 * index, 0, *row[2:]) for index, row in enumerate(faces)]
    matches = matching.match(boxes(*apart), NONE, (boxes(*apart), np.ones(len(apart), np.float32)), 0.5)
    assert matching.average_precision(matches) == pytest.approx(1.0 if len(matches.face_scores) else 0.0)


def test_confidence_intervals_contain_the_figure_and_narrow_with_more_groups() -> None:
    def picture(right: bool) -> Matches:
        return Matches(np.array([0.9], np.float32), np.array([right]), np.array([0.9 if right else 0], np.float32))

    few = [picture(index % 4 != 0) for index in range(12)]
    many = few * 10
    made = matching.confidence_intervals(few, [str(index) for index in range(12)], 0.5, resamples=200)
    narrow = matching.confidence_intervals(many, [str(index) for index in range(120)], 0.5, resamples=200)
    assert made["recall"][0] <= 0.75 <= made["recall"][1]
    assert narrow["recall"][1] - narrow["recall"][0] < 0.6 * (made["recall"][1] - made["recall"][0])
    one = matching.confidence_intervals(few, ["same"] * 12, 0.5, resamples=20)
    assert one["recall"] == (0.75, 0.75)


def test_faces_are_converted_to_scaled_arrays() -> None:
    found, scores = matching.as_arrays([Face(Box(10, 20, 30, 40), 0.5)], 0.5)
    np.testing.assert_array_equal(found, [[5, 10, 15, 20]])
    np.testing.assert_array_equal(scores, [0.5])
    assert matching.as_arrays([])[0].shape == (0, 4)


def test_landmark_error_in_face_sizes_degrees_and_slope() -> None:
    from assistant.vision.faces.preprocess import LANDMARK_TEMPLATE

    class ScriptedDetector:
        """A detector with exact boxes, half of the true turn of the head, and landmarks two pixels too far right."""

        crop_margin, needs_colour, has_landmarks = 0.0, False, True

        def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
            points = turned(int(grey[0, 0]) / 100 / 2) + np.array([2, 0])
            return [Face(Box(0, 0, 40, 40), 0.9, tuple((float(x), float(y)) for x, y in points))]

    def turned(share: float) -> np.ndarray:
        points = LANDMARK_TEMPLATE.copy()
        points[2, 0] += share * (LANDMARK_TEMPLATE[3, 1] - LANDMARK_TEMPLATE[0, 1])
        return points

    none = np.empty((0, 4), np.float32)
    pictures = [
        Picture(
            str(turn),
            np.full((60, 60), turn, np.uint8),
            boxes((0, 0, 40, 40)),
            turned(turn / 100)[None].astype(np.float32),
            none,
        )
        for turn in (0, 10, 20, 30)
    ]
    made = matching.landmark_error(ScriptedDetector(), pictures)
    assert made["faces"] == 4
    assert made["turn_slope"] == pytest.approx(0.5, abs=0.01)
    assert made["roll_deg"] == pytest.approx(0, abs=1e-4)
    assert made["distance"] == pytest.approx(2 / 40, abs=0.01)
    assert matching.landmark_error(ScriptedDetector(), []) == {"faces": 0}
