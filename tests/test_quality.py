"""How a face is held, from five points."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.vision import quality
from assistant.vision.preprocess import SHAPE

UPRIGHT = [tuple(point) for point in SHAPE]
ANGLES = st.floats(-80, 80)
SIZES = st.floats(0.5, 20)


def held(
    roll_deg: float = 0.0, nose: float = 0.0, scale: float = 1.0, mirror: bool = False
) -> list[tuple[float, float]]:
    """The mean face: its nose moved by a share of the eye-mouth distance, mirrored, scaled, turned clockwise."""
    points = SHAPE - SHAPE.mean(axis=0)
    points[2, 0] += nose * (points[3, 1] - points[0, 1])
    if mirror:
        points = (points * (-1, 1))[[1, 0, 2, 4, 3]]
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return [(float(x), float(y)) for x, y in scale * points @ turn.T + (300, 200)]


def test_the_mean_face_looks_ahead() -> None:
    pose = quality.pose(UPRIGHT)
    assert pose.roll_deg == pytest.approx(0, abs=1e-6)
    assert pose.turn == pytest.approx(0, abs=0.01)
    assert pose.facing == "ahead"
    assert not quality.is_side_on(UPRIGHT)


@given(ANGLES, st.floats(-0.4, 0.4), SIZES)
def test_roll_is_the_rotation_and_turn_does_not_depend_on_it(roll: float, nose: float, scale: float) -> None:
    pose, upright = quality.pose(held(roll, nose, scale)), quality.pose(held(0, nose))
    assert pose.roll_deg == pytest.approx(roll, abs=1e-3)
    assert pose.turn == pytest.approx(upright.turn, abs=1e-6)
    assert pose.turn == pytest.approx(nose, abs=0.01)


@given(ANGLES, st.floats(-0.4, 0.4))
def test_a_mirror_swaps_left_and_right(roll: float, nose: float) -> None:
    assert quality.pose(held(roll, nose, mirror=True)).turn == pytest.approx(-quality.pose(held(roll, nose)).turn)


@pytest.mark.parametrize(("nose", "facing"), [(-0.2, "left"), (-0.05, "ahead"), (0.05, "ahead"), (0.2, "right")])
def test_which_way_a_face_looks(nose: float, facing: str) -> None:
    assert quality.pose(held(20, nose)).facing == facing


@pytest.mark.parametrize(("nose", "side_on"), [(0.2, False), (0.3, True), (-0.3, True), (math.nan, False)])
def test_a_face_from_the_side_cannot_be_told(nose: float, side_on: bool) -> None:
    assert quality.is_side_on(held(0, nose)) == side_on


def test_without_landmarks_nothing_is_held_against_a_face() -> None:
    assert not quality.is_side_on(None)


def test_points_that_are_one_say_nothing() -> None:
    assert not quality.is_side_on([(5.0, 5.0)] * 5)
