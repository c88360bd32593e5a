"""Tracks keep their id across frames, short gaps and crossings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.vision.faces.tracker import COAST_S, Tracker
from tests.support.standins import face


@pytest.mark.parametrize("fps", [5, 10, 30])
def test_a_walking_person_keeps_the_track_id(fps: int) -> None:
    tracker = Tracker()
    numbers = {tracker.update([face(50 + 120 * frame / fps)], frame / fps)[0].track_id for frame in range(4 * fps)}
    assert numbers == {1}
    assert tracker.steady_count == 1


@pytest.mark.parametrize("fps", [8, 10, 30])
def test_two_crossing_people_keep_their_track_ids_though_one_hides_the_other(fps: int) -> None:
    tracker, last = Tracker(), {}
    for frame in range(5 * fps):
        at = frame / fps
        left_to_right, right_to_left = 50 + 100 * at, 500 - 100 * at
        faces = {"a": face(left_to_right), "b": face(right_to_left, y=110)}
        if abs(left_to_right - right_to_left) < 50:
            del faces["b"]
        people = tracker.update(list(faces.values()), at)
        for name, person in zip(faces, people, strict=True):
            last[name, at > 2.6] = person.track_id
    assert last["a", False] == last["a", True]
    assert last["b", False] == last["b", True]
    assert tracker.steady_count == 2


def test_a_track_survives_a_short_gap_and_not_a_long_one() -> None:
    tracker = Tracker()
    for frame in range(10):
        tracker.update([face(100)], frame / 10)
    tracker.update([], 1.5)
    assert tracker.update([face(104)], 0.9 + COAST_S - 0.05)[0].track_id == 1
    assert tracker.update([face(104)], 0.9 + 2 * COAST_S + 0.1)[0].track_id == 2


def test_a_face_of_another_size_or_place_starts_another_track() -> None:
    tracker = Tracker()
    tracker.update([face(100, size=60)], 0.0)
    assert tracker.update([face(70, y=60, size=160)], 0.1)[0].track_id == 2
    assert tracker.update([face(400, size=60)], 0.2)[0].track_id == 3


def test_brief_and_rarely_matched_tracks_are_not_steady() -> None:
    brief, rare = Tracker(), Tracker()
    for frame in range(60):
        brief.update([face(100)] if frame < 9 else [], frame / 10)
        rare.update([face(100)] if frame % 5 == 0 else [], frame / 10)
    assert brief.steady_count == 0
    assert rare.steady_count == 0


boxes = st.builds(
    lambda x, y, size: Face(Box(x, y, size, size), 0.9), st.floats(-50, 700), st.floats(-50, 500), st.floats(1, 400)
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 2), st.lists(boxes, max_size=5)), max_size=40))
def test_every_face_has_one_track_id_and_no_two_share_it(frames: list[tuple[float, list[Face]]]) -> None:
    tracker, at, ever = Tracker(), 0.0, 0
    for wait, faces in frames:
        at += wait
        people = tracker.update(faces, at)
        assert [person.face for person in people] == faces
        numbers = [person.track_id for person in people]
        assert len(set(numbers)) == len(numbers)
        fresh = [number for number in numbers if number > ever]
        assert fresh == sorted(fresh) == list(range(ever + 1, ever + 1 + len(fresh)))
        ever += len(fresh)


@pytest.mark.parametrize(("share", "number"), [(0.8, 1), (1.0, 2)])
def test_how_far_a_face_may_jump_within_a_track(share: float, number: int) -> None:
    tracker = Tracker()
    tracker.update([face(100)], 0.0)
    tracker.update([face(100)], 0.1)
    assert tracker.update([face(100 + 80 * share)], 0.2)[0].track_id == number


@pytest.mark.parametrize(("after_s", "share", "number"), [(0.1, 1.25, 1), (0.1, 1.35, 2), (1.0, 2.5, 1), (1.0, 2.7, 2)])
def test_a_track_with_one_detection_may_have_moved_at_walking_speed(after_s: float, share: float, number: int) -> None:
    tracker = Tracker()
    tracker.update([face(100)], 0.0)
    assert tracker.update([face(100 + 80 * share)], after_s)[0].track_id == number


@pytest.mark.parametrize(("dx", "dy"), [(300, 0), (0, 300)])
def test_a_fast_face_is_matched_after_two_missed_frames(dx: float, dy: float) -> None:
    tracker = Tracker()
    for frame in range(20):
        at = frame / 10
        people = tracker.update([] if frame in (12, 13) else [face(20 + dx * at, 20 + dy * at)], at)
    assert people[0].track_id == 1


@given(
    st.lists(st.sampled_from([0.0, 0.001, 0.002, 0.005, 0.033, 0.066, 0.2]), min_size=40, max_size=80),
    st.integers(0, 2**32 - 1),
)
def test_one_still_face_is_one_track_whatever_the_intervals(intervals: list[float], seed: int) -> None:
    """Frames come in bursts and with equal time stamps; the detector's boxes jitter by half a pixel."""
    random, tracker, at, ids = np.random.default_rng(seed), Tracker(), 0.0, set()
    for interval in intervals:
        at += interval
        x, y = random.uniform(-0.5, 0.5, 2)
        ids |= {track.track_id for track in tracker.update([Face(Box(100 + x, 80 + y, 60.0, 60.0), 0.9)], at)}
    assert ids == {1}
