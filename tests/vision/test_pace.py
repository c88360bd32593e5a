"""The pace: which frames are processed, whatever the camera's rate and jitter."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.vision.pace import EMPTY_INTERVAL_S, HOLD_S, STILL_INTERVAL_S, Pace

GAPS = st.lists(st.floats(0.02, 0.3), min_size=1, max_size=200)
"""Seconds from one frame to the next, as a camera of 3 to 50 frames a second delivers them."""


def play(pace: Pace, times: list[float], *, has_faces: bool, changed: frozenset[int] = frozenset()) -> list[float]:
    """The times of those frames that are processed, by their number; every one leaves nothing pending."""
    processed = []
    for number, at in enumerate(times):
        if pace.is_due(at, is_changed=number in changed):
            pace.processed(at, has_faces=has_faces, is_settled=True)
            processed.append(at)
    return processed


def steady(fps: float, seconds: float, start: float = 0.0) -> list[float]:
    return [start + number / fps for number in range(int(seconds * fps))]


def since(times: list[float], start: float) -> list[float]:
    return [at for at in times if at >= start]


@pytest.mark.parametrize("fps", [8, 10, 12.5, 15, 30])
@pytest.mark.parametrize(("has_faces", "interval_s"), [(True, STILL_INTERVAL_S), (False, EMPTY_INTERVAL_S)])
def test_a_still_scene_has_its_rate_with_every_camera(fps: float, has_faces: bool, interval_s: float) -> None:
    processed = since(play(Pace(), steady(fps, 40), has_faces=has_faces, changed=frozenset([0])), 2 * HOLD_S)
    mean_s = (processed[-1] - processed[0]) / (len(processed) - 1)
    assert mean_s == pytest.approx(interval_s, rel=0.1)


def test_a_camera_that_is_slower_than_the_pace_has_all_its_frames_processed() -> None:
    times = steady(4, 20)
    assert play(Pace(), times, has_faces=True) == times


@given(GAPS, st.booleans(), st.integers(0, 20))
def test_it_is_never_slower_than_the_floor(gaps: list[float], has_faces: bool, least: int) -> None:
    pace = Pace()
    pace.least_interval_s = least / 10  # beyond the floor too
    times = [sum(gaps[:number]) for number in range(len(gaps) + 1)]
    processed = play(pace, times, has_faces=has_faces, changed=frozenset([0]))
    floor_s = STILL_INTERVAL_S if has_faces else EMPTY_INTERVAL_S
    for before, after in pairwise(processed):
        assert after - before <= floor_s + max(gaps) + 1e-9


@given(GAPS, st.booleans(), st.data())
def test_it_wakes_in_the_frame_in_which_something_changes(
    gaps: list[float], has_faces: bool, data: st.DataObject
) -> None:
    times = [sum(gaps[:number]) for number in range(len(gaps) + 1)]
    number = data.draw(st.integers(0, len(times) - 1))
    processed = play(Pace(), times, has_faces=has_faces, changed=frozenset([number]))
    held = [at for at in times if times[number] <= at < times[number] + HOLD_S]
    assert [at for at in processed if times[number] <= at < times[number] + HOLD_S] == held


def test_while_something_is_pending_every_frame_is_processed() -> None:
    pace, times = Pace(), steady(10, 6)
    for at in times:
        assert pace.is_due(at, is_changed=False)
        pace.processed(at, has_faces=True, is_settled=False)
    later = steady(10, 4, start=6.0)
    assert len(since(play(pace, later, has_faces=True), 6 + HOLD_S)) == pytest.approx(15, abs=1)


def test_what_somebody_waits_for_is_processed_even_against_a_limit() -> None:
    pace = Pace()
    pace.least_interval_s = STILL_INTERVAL_S
    for at in steady(10, 3):
        assert pace.is_due(at, is_changed=False, is_wanted=True)
        pace.processed(at, has_faces=True, is_settled=True)


def test_a_question_wakes_it() -> None:
    pace = Pace()
    last = play(pace, steady(10, 5), has_faces=False)[-1]
    assert not pace.is_due(last + 0.1, is_changed=False)
    pace.wake(last + 0.1)
    assert pace.is_due(last + 0.2, is_changed=False)


@given(st.floats(0.0, STILL_INTERVAL_S))
def test_a_limit_holds_on_average_while_everything_changes(least_interval_s: float) -> None:
    pace, times = Pace(), steady(10, 30)
    pace.least_interval_s = least_interval_s
    processed = play(pace, times, has_faces=True, changed=frozenset(range(len(times))))
    mean_s = (processed[-1] - processed[0]) / (len(processed) - 1)
    assert mean_s == pytest.approx(max(0.1, least_interval_s), rel=0.12)


def test_a_recording_that_begins_again_is_processed_at_once() -> None:
    pace = Pace()
    play(pace, steady(10, 20), has_faces=True)
    assert pace.is_due(0.0, is_changed=False)
    again = play(pace, steady(10, 5), has_faces=True)
    assert len(since(again, 2 * HOLD_S)) < 20, "and it rests again"


def test_the_next_frame_of_a_search_is_processed_and_those_after_it_are_not_for_that() -> None:
    pace = Pace()
    last = play(pace, steady(10, 5), has_faces=False)[-1]
    pace.processed(last + 0.5, has_faces=False, is_settled=True, is_next_due=True)
    assert pace.is_due(last + 0.6, is_changed=False)
    pace.processed(last + 0.6, has_faces=False, is_settled=True)
    assert not pace.is_due(last + 0.7, is_changed=False)
