"""The geometry of boxes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box

SIDES = st.floats(0.5, 500)
BOXES = st.builds(Box, st.floats(-200, 700), st.floats(-200, 700), SIDES, SIDES)


def test_area_center_and_overlap_of_known_boxes() -> None:
    box, right_half = Box(10, 20, 40, 30), Box(30, 20, 20, 30)
    assert (box.area, box.center) == (1200, (30, 35))
    assert box.intersection(right_half) == 600
    assert box.iou(right_half) == pytest.approx(0.5)
    assert box.iou(Box(50, 20, 40, 30)) == 0, "they touch"
    assert Box(0, 0, 0, 0).iou(Box(0, 0, 0, 0)) == 0


@given(BOXES, BOXES)
def test_intersection_over_union_is_symmetric_and_a_share(one: Box, other: Box) -> None:
    assert 0 <= one.iou(other) <= 1 + 1e-9
    assert math.isclose(one.iou(other), other.iou(one), abs_tol=1e-12)
    assert math.isclose(one.iou(one), 1, rel_tol=1e-6)
    assert one.intersection(other) <= min(one.area, other.area) * (1 + 1e-6) + 1e-6
