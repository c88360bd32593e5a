"""The budget of CPU time converges; a hot or under-volted board slows the pace, with hysteresis."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.settings import PowerSettings
from assistant.system.board import Board
from assistant.vision.pace import STILL_INTERVAL_S, Pace
from assistant.vision.power_limits import VOLTAGE_HOLD_S, CpuBudget, PowerLimits


def used_share(share: float, base: float, step_s: float, seconds: int = 120) -> tuple[float, float]:
    """CPU time of the last minute as a share of a core, and steps a second in it, at ten frames a second of which
    each shows something new; base: what the process takes without any step."""
    budget, pace, cpu_s, steps, half = CpuBudget(share), Pace(), 0.0, 0, (0.0, 0)
    for number in range(seconds * 10):
        at = number / 10
        pace.least_interval_s = budget.update(at, cpu_s)
        cpu_s += base / 10
        if pace.is_due(at, is_changed=True):
            pace.processed(at, has_faces=True, is_settled=False)
            cpu_s, steps = cpu_s + step_s, steps + 1
        if number == (seconds - 60) * 10:
            half = cpu_s, steps
    return (cpu_s - half[0]) / 60, (steps - half[1]) / 60


@given(st.floats(0.02, 0.6), st.floats(0.0, 0.3), st.floats(0.002, 0.05))
def test_the_budget_is_kept_down_to_the_floor(share: float, base_share: float, step_s: float) -> None:
    used, steps = used_share(share, base_share * share, step_s)
    needed = base_share * share + 10 * step_s
    assert 4.8 <= steps <= 10.1
    if needed <= 0.95 * share:
        assert steps == pytest.approx(10, abs=0.2), "no need to be slower"
    elif base_share * share + 5 * step_s <= 0.9 * share:
        assert used <= 1.1 * share
        assert used >= 0.75 * min(share, needed), "and not much slower than it need be"
    elif base_share * share + 5 * step_s >= share:
        assert steps == pytest.approx(5, abs=0.3), "the slowest pace, although it does not suffice"


def test_without_a_share_there_is_no_limit() -> None:
    assert used_share(0.0, 0.2, 0.09)[1] == pytest.approx(10, abs=0.1)


def test_the_rate_changes_smoothly() -> None:
    budget, cpu_s, told = CpuBudget(0.1), 0.0, [0.0]
    for second in range(30):
        told.append(budget.update(float(second), cpu_s))
        cpu_s += 0.3
    steps = [(before, after) for before, after in pairwise(told) if before]
    assert all(after <= 2 * before for before, after in steps)
    assert told[-1] == STILL_INTERVAL_S


class FakeSystem:
    """A /sys with one thermal zone and one voltage alarm."""

    def __init__(self, root: Path) -> None:
        self.zone, self.alarm = root / "class/thermal/thermal_zone0/temp", root / "class/hwmon/hwmon0/in0_lcrit_alarm"
        for file in (self.zone, self.alarm):
            file.parent.mkdir(parents=True)
        self.set(50, is_low=False)

    def set(self, degrees: float, *, is_low: bool) -> None:
        self.zone.write_text(f"{round(1000 * degrees)}\n", "ascii")
        self.alarm.write_text(f"{int(is_low)}\n", "ascii")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    monkeypatch.setenv("EMOTION_ASSISTANT_SYS", str(tmp_path))
    return FakeSystem(tmp_path)


def test_a_hot_board_is_spared_until_it_has_cooled(system: FakeSystem, caplog: pytest.LogCaptureFixture) -> None:
    limits, told = PowerLimits(PowerSettings(), Board(), lambda: 0.0), []
    with caplog.at_level("INFO", "assistant.vision.power_limits"):
        for number, degrees in enumerate((60, 74.9, 75, 82, 74, 70, 69.9, 74)):
            system.set(degrees, is_low=False)
            told.append(limits(10.0 * number))
    slow = STILL_INTERVAL_S
    assert told == [0, 0, slow, slow, slow, slow, 0, 0]
    assert [each.split(";")[0] for each in caplog.messages] == [
        "slower: the board is hot (from 75 to below 70 degrees)",
        "not slower any more: the board is hot (from 75 to below 70 degrees)",
    ]


def test_too_little_voltage_slows_until_a_minute_after_the_last_alarm(system: FakeSystem) -> None:
    limits = PowerLimits(PowerSettings(), Board(), lambda: 0.0)
    assert limits(0.0) == 0
    system.set(50, is_low=True)
    assert limits(10.0) == STILL_INTERVAL_S
    system.set(50, is_low=False)
    assert limits(10.0 + VOLTAGE_HOLD_S - 1) == STILL_INTERVAL_S
    assert limits(10.0 + VOLTAGE_HOLD_S + 5) == 0


def test_the_board_is_looked_at_seldom(system: FakeSystem) -> None:
    limits = PowerLimits(PowerSettings(), Board(), lambda: 0.0)
    assert limits(0.0) == 0
    system.set(90, is_low=False)
    assert limits(1.0) == 0
    assert limits(6.0) == STILL_INTERVAL_S


def test_the_log_says_when_the_budget_takes_effect_and_that_it_does_not_suffice(
    system: FakeSystem, caplog: pytest.LogCaptureFixture
) -> None:
    cpu = [0.0]
    limits = PowerLimits(PowerSettings(cpu_share=0.1), Board(), lambda: cpu[0])
    with caplog.at_level("INFO", "assistant.vision.power_limits"):
        for second in range(40):
            cpu[0] += 0.3 if second < 20 else 0.0
            limits(float(second))
    assert caplog.messages == [
        "slower: power.cpu_share is 0.1; fewer steps",
        "slower: power.cpu_share is 0.1; 5 steps a second, the fewest",
        "not slower any more: power.cpu_share is 0.1",
    ]


def test_a_board_that_tells_nothing_is_no_reason(tmp_path: Path) -> None:
    assert PowerLimits(PowerSettings(), Board(tmp_path), lambda: 0.0)(0.0) == 0
