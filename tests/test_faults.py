"""When faults are announced, repeated and declared over, and what is logged and spoken then."""

import logging

import pytest

from assistant import phrases
from assistant.faults import REPEAT_S, FaultAnnouncer, FaultTracker, RepeatSchedule, fault_utterance
from assistant.records import Fault, FaultName, Priority, Utterance

CAMERA, MODEL, VISION = FaultName.CAMERA, FaultName.MODEL, FaultName.VISION
EN = phrases.load("en")


def said(faults: FaultTracker, seconds: range, name: FaultName = CAMERA) -> list[int]:
    """The seconds at which a fault is said that stands all the time."""
    return [at for at in seconds if faults.begin(name, float(at), "unplugged")]


def test_a_fault_is_said_at_once_with_its_detail() -> None:
    assert FaultTracker().begin(CAMERA, 5.0, "unplugged") == (Fault(CAMERA, 5.0, "unplugged"),)


def test_while_it_stands_it_is_said_after_one_five_and_fifteen_minutes_and_every_fifteen_from_then_on() -> None:
    assert REPEAT_S == (60.0, 300.0, 900.0)
    assert said(FaultTracker(), range(100, 3300)) == [100, 160, 460, 1360, 2260, 3160]


def test_one_interval_is_kept() -> None:
    assert said(FaultTracker((10.0,)), range(35)) == [0, 10, 20, 30]


def test_what_is_said_again_has_the_newest_detail_else_the_first() -> None:
    faults = FaultTracker((10.0,))
    faults.begin(CAMERA, 0.0, "unplugged")
    assert faults.begin(CAMERA, 10.0, "busy") == (Fault(CAMERA, 10.0, "busy"),)
    assert faults.begin(CAMERA, 20.0) == (Fault(CAMERA, 20.0, "unplugged"),)


def test_the_end_is_said_once_and_only_of_what_began() -> None:
    faults = FaultTracker()
    assert faults.end(CAMERA, 1.0) == ()
    faults.begin(CAMERA, 2.0, "unplugged")
    assert faults.end(CAMERA, 3.0) == (Fault(CAMERA, 3.0, "", is_over=True),)
    assert faults.end(CAMERA, 4.0) == ()


def test_after_its_end_it_is_new() -> None:
    faults = FaultTracker()
    said(faults, range(100))
    faults.end(CAMERA, 100.0)
    assert said(faults, range(110, 200)) == [110, 170]


def test_each_fault_has_a_time_of_its_own() -> None:
    faults = FaultTracker()
    faults.begin(CAMERA, 0.0)
    faults.begin(MODEL, 30.0)
    assert faults.begin(MODEL, 60.0) == ()
    assert faults.begin(CAMERA, 60.0) == (Fault(CAMERA, 60.0),)
    assert faults.active() == (CAMERA, MODEL)
    faults.end(CAMERA, 61.0)
    assert faults.active() == (MODEL,)


def test_one_that_comes_and_goes_is_said_three_times_a_minute_at_the_most() -> None:
    faults, told = FaultTracker(), []
    for at in range(0, 150, 5):
        told += [(each.at, each.is_over) for each in faults.begin(CAMERA, float(at))]
        told += [(each.at, each.is_over) for each in faults.end(CAMERA, at + 2.0)]
    begun = [at for at, is_over in told if not is_over]
    assert begun == [0, 5, 10, 60, 65, 70, 120, 125, 130]
    assert [at for at, is_over in told if is_over] == [at + 2 for at in begun]


def test_one_that_comes_back_for_good_is_told_though_it_came_and_went() -> None:
    faults = FaultTracker()
    for at in (0.0, 5.0, 10.0, 15.0):
        faults.begin(CAMERA, at)
        faults.end(CAMERA, at + 1)
    assert [at for at in range(20, 90) if faults.begin(CAMERA, float(at))] == [60]


def test_once_a_minute_where_that_is_asked_for() -> None:
    faults = FaultTracker(max_announcements=1, announcements_s=60.0)
    begun = []
    for at in range(0, 130, 5):
        begun += [each.at for each in faults.begin(VISION, float(at))]
        faults.end(VISION, at + 1.0)
    assert begun == [0, 60, 120]


def test_a_schedule_announces_the_end_of_what_was_announced_and_nothing_else() -> None:
    schedule = RepeatSchedule((10.0,), max_announcements=1)
    assert not schedule.end(), "it never began"
    assert (schedule.begin(0.0), schedule.begin(5.0), schedule.begin(10.0)) == (True, False, True)
    assert schedule.end()
    assert not schedule.end()
    assert not schedule.begin(20.0), "announced ten seconds ago, and that is enough for a minute"
    assert not schedule.end(), "this time its beginning was not announced"


@pytest.fixture
def spoken() -> list[Utterance]:
    return []


@pytest.fixture
def announcer(spoken: list[Utterance]) -> FaultAnnouncer:
    return FaultAnnouncer(EN, spoken.append)


def test_a_fault_becomes_an_utterance_that_never_expires() -> None:
    lost = fault_utterance(EN, Fault(FaultName.CAMERA_LOST, 1.0, "unplugged"))
    assert (lost.text, lost.topic, lost.log_note) == ("Camera lost. I keep looking.", "fault camera_lost", "unplugged")
    assert (lost.priority, lost.expires_at, lost.is_over) == (Priority.FAULT, None, False)
    back = fault_utterance(EN, Fault(FaultName.CAMERA_LOST, 2.0, is_over=True))
    assert (back.text, back.topic, back.log_note, back.is_over) == (
        "The camera is back.", "fault camera_lost", "camera_lost", True
    )  # fmt: skip


def test_what_is_announced_is_logged_and_spoken(
    announcer: FaultAnnouncer, spoken: list[Utterance], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        announcer.begin(CAMERA, 0.0, "unplugged")
        announcer.begin(CAMERA, 1.0, "still unplugged")
        announcer.begin(MODEL, 1.0)
        announcer.end(CAMERA, 2.0)
        announcer.end(VISION, 2.0)
    assert [each.text for each in spoken] == [
        EN.fault(CAMERA), EN.fault(MODEL), EN.fault(CAMERA, is_over=True)
    ]  # fmt: skip
    assert caplog.messages == ["camera: unplugged", "model: began", "camera: over"]
    assert announcer.active() == (MODEL,)


def test_active_faults_are_repeated_when_that_is_due(announcer: FaultAnnouncer, spoken: list[Utterance]) -> None:
    announcer.begin(CAMERA, 0.0, "unplugged")
    announcer.begin(MODEL, 30.0)
    announcer.repeat(59.0)
    assert len(spoken) == 2
    announcer.repeat(60.0)
    assert [(each.text, each.log_note) for each in spoken[2:]] == [(EN.fault(CAMERA), "unplugged")]


def test_a_fault_is_updated_by_a_flag(announcer: FaultAnnouncer, spoken: list[Utterance]) -> None:
    for at, is_active in enumerate((False, True, True, False, False)):
        announcer.update(CAMERA, float(at), is_active=is_active, detail="unplugged")
    assert [(each.log_note, each.is_over) for each in spoken] == [("unplugged", False), ("camera", True)]


def test_what_is_no_longer_among_the_faults_is_over(announcer: FaultAnnouncer, spoken: list[Utterance]) -> None:
    announcer.update_all({CAMERA: "a", MODEL: "b"}, 0.0)
    announcer.update_all({MODEL: "b"}, 1.0)
    assert announcer.active() == (MODEL,)
    announcer.update_all({}, 2.0)
    assert [(each.topic, each.is_over) for each in spoken] == [
        ("fault camera", False), ("fault model", False), ("fault camera", True), ("fault model", True)
    ]  # fmt: skip
