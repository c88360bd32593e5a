"""From a picture to the input of the detectors, and from their output to things."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box
from assistant.skills.things import nanodet, yolox
from assistant.skills.things.detection import INPUT_SIDE, letterbox, things_of
from assistant.skills.things.labels import COCO, HOUSEHOLD


def test_there_are_eighty_things() -> None:
    assert len(COCO) == len(set(COCO)) == 80
    assert set(COCO) > HOUSEHOLD


@given(st.integers(1, 900), st.integers(1, 900))
def test_a_picture_fills_one_side_of_the_square(height: int, width: int) -> None:
    square, factor = letterbox(np.zeros((height, width, 3), np.uint8))
    assert square.shape == (INPUT_SIDE, INPUT_SIDE, 3)
    is_picture = (square == 0).all(axis=2)
    assert is_picture[:, 0].all() if height >= width else is_picture[0].all()
    assert factor == max(height, width) / INPUT_SIDE


def test_yolox_decodes_the_cells_of_its_three_maps() -> None:
    places, strides = yolox.cells()
    rows = np.zeros((3549, 85), np.float32)
    rows[:, 4], rows[:, 5 + 41] = 0.5, 0.5
    at = 52 * 52 + 26 + 1  # of the map of stride 16, second row, second column
    rows[at, :4] = (0.5, 0.25, np.log(2), np.log(3))
    corners, scores = yolox.decode(rows, places, strides)
    assert corners[at].tolist() == [24 - 16, 20 - 24, 24 + 16, 20 + 24]
    assert scores[at, 41] == 0.25
    assert scores[at, 40] == 0


def test_nanodet_decodes_distances_from_its_points() -> None:
    points, strides = nanodet.cells()
    assert points.shape == (52 * 52 + 26 * 26 + 13 * 13 + 7 * 7, 2)
    logits = np.zeros((len(points), 4, 8), np.float32)
    at = 52 * 52 + 26 + 1
    logits[at, range(4), (1, 2, 3, 4)] = 50
    corners = nanodet.decode(logits.reshape(-1, 32), points, strides)
    assert corners[at].tolist() == [16 - 16, 16 - 32, 16 + 48, 16 + 64]


def test_of_boxes_of_one_class_that_overlap_the_best_remains() -> None:
    corners = np.array([[0, 0, 50, 50], [4, 0, 54, 50], [0, 0, 50, 50], [300, 0, 350, 50]], np.float32)
    scores = np.zeros((4, 80), np.float32)
    scores[0, 41], scores[1, 41], scores[2, 45], scores[3, 41] = 0.6, 0.7, 0.5, 0.1
    found = things_of(corners, scores, (480, 640), 2.0, 0.2)
    assert [(thing.label, round(thing.score, 2)) for thing in found] == [("cup", 0.7), ("bowl", 0.5)]
    assert found[0].box == Box(8, 0, 100, 100)


def test_boxes_end_with_the_picture_and_what_is_no_number_is_left_out() -> None:
    corners = np.array([[-40, 10, 900, 60], [np.nan, 0, 50, 50], [700, 0, 800, 50]], np.float32)
    scores = np.zeros((3, 80), np.float32)
    scores[:, 0] = 0.9
    (found,) = things_of(corners, scores, (480, 640), 1.0, 0.2)
    assert found.box == Box(0, 10, 640, 50)
