"""Where, how far, facing whom; who is the partner; a covered lens."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.records import Box, Face, Track
from assistant.vision.cameras.lens_cover import CLEAR_DWELL_S, COVER_DWELL_S, LensCover
from assistant.vision.decisions.partner import LOST_S, RIVAL_S, STEADY_S, Partner
from assistant.vision.faces import geometry, quality
from tests.support.scripted_pipeline import with_landmarks

Picture = NDArray[np.float64]


def box(x: float, size: float = 80, y: float = 200) -> Box:
    return Box(x - size / 2, y - size / 2, size, size)


@pytest.mark.parametrize(
    ("x", "hour", "where"), [(0, "11", "left"), (140, "11", "left"), (320, "12", "ahead"), (640, "1", "right")]
)
def test_hours_of_an_ordinary_lens(x: float, hour: str, where: str) -> None:
    assert geometry.clock_hour(box(x), 640, 62) == hour
    assert geometry.direction(box(x), 640) == where


@pytest.mark.parametrize(("x", "hour"), [(0, "10"), (160, "11"), (320, "12"), (480, "1"), (640, "2")])
def test_a_wide_lens_sees_more_hours(x: float, hour: str) -> None:
    assert geometry.clock_hour(box(x), 640, 120) == hour


@given(st.floats(0, 640), st.floats(30, 150))
def test_the_hour_is_that_of_the_angle(x: float, fov_deg: float) -> None:
    hour, mirrored = (int(geometry.clock_hour(box(at), 640, fov_deg)) for at in (x, 640 - x))
    assert hour in (10, 11, 12, 1, 2)
    assert (hour + mirrored) % 12 == 0
    if hour != 12:
        assert (hour > 6) is (x < 320)


def test_a_face_of_15_cm_tells_how_far_it_is() -> None:
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


def test_facing_is_told_by_landmarks_alone() -> None:
    assert [geometry.facing(with_landmarks(turn)) for turn in (0.0, -0.3, 0.3)] == ["you", "left", "right"]
    assert geometry.facing(dataclasses.replace(with_landmarks(), landmarks=None)) == ""
    one_point = ((5.0, 5.0),) * 5
    assert geometry.facing(Face(box(320), 0.9, one_point)) == ""


def test_aiming_brings_a_face_to_the_middle() -> None:
    """Whoever does what is said, a little each time, has the face in the middle after a few hints."""
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
    assert partner.number == 1  # better than nobody
    at = watch(partner, 4, people(thing, somebody), at)
    assert partner.number == 2
    watch(partner, 5, people(thing, somebody), at)
    assert partner.number == 2


def test_a_passer_by_never_becomes_the_partner() -> None:
    partner = Partner()
    at = watch(partner, STEADY_S - 0.1, people(near(size=200)))
    assert partner.number is None
    watch(partner, 5, [], at)
    assert partner.number is None
    at = watch(partner, 3, people(near()), 20)
    assert partner.number == 1
    watch(partner, STEADY_S - 0.1, [*people(near()), Track(9, near(size=200))], at)
    assert partner.number == 1


def test_the_partner_is_the_near_facing_one() -> None:
    for faces, expected in (
        ((near(200, 90), near(440, 140)), 2),
        ((near(320, 100), near(600, 120)), 1),
        ((near(320, 100, turn=0.4), near(200, 90)), 2),
    ):
        partner = Partner()
        watch(partner, 6, people(*faces))
        assert partner.number == expected


def test_a_glance_aside_and_a_moment_unseen_change_nothing_but_leaving_does() -> None:
    partner = Partner()
    both, aside = people(near(280, 100), near(400, 90)), people(near(280, 100, turn=0.4), near(400, 90))
    at = watch(partner, 4, both)
    assert partner.number == 1
    at = watch(partner, 1.5, aside, at)
    assert partner.number == 1
    at = watch(partner, LOST_S - 0.2, both[1:], at)
    assert partner.number == 1
    watch(partner, 1, both[1:], at)
    assert partner.number == 2


def test_who_is_much_more_becomes_the_partner_after_a_while() -> None:
    partner = Partner()
    at = watch(partner, 4, people(near(280, 100), near(400, 90)))
    closer = people(near(280, 100), near(400, 200))
    at = watch(partner, RIVAL_S - 0.2, closer, at)
    assert partner.number == 1
    watch(partner, 0.6, closer, at)
    assert partner.number == 2


def test_a_covered_lens_pauses_after_two_seconds_and_clears_sooner() -> None:
    lens, told = LensCover(), []
    for frame in range(100):
        is_covered = frame == 5 or 20 <= frame < 60
        if news := lens.update(is_covered, 10.0 if is_covered else 90.0, frame / 10):
            told.append((frame / 10, news))
    assert told == [(2 + COVER_DWELL_S, "covered"), (6 + CLEAR_DWELL_S, "uncovered")]


def test_a_dark_room_is_no_covered_lens() -> None:
    lens = LensCover()
    assert not any(lens.update(True, 8.0, frame / 10) for frame in range(100)), "dark from the start"
    dusk = [90 - frame for frame in range(88)]
    assert not any(lens.update(light < 25, float(light), 20 + at / 5) for at, light in enumerate(dusk))
    assert not lens.is_covered


def room(seed: int, light: float, contrast: float) -> Picture:
    """The coarse greys of a room, float [12, 16], of that mean; contrast: their spread, as a share of it."""
    greys = np.random.default_rng(seed).normal(size=(12, 16))
    return np.clip(light * (1 + contrast * (greys - greys.mean()) / greys.std()), 0, 255)


def told(greys: Callable[[float], Picture], fps: float, seconds: float) -> list[tuple[float, str]]:
    """What the lens tells of the coarse greys of each moment, and when."""
    lens, news = LensCover(), []
    for frame in range(int(seconds * fps)):
        shade = quality.Brightness(float((seen := greys(frame / fps)).mean()), float(seen.std()))
        if what := lens.update(shade.is_flat, shade.mean, frame / fps, shade.spread):
            news.append((frame / fps, what))
    return news


COMES, GOES = 6.0, 14.0
rooms = st.builds(room, st.integers(0, 99), st.floats(45, 180), st.floats(0.15, 0.6))


def hand(before: Picture, leaves: float, slides_s: float, angle: float, soft: float) -> Callable[[float], Picture]:
    """A hand that comes from a side (angle) at COMES, covers all of the room after `slides_s`, and is gone at GOES.
    leaves: the grey under it; soft: the width of its edge, which is far out of focus, as a share of the picture's."""
    y, x = np.mgrid[0:12, 0:16] / 16
    along = x * math.cos(angle) + y * math.sin(angle)
    along = (along - along.min()) / np.ptp(along)

    def greys(at: float) -> Picture:
        edge = (1 + soft) * min(1.0, max(0.0, (at - COMES) / slides_s)) if at < GOES else 0.0
        share = np.clip((edge - along) / soft, 0, 1)
        return before * (1 - share) + leaves * share

    return greys


@settings(max_examples=400)
@given(rooms, st.floats(0.01, 0.1), st.floats(0.05, 2.0), st.floats(0, 6.3), st.floats(0.02, 0.3), st.floats(10, 30))
@example(room(0, 55.0, 0.5), 0.09, 0.1, 0.0, 0.25, 16.25)  # in one frame it is seen, and that is nearly all dark
@example(room(0, 65.0, 0.25), 0.0625, 0.21875, 3.0, 0.25, 10.0)  # in two, neither of which is half light, half dark
def test_a_hand_that_slides_on_covers_the_lens_however_fast_it_comes(
    before: Picture, leaves: float, slides_s: float, angle: float, soft: float, fps: float
) -> None:
    greys = hand(before, leaves * float(before.mean()), slides_s, angle, soft)
    (covered, uncovered) = told(greys, fps, GOES + 2)
    assert (covered[1], uncovered[1]) == ("covered", "uncovered")
    assert COMES + COVER_DWELL_S < covered[0] <= COMES + slides_s + COVER_DWELL_S + 2 / fps
    assert GOES + CLEAR_DWELL_S <= uncovered[0] + 1e-6 <= GOES + CLEAR_DWELL_S + 2 / fps


@settings(max_examples=400)
@given(rooms, st.floats(1, 30), st.floats(10, 30), st.floats(0.85, 0.95))
def test_a_room_that_gets_dark_all_over_is_no_hand(before: Picture, fades_s: float, fps: float, lost: float) -> None:
    """A lamp that glows out, a corridor, dusk: at last the greys spread too little for shapes to be seen."""
    left = lost * quality.FLAT_STD / float(before.std())

    def greys(at: float) -> Picture:
        return before * left ** min(1.0, max(0.0, (at - COMES) / fades_s))

    assert told(greys, fps, COMES + fades_s + 6) == []


@given(rooms, st.floats(6, 20), st.floats(10, 30), st.floats(0, 6.3))
@settings(max_examples=40)
def test_a_doorway_that_is_walked_into_takes_longer_than_a_hand(
    before: Picture, walks_s: float, fps: float, angle: float
) -> None:
    doorway = hand(before, 0.1 * float(before.mean()), walks_s, angle, 0.3)
    assert told(lambda at: doorway(min(at, COMES + walks_s)), fps, COMES + walks_s + 5) == []


def test_while_a_cover_is_in_question_that_is_known() -> None:
    lens, asked = LensCover(), []
    for frame in range(60):
        is_flat = 10 <= frame < 20 or frame >= 30
        lens.update(is_flat, 5.0 if is_flat else 90.0, frame / 10)
        asked.append(lens.is_in_question)
    assert asked == [10 <= frame < 20 or 30 <= frame < 50 for frame in range(60)], "for two seconds, then it is covered"


@given(st.floats(30, 150), st.floats(10, 200))
def test_a_camera_on_its_side_measures_as_well(fov_deg: float, size: float) -> None:
    upright, sideways = (
        geometry.horizontal_fov_deg(fov_deg, (480, 640)),
        geometry.horizontal_fov_deg(fov_deg, (640, 480)),
    )
    assert upright == fov_deg > sideways
    assert geometry.distance_m(box(200, size), 640, upright) == pytest.approx(
        geometry.distance_m(box(200, size), 480, sideways)
    )
