"""Readings of faces that have not changed: which are used again, and which are not."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.records import Frame, Reading, Thresholds, Track
from assistant.vision.detectors.still_picture import cells_of
from assistant.vision.faces.downscale import Downscaler
from assistant.vision.pace import READING_AGE_S
from assistant.vision.reading_cache import ReadingCache
from tests.support.standins import LABELS, face, picture, probabilities


class Source:
    """Reads every face as `expression`; even and odd calls differ in their probability, as from either side."""

    labels, thresholds = LABELS, Thresholds()

    def __init__(self) -> None:
        self.expression, self.reason, self.calls, self.asked = "happy", "", 0, list[tuple[int, ...]]()

    def read(self, frame: Frame, grey: NDArray[np.uint8], tracks: Sequence[Track]) -> tuple[Reading, ...]:
        self.calls += 1
        self.asked.append(tuple(each.track_id for each in tracks))
        sure = probabilities(self.expression, 0.9 if self.calls % 2 else 0.7)
        return tuple(Reading(each.track_id, frame.at, None if self.reason else sure, self.reason) for each in tracks)


class Rig:
    def __init__(self) -> None:
        self.source, self.number = Source(), 0
        self.cache = ReadingCache(self.source)

    def read(
        self, tracks: Sequence[Track], grey: NDArray[np.uint8], settled: Sequence[int] | None = None
    ) -> tuple[tuple[Reading, ...], int]:
        frame = Frame(grey, self.number / 5, self.number)
        self.number += 1
        ids = [each.track_id for each in tracks] if settled is None else settled
        return self.cache.read(frame, grey, tracks, cells_of(grey, Downscaler()), ids)


STILL = picture("happy")
ONE, OTHER = Track(1, face(280)), Track(2, face(80))


def test_a_still_face_is_read_twice_from_either_side_and_then_by_turns_from_memory() -> None:
    rig = Rig()
    readings = [rig.read([ONE], STILL)[0][0] for _ in range(8)]
    assert rig.source.asked == [(1,)] * 4 + [()] * 4
    assert [max(each.probabilities or ()) for each in readings] == pytest.approx([0.9, 0.7] * 4)
    assert [each.at for each in readings] == [number / 5 for number in range(8)]


def test_what_changes_or_is_not_settled_is_read_anew_and_the_other_is_not() -> None:
    rig = Rig()
    for _ in range(4):
        rig.read([ONE, OTHER], STILL)
    changed = STILL.copy()
    changed[140:160, 300:340] = 20
    (first, second), new = rig.read([ONE, OTHER], changed)
    assert (rig.source.asked[-1], new) == ((1,), 1)
    assert (first.track_id, second.track_id) == (1, 2)
    assert rig.read([ONE, OTHER], STILL, settled=[2])[1] == 1


def test_a_reading_is_used_again_for_a_while_only() -> None:
    rig = Rig()
    for _ in range(4):
        rig.read([ONE], STILL)
    asked = [bool(rig.read([ONE], STILL)[1]) for _ in range(int(5 * READING_AGE_S))]
    assert 1 <= sum(asked) <= 2
    assert not asked[0]


def test_a_reading_that_contradicts_the_one_before_it_is_not_used_again() -> None:
    rig = Rig()
    for _ in range(2):
        rig.read([ONE], STILL)
    rig.source.expression = "sad"
    assert [rig.read([ONE], STILL)[1] for _ in range(6)] == [1, 1, 1, 1, 0, 0]


def test_a_face_whose_model_has_failed_is_tried_again() -> None:
    rig = Rig()
    rig.source.reason = "unclear"
    assert [rig.read([ONE], STILL)[1] for _ in range(6)] == [1] * 6
    rig.source.reason = "occluded"
    assert [rig.read([ONE], STILL)[1] for _ in range(6)] == [1, 1, 1, 1, 0, 0]


def test_a_face_that_has_moved_is_read_anew_and_one_that_left_is_forgotten() -> None:
    rig = Rig()
    for _ in range(4):
        rig.read([ONE], STILL)
    assert rig.read([Track(1, face(300))], STILL)[1] == 1
    rig.read([], STILL)
    assert rig.read([ONE], STILL)[1] == 1
