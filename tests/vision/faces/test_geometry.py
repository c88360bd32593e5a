"""Direction, distance and facing of a face."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.vision.faces import geometry
from tests.support.scripted_pipeline import with_landmarks


def box(x: float, size: float = 80, y: float = 200) -> Box:
    return Box(x - size / 2, y - size / 2, size, size)


@pytest.mark.parametrize(
    ("x", "hour", "where"), [(0, "11", "left"), (140, "11", "left"), (320, "12", "ahead"), (640, "1", "right")]
)
def test_clock_hours_with_an_ordinary_lens(x: float, hour: str, where: str) -> None:
    assert geometry.clock_hour(box(x), 640, 62) == hour
    assert geometry.direction(box(x), 640) == where


@pytest.mark.parametrize(("x", "hour"), [(0, "10"), (160, "11"), (320, "12"), (480, "1"), (640, "2")])
def test_a_wide_lens_spans_more_clock_hours(x: float, hour: str) -> None:
    assert geometry.clock_hour(box(x), 640, 120) == hour


@given(st.floats(0, 640), st.floats(30, 150))
def test_the_clock_hour_follows_the_angle(x: float, fov_deg: float) -> None:
    hour, mirrored = (int(geometry.clock_hour(box(at), 640, fov_deg)) for at in (x, 640 - x))
    assert hour in (10, 11, 12, 1, 2)
    assert (hour + mirrored) % 12 == 0
    if hour != 12:
        assert (hour > 6) is (x < 320)


def test_distance_follows_from_a_face_width_of_15_cm() -> None:
    # 640 pixels for 62 degrees: 532 pixels of focal length; 0.15 m * 532 / 80 px
    assert geometry.distance_m(box(320, 80), 640, 62) == pytest.approx(1.0, abs=0.01)
    assert geometry.distance_m(box(320, 80), 640, 62) == geometry.distance_m(box(640, 160), 1280, 62)
    assert [geometry.distance_band(box(320, size), 640, 62) for size in (160, 70, 60, 28, 25)] == [
        "near",
        "near",
        "",
        "",
        "far",
    ]


def test_facing_needs_landmarks() -> None:
    assert [geometry.facing(with_landmarks(turn)) for turn in (0.0, -0.3, 0.3)] == ["you", "left", "right"]
    assert geometry.facing(dataclasses.replace(with_landmarks(), landmarks=None)) == ""
    one_point = ((5.0, 5.0),) * 5
    assert geometry.facing(Face(box(320), 0.9, one_point)) == ""


def test_following_the_aim_hints_centres_a_face() -> None:
    """A wearer who turns a little at each hint has the face in the middle after a few."""
    for start in ((10, 10), (630, 470), (330, 20), (20, 300), (320, 240)):
        x, y = start
        for _ in range(6):
            hint = geometry.aim_hint(box(x, y=y), 640, 480)
            x += {"left": 120, "right": -120}.get(hint, 0)
            y += {"up": 90, "down": -90}.get(hint, 0)
        assert hint == "ahead", start


@given(st.floats(30, 150), st.floats(10, 200))
def test_a_camera_on_its_side_measures_the_same_distance(fov_deg: float, size: float) -> None:
    upright, sideways = (
        geometry.horizontal_fov_deg(fov_deg, (480, 640)),
        geometry.horizontal_fov_deg(fov_deg, (640, 480)),
    )
    assert upright == fov_deg > sideways
    assert geometry.distance_m(box(200, size), 640, upright) == pytest.approx(
        geometry.distance_m(box(200, size), 480, sideways)
    )
