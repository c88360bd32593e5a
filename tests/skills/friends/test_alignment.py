"""An aligned face: its landmarks lie where the recognizer expects them, however the head was held."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.skills.friends.alignment import SIDE, TEMPLATE, align


@given(st.floats(-60, 60), st.floats(0.3, 4), st.floats(-40, 40))
def test_the_landmarks_come_to_lie_on_the_template(roll: float, scale: float, shift: float) -> None:
    angle = math.radians(roll)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    points = scale * (TEMPLATE - TEMPLATE.mean(axis=0)) @ turn.T + (320 + shift, 320 - shift)
    picture = np.zeros((640, 640, 3), np.uint8)
    left_eye = tuple(points[0].round().astype(int).tolist())
    cv2.circle(picture, left_eye, max(2, round(4 * scale)), (0, 0, 255), -1)
    aligned = align(picture, Face(Box(200, 200, 200, 200), 0.9, tuple((x, y) for x, y in points.tolist())))
    assert aligned is not None
    assert aligned.shape == (SIDE, SIDE, 3)
    rows, columns = np.nonzero(aligned[:, :, 2] > 100)
    assert columns.mean() == pytest.approx(TEMPLATE[0, 0], abs=3)
    assert rows.mean() == pytest.approx(TEMPLATE[0, 1], abs=3)
    assert not aligned[:, :, :2].any()


def test_a_grey_picture_gives_three_equal_channels() -> None:
    landmarks = tuple((x + 10, y + 10) for x, y in TEMPLATE.tolist())
    grey = np.arange(160 * 160, dtype=np.uint32).reshape(160, 160).astype(np.uint8)
    aligned = align(grey, Face(Box(10, 10, 112, 112), 0.9, landmarks))
    assert aligned is not None
    assert (aligned[:, :, 0] == aligned[:, :, 2]).all()


@pytest.mark.parametrize("landmarks", [None, ((5.0, 5.0),) * 5, ((math.nan, 1.0),) * 5])
def test_a_face_without_plausible_landmarks_is_not_aligned(landmarks: tuple[tuple[float, float], ...] | None) -> None:
    assert align(np.zeros((99, 99), np.uint8), Face(Box(0, 0, 50, 50), 0.9, landmarks)) is None
