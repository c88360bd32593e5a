"""The monitors of the voice process: vision's heartbeats and state, the board, and the idle tick."""

import itertools
from pathlib import Path

import pytest

from assistant.ipc.messages import Heartbeat
from assistant.records import Fate, FaultName, Priority, Utterance
from assistant.system.board import Board
from assistant.voice.monitors import (
    BOARD_POLL_S,
    HEARTBEAT_TIMEOUT_S,
    START_TIMEOUT_S,
    BoardMonitor,
    IdleTick,
    VisionMonitor,
    VisionStatus,
)
from tests.support.fake_phrases import FakePhrases


@pytest.fixture
def monitored() -> tuple[VisionMonitor, list[float], list[str]]:
    """A monitor, its clock and the texts of its utterances."""
    texts: list[str] = []
    now = [100.0]
    return VisionMonitor(FakePhrases(), lambda utterance: texts.append(utterance.text), lambda: now[0]), now, texts


def test_a_vision_that_stops_is_announced_again_and_again_until_it_is_back(
    monitored: tuple[VisionMonitor, list[float], list[str]],
) -> None:
    monitor, now, texts = monitored
    monitor.on_heartbeat(1e9)
    now[0] += HEARTBEAT_TIMEOUT_S
    monitor.poll()
    assert texts == []
    now[0] += 0.1
    monitor.poll()
    monitor.poll()
    assert texts == ["The vision part stopped."], "a step in the future counts as one now"
    now[0] += 60
    monitor.poll()
    assert texts == ["The vision part stopped."] * 2
    monitor.on_heartbeat(now[0])
    monitor.poll()
    monitor.poll()
    assert texts == ["The vision part stopped."] * 2 + ["It is back."]


def test_a_vision_that_takes_long_to_start_is_announced(
    monitored: tuple[VisionMonitor, list[float], list[str]],
) -> None:
    monitor, now, texts = monitored
    now[0] += START_TIMEOUT_S
    monitor.poll()
    assert texts == []
    now[0] += 0.1
    monitor.poll()
    monitor.poll()
    assert texts == ["Still starting."]
    monitor.on_heartbeat(now[0])
    monitor.poll()
    assert texts == ["Still starting.", "It is back."]


def test_an_exit_of_vision_is_announced_at_once_and_once_a_minute_if_it_repeats(
    monitored: tuple[VisionMonitor, list[float], list[str]],
) -> None:
    monitor, now, texts = monitored
    announced_at = []
    for _ in range(40):  # every five seconds it lives for one second
        monitor.on_heartbeat(now[0])
        monitor.poll()
        now[0] += 1.0
        monitor.on_exit("ended by signal 11")
        before = len(texts)
        for _ in range(4):
            monitor.poll()
            now[0] += 1.0
        announced_at += [now[0] for text in texts[before:] if text == "The vision part stopped."]
    assert announced_at[0] == 105.0
    assert 3 <= len(announced_at) <= 4, "200 s"
    assert all(later - earlier >= 60 for earlier, later in itertools.pairwise(announced_at))
    assert texts.count("It is back.") == len(announced_at), "its end is announced if its beginning was"


def test_an_idle_tick_after_ten_minutes_of_silence_and_none_while_utterances_are_spoken() -> None:
    texts: list[Utterance] = []
    now = 0.0
    tick = IdleTick(FakePhrases(), texts.append, lambda: now, 600.0)
    for second in range(0, 2000, 10):
        now = float(second)
        if second == 300:
            tick.on_fate(Fate.SPOKEN, now)
        if second == 500:
            tick.on_fate(Fate.EXPIRED, now)
        tick.poll(is_muted=second > 1000)
    assert [each.text for each in texts] == ["sounds.still_here", "muted"]
    assert [each.earcon for each in texts] == ["still_here"] * 2
    assert [each.expires_at for each in texts] == [900.25, 1500.25]
    assert all(each.priority is Priority.STATUS for each in texts)


@pytest.mark.parametrize(
    "fault", [*map(FaultName, ("camera", "camera_lost", "camera_busy", "torn", "black", "blank", "detector", "step"))]
)
def test_with_a_blinding_fault_vision_cannot_see_whatever_else_is_wrong(fault: FaultName) -> None:
    status = VisionStatus()
    assert not status.can_see
    for faults, can_see in (
        ((), True),
        ((fault,), False),
        ((FaultName.BLURRED, fault, FaultName.MODEL), False),
        ((FaultName.BLURRED, FaultName.MODEL), True),
    ):
        status.on_heartbeat(Heartbeat(1.0, True, faults))
        assert status.can_see is can_see, faults
    status.on_heartbeat(Heartbeat(2.0, False))
    assert not status.can_see


@pytest.mark.parametrize("fault", [FaultName.CAMERA_LOST, FaultName.BLACK])
def test_a_covered_lens_is_reported_unless_a_blinding_fault_is_active(fault: FaultName) -> None:
    status = VisionStatus()
    for faults, is_covered, expected in (((), False, False), ((FaultName.MODEL,), True, True), ((fault,), True, False)):
        status.on_heartbeat(Heartbeat(1.0, True, faults, is_covered))
        assert (status.is_lens_covered, status.can_see) == (expected, not is_covered)
    status.on_heartbeat(Heartbeat(2.0, True, (), is_lens_covered=True))
    status.on_disconnect()
    status.on_heartbeat(Heartbeat(3.0, True))
    assert (status.is_lens_covered, status.can_see) == (False, True)


def _hwmon(root: Path, alarm: str, degrees: float) -> None:
    for name, text in (
        ("class/hwmon/hwmon1/in0_lcrit_alarm", alarm),
        ("class/thermal/thermal_zone0/temp", f"{degrees * 1000:.0f}\n"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_weak_power_and_heat_and_their_end_are_announced_and_seldom_repeated(tmp_path: Path) -> None:
    texts: list[tuple[float, str]] = []
    now = [0.0]
    monitor = BoardMonitor(
        FakePhrases(), lambda utterance: texts.append((now[0], utterance.text)), lambda: now[0], Board(tmp_path)
    )

    def wait(seconds: float) -> list[str]:
        begun = len(texts)
        for _ in range(round(seconds)):
            now[0] += 1
            monitor.poll()
        return [text for _, text in texts[begun:]]

    assert wait(20) == []  # a board without such files
    _hwmon(tmp_path, "0\n", 60)
    assert wait(20) == []
    _hwmon(tmp_path, "1\n", 60)
    assert wait(BOARD_POLL_S + 1) == ["Power is weak."]
    assert wait(500) == []
    assert wait(200) == ["Power is weak."]
    _hwmon(tmp_path, "0\n", 81)
    assert wait(BOARD_POLL_S + 1) == ["I am hot.", "It is back."]
    _hwmon(tmp_path, "0\n", 77)  # not cool yet
    assert wait(30) == []
    _hwmon(tmp_path, "nonsense", 70)
    assert wait(BOARD_POLL_S + 1) == ["It is back."]
