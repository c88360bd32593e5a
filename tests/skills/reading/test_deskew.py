"""How lines of text lie, from the places of their letters."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.skills.reading.deskew import Glyphs, find_glyphs, glyph_lines, levelled, moved, rotation, skew
from tests.support.drawn_text import drawn_text, seen

LINES = [
    "Please bring your health card",
    "and the list of all medicines",
    "that you take in the morning",
    "to the second floor",
]


def strokes(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray((picture[..., 0] < 128) & (picture[..., 0] != 60), np.uint8)


def test_letters_are_found_in_four_lines() -> None:
    found = find_glyphs(strokes(drawn_text(LINES)))
    lines = glyph_lines(found)
    assert len(lines) == 4
    assert 12 <= found.height_px <= 20


def test_frames_and_stains_are_no_letters() -> None:
    mask = np.zeros((480, 640), np.uint8)
    cv2.rectangle(mask, (20, 20), (600, 440), 1, 3)
    mask[100:102, 100:102] = 1
    mask[0:30, 300:310] = 1  # touches the edge
    assert len(find_glyphs(mask).boxes) == 0


@pytest.mark.parametrize("degrees", [-20, -9, 0, 5, 16])
def test_the_skew_of_lines_is_measured_to_a_degree(degrees: float) -> None:
    height, width = 480, 640
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees, 0.8)
    picture = cv2.warpAffine(drawn_text(LINES), turn, (width, height), borderValue=(225, 225, 225))
    assert skew(find_glyphs(strokes(np.asarray(picture, np.uint8)))) == pytest.approx(degrees, abs=1.0)


def test_few_letters_have_no_skew() -> None:
    assert skew(Glyphs(np.zeros((0, 4)))) == 0.0
    assert skew(Glyphs(np.array([[10.0, 10, 5, 10], [30, 14, 5, 10]]))) == 0.0


def test_lines_that_run_together_are_level_afterwards() -> None:
    picture = seen(drawn_text(LINES), degrees=6, lean=0.15)
    glyphs = find_glyphs(strokes(picture))
    matrix = rotation(skew(glyphs), picture.shape)
    level = glyphs.moved(levelled(glyphs.moved(matrix), picture.shape) @ matrix)
    lines = [line for line in glyph_lines(level) if len(line) > 8]
    assert len(lines) >= 4
    for line in lines:
        feet = level.feet[line]
        slope = np.polyfit(feet[:, 0], feet[:, 1], 1)[0]
        assert abs(np.rad2deg(slope)) < 1.2


def test_points_go_where_the_matrix_takes_them_and_back() -> None:
    matrix = rotation(12.0, (480, 640))
    points = np.array([[0.0, 0.0], [320.0, 240.0], [639.0, 1.0]])
    assert moved(moved(points, matrix), np.linalg.inv(matrix)) == pytest.approx(points)
    assert moved(points, matrix)[1] == pytest.approx([320, 240])
