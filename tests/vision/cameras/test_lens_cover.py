"""A hand on the lens is distinguished from a dark room, however fast it comes."""

import math
from collections.abc import Callable

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.vision.cameras.lens_cover import CLEAR_DWELL_S, COVER_DWELL_S, LensCover, LensEvent
from assistant.vision.faces import quality

Picture = NDArray[np.float64]


def test_a_covered_lens_pauses_after_two_seconds_and_clears_sooner() -> None:
    lens, events = LensCover(), []
    for frame in range(100):
        is_covered = frame == 5 or 20 <= frame < 60
        if event := lens.update(is_covered, 10.0 if is_covered else 90.0, frame / 10):
            events.append((frame / 10, event))
    assert events == [(2 + COVER_DWELL_S, LensEvent.COVERED), (6 + CLEAR_DWELL_S, LensEvent.UNCOVERED)]


def test_a_dark_room_is_not_a_covered_lens() -> None:
    lens = LensCover()
    assert not any(lens.update(True, 8.0, frame / 10) for frame in range(100)), "dark from the start"
    dusk = [90 - frame for frame in range(88)]
    assert not any(lens.update(light < 25, float(light), 20 + at / 5) for at, light in enumerate(dusk))
    assert not lens.is_covered


def room(seed: int, light: float, contrast: float) -> Picture:
    """The downscaled greys of a room, float [12, 16], of the mean `light`; contrast: their standard deviation, as a
    share of it."""
    greys = np.random.default_rng(seed).normal(size=(12, 16))
    return np.clip(light * (1 + contrast * (greys - greys.mean()) / greys.std()), 0, 255)


def events_of(greys: Callable[[float], Picture], fps: float, seconds: float) -> list[tuple[float, LensEvent]]:
    """The events, and their times, for the downscaled greys of each moment."""
    lens, events, measured = LensCover(), [], np.empty(0)
    for frame in range(int(seconds * fps)):
        if (seen := greys(frame / fps)) is not measured:  # most pictures are the same as before
            brightness, measured = quality.Brightness(float(seen.mean()), float(seen.std())), seen
        if event := lens.update(brightness.is_flat, brightness.mean, frame / fps, brightness.std):
            events.append((frame / fps, event))
    return events


COMES, GOES = 6.0, 14.0
rooms = st.builds(room, st.integers(0, 99), st.floats(45, 180), st.floats(0.15, 0.6))


def hand(before: Picture, leaves: float, slides_s: float, angle: float, soft: float) -> Callable[[float], Picture]:
    """A hand that comes from a side (angle) at COMES, covers all of the picture after `slides_s`, and is gone at GOES.
    leaves: the grey level under it; soft: the width of its out-of-focus edge, as a share of the picture's."""
    y, x = np.mgrid[0:12, 0:16] / 16
    along = x * math.cos(angle) + y * math.sin(angle)
    along = (along - along.min()) / np.ptp(along)
    under = np.full_like(before, leaves)

    def greys(at: float) -> Picture:
        if not COMES < at < GOES:
            return before
        edge = (1 + soft) * (at - COMES) / slides_s
        if edge >= 1 + soft:
            return under
        share = np.clip((edge - along) / soft, 0, 1)
        return before * (1 - share) + leaves * share

    return greys


@settings(max_examples=400)
@given(rooms, st.floats(0.01, 0.1), st.floats(0.05, 2.0), st.floats(0, 6.3), st.floats(0.02, 0.3), st.floats(10, 30))
@example(room(0, 55.0, 0.5), 0.09, 0.1, 0.0, 0.25, 16.25)  # one frame shows it, nearly all dark
@example(room(0, 65.0, 0.25), 0.0625, 0.21875, 3.0, 0.25, 10.0)  # two frames show it, neither half dark
def test_a_hand_that_slides_on_covers_the_lens_however_fast_it_comes(
    before: Picture, leaves: float, slides_s: float, angle: float, soft: float, fps: float
) -> None:
    greys = hand(before, leaves * float(before.mean()), slides_s, angle, soft)
    (covered, uncovered) = events_of(greys, fps, GOES + 2)
    assert (covered[1], uncovered[1]) == (LensEvent.COVERED, LensEvent.UNCOVERED)
    assert COMES + COVER_DWELL_S < covered[0] <= COMES + slides_s + COVER_DWELL_S + 2 / fps
    assert GOES + CLEAR_DWELL_S <= uncovered[0] + 1e-6 <= GOES + CLEAR_DWELL_S + 2 / fps


@settings(max_examples=400)
@given(rooms, st.floats(1, 30), st.floats(10, 30), st.floats(0.85, 0.95))
def test_a_room_that_darkens_as_a_whole_is_not_a_hand(before: Picture, fades_s: float, fps: float, lost: float) -> None:
    """A lamp that fades out, a corridor, dusk: at last the contrast is too low for shapes to be seen."""
    left = lost * quality.FLAT_STD / float(before.std())
    dark = before * left

    def greys(at: float) -> Picture:
        faded = (at - COMES) / fades_s
        return before if faded <= 0 else dark if faded >= 1 else before * left**faded

    assert events_of(greys, fps, COMES + fades_s + 6) == []


@given(rooms, st.floats(6, 20), st.floats(10, 30), st.floats(0, 6.3))
@settings(max_examples=40)
def test_walking_into_a_dark_doorway_takes_longer_than_a_hand(
    before: Picture, walks_s: float, fps: float, angle: float
) -> None:
    doorway = hand(before, 0.1 * float(before.mean()), walks_s, angle, 0.3)
    assert events_of(lambda at: doorway(min(at, COMES + walks_s)), fps, COMES + walks_s + 5) == []


def test_the_lens_is_in_question_until_the_dwell_time_is_over() -> None:
    lens, in_question = LensCover(), []
    for frame in range(60):
        is_flat = 10 <= frame < 20 or frame >= 30
        lens.update(is_flat, 5.0 if is_flat else 90.0, frame / 10)
        in_question.append(lens.is_in_question)
    assert in_question == [10 <= frame < 20 or 30 <= frame < 50 for frame in range(60)], "then it is covered"
