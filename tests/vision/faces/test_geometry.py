"""Direction, distance and facing of a face, and who the conversation partner is."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face, Track
from assistant.vision.decisions.partner import MAX_ABSENCE_S, MIN_PRESENCE_S, SWITCH_DWELL_S, Partner
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


def people(*faces: Face) -> list[Track]:
    return [Track(number, each) for number, each in enumerate(faces, 1)]


def watch(partner: Partner, seconds: float, faces: list[Track], start: float = 0.0) -> float:
    for frame in range(int(seconds * 10)):
        partner.update(faces, start + frame / 10, 640)
    return start + seconds


def near(x: float = 320, size: float = 96, turn: float = 0.0) -> Face:
    made = with_landmarks(turn)
    return dataclasses.replace(made, box=box(x, size))


def test_a_thing_that_is_hardly_a_face_is_no_partner_beside_somebody() -> None:
    partner = Partner()
    thing = dataclasses.replace(near(480, 260), score=0.5)
    somebody = dataclasses.replace(near(200, 130), score=0.75)
    at = watch(partner, 3, people(thing))
    assert partner.track_id == 1  # better than nobody
    at = watch(partner, 4, people(thing, somebody), at)
    assert partner.track_id == 2
    watch(partner, 5, people(thing, somebody), at)
    assert partner.track_id == 2


def test_a_passer_by_never_becomes_the_partner() -> None:
    partner = Partner()
    at = watch(partner, MIN_PRESENCE_S - 0.1, people(near(size=200)))
    assert partner.track_id is None
    watch(partner, 5, [], at)
    assert partner.track_id is None
    at = watch(partner, 3, people(near()), 20)
    assert partner.track_id == 1
    watch(partner, MIN_PRESENCE_S - 0.1, [*people(near()), Track(9, near(size=200))], at)
    assert partner.track_id == 1


def test_the_partner_is_the_near_facing_one() -> None:
    for faces, expected in (
        ((near(200, 90), near(440, 140)), 2),
        ((near(320, 100), near(600, 120)), 1),
        ((near(320, 100, turn=0.4), near(200, 90)), 2),
    ):
        partner = Partner()
        watch(partner, 6, people(*faces))
        assert partner.track_id == expected


def test_a_glance_aside_and_a_moment_unseen_change_nothing_but_leaving_does() -> None:
    partner = Partner()
    both, aside = people(near(280, 100), near(400, 90)), people(near(280, 100, turn=0.4), near(400, 90))
    at = watch(partner, 4, both)
    assert partner.track_id == 1
    at = watch(partner, 1.5, aside, at)
    assert partner.track_id == 1
    at = watch(partner, MAX_ABSENCE_S - 0.2, both[1:], at)
    assert partner.track_id == 1
    watch(partner, 1, both[1:], at)
    assert partner.track_id == 2


def test_who_is_much_more_becomes_the_partner_after_a_while() -> None:
    partner = Partner()
    at = watch(partner, 4, people(near(280, 100), near(400, 90)))
    closer = people(near(280, 100), near(400, 200))
    at = watch(partner, SWITCH_DWELL_S - 0.2, closer, at)
    assert partner.track_id == 1
    watch(partner, 0.6, closer, at)
    assert partner.track_id == 2


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
