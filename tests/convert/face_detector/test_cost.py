"""The time of detectors beside Haar's, over several pictures, with warm and with cold caches."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Face
from convert.face_detector import cost
from convert.face_detector.detector_under_test import DetectorUnderTest

WALL = np.full((240, 320, 3), 120, np.uint8)
milliseconds = st.floats(0.01, 1000)


class WaitingDetector:
    """A detector that waits and uses no CPU time."""

    crop_margin, needs_colour, has_landmarks = 0.0, False, True

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        time.sleep(0.02)
        return []


class SeeingDetector(WaitingDetector):
    """A detector that keeps what it is given."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, tuple[int, ...]]] = []

    def find(self, image: np.ndarray, grey: np.ndarray) -> list[Face]:
        self.seen.append((int(image[0, 0, 0]), image.shape))
        return []


def test_waiting_time_is_not_counted() -> None:
    tested = DetectorUnderTest("haar")
    tested.deployed = WaitingDetector()
    assert max(cost.measure_cost([tested], [WALL], rounds=3)["haar"]["ms"].values()) < 5


def test_times_are_of_pictures_from_the_first_to_the_last() -> None:
    tested = DetectorUnderTest("haar")
    tested.deployed = seeing = SeeingDetector()
    pictures = [np.full((100 + 3 * number, 90, 3), number, np.uint8) for number in range(60)]
    assert cost.measure_cost([tested], pictures, rounds=1)["haar"]["timed_pictures"] == cost.PICTURES >= 25
    kinds = {grey for grey, _ in seeing.seen}
    assert len(kinds) == cost.PICTURES
    assert {0, 59} <= kinds
    assert {shape for _, shape in seeing.seen} == {(240, 320, 3)}


def test_without_haar_there_is_no_ratio() -> None:
    tested = DetectorUnderTest("tflite")
    found = cost.measure_cost([tested], [WALL], rounds=1)["tflite"]
    assert found["ms_to_haar"] is None
    assert cost.times_haar(found, "cold") == "-"


@given(times=st.lists(st.tuples(milliseconds, milliseconds), min_size=1))
def test_a_ratio_is_that_of_the_same_picture(times: list[tuple[float, float]]) -> None:
    pictures = [{"ours": {"warm": ours, "cold": ours}, "haar": {"warm": haar, "cold": ours}} for ours, haar in times]
    found = cost.ratios(pictures, "ours")
    median, lowest, highest = found["warm"]
    assert lowest <= median <= highest
    assert lowest == pytest.approx(min(ours / haar for ours, haar in times), abs=1e-4)
    assert highest == pytest.approx(max(ours / haar for ours, haar in times), abs=1e-4)
    assert found["cold"] == [1.0, 1.0, 1.0]


def test_a_ratio_is_told_with_its_range() -> None:
    figures = {"ms_to_haar": {"warm": [0.08, 0.05, 0.2], "cold": [1.0, 1.0, 1.0]}}
    assert cost.times_haar(figures, "warm") == "0.080 (0.050 to 0.200)"
    assert cost.times_haar(figures, "cold") == "1.000"


def test_more_than_the_largest_cache_is_displaced(tmp_path: Path) -> None:
    for index, size in enumerate(("32K", "512K", "131072K", "unknown")):
        (tmp_path / f"index{index}").mkdir()
        (tmp_path / f"index{index}" / "size").write_text(f"{size}\n", "ascii")
    assert cost.displaced_bytes(tmp_path) == 256 << 20
    assert cost.displaced_bytes(tmp_path / "nowhere") == cost.MIN_DISPLACED_BYTES
