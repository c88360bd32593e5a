"""The laps of a step, and the stage table: right percentiles and shares, memory that does not grow."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.vision import stage_times
from assistant.vision.stage_profile import BINS, RunningProfile, StageProfile
from assistant.vision.stage_times import StageTimes
from assistant.vision.step import Work


def test_each_lap_counts_for_the_stage_that_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1.0, 1.5, 1.75, 1.875, 2.0, 3.0, 3.5])
    monkeypatch.setattr(stage_times.time, "perf_counter", lambda: next(moments))
    times = StageTimes()
    for stage in ("grey", "crop", "classify", "crop"):  # two faces
        times.lap(stage)
    first = times.ms
    assert list(first.items()) == [("grey", 500), ("crop", 375), ("classify", 125)]
    times.begin()
    times.lap("grey")
    assert times.ms == {"grey": 500}
    assert first["crop"] == 375


@given(st.lists(st.floats(0.001, 20_000), min_size=1, max_size=200))
def test_percentiles_are_known_to_a_bin(times: list[float]) -> None:
    profile = StageProfile()
    for ms in times:
        profile.add({"detect": ms})
    (cost,) = profile.costs(10.0)
    for share, told in ((0.5, cost.p50_ms), (0.95, cost.p95_ms)):
        exact = float(np.quantile(times, share, method="inverted_cdf"))
        assert told == pytest.approx(exact, rel=0.05)
    assert cost.core_share == pytest.approx(sum(times) / 1000 / 10)


def test_the_table_is_in_the_order_of_a_frame_and_adds_up() -> None:
    profile = StageProfile()
    for _ in range(10):
        profile.add({"own": 1.0, "snapshot": 2.0, "decode": 3.0, "grey": 4.0})
    lines = profile.table(1.0, cpu_s=0.25).splitlines()
    assert [line.split()[0] for line in lines] == [
        "stage", "decode", "grey", "snapshot", "own", "together", "process", "frames:"
    ]  # fmt: skip
    assert lines[-3].split() == ["together", "10", "10.00%"]
    assert lines[-2].split() == ["process", "25.00%"]
    assert StageProfile().table(0.0).splitlines()[-2].split() == ["together", "0", "0.00%"]


def test_the_last_line_tells_with_how_many_frames_something_was_done() -> None:
    profile = StageProfile()
    for number in range(8):
        profile.add({}, Work(number % 2 == 0, number % 4 == 0, number == 0))
    assert profile.table(1.0).splitlines()[-1] == "frames: 8, of which 50% processed, 25% searched, 12% read"
    assert StageProfile().work() == "frames: 0, of which 0% processed, 0% searched, 0% read"


def test_its_memory_does_not_grow() -> None:
    profile = StageProfile()
    profile.add({"detect": 1.0})
    before = sys.getsizeof(profile._stages["detect"].bins)
    for number in range(5000):
        profile.add({"detect": number / 7})
    assert sys.getsizeof(profile._stages["detect"].bins) == before
    assert len(profile._stages["detect"].bins) == BINS


def test_a_running_process_tells_the_last_minute_and_the_whole() -> None:
    now = [0.0, 0.0]
    profile = RunningProfile(lambda: now[0], lambda: now[1])
    profile.add({"detect": 600.0})
    now[:] = [59.9, 1.0]
    assert profile.minute() == ""
    now[:] = [60.0, 6.0]
    assert profile.minute().splitlines()[-2].split() == ["process", "10.00%"]
    profile.add({"detect": 300.0})
    now[:] = [120.0, 6.0]
    minute = profile.minute().splitlines()
    assert minute[1].split()[1] == "1"
    assert minute[-3].split() == ["together", "1", "0.50%"]
    whole = profile.table().splitlines()
    assert whole[-3].split() == ["together", "2", "0.75%"]
    assert whole[-2].split() == ["process", "5.00%"]
