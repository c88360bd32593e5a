"""When faults are announced, repeated and declared over, and what is logged and spoken then."""

import logging

import pytest

from assistant import phrases
from assistant.faults import REPEAT_S, FaultAnnouncer, FaultTracker, RepeatSchedule, fault_utterance
from assistant.records import Fault, FaultName, Priority, Utterance, UtteranceKind

CAMERA, MODEL, VISION = FaultName.CAMERA, FaultName.MODEL, FaultName.VISION
EN = phrases.load("en")


def announced_at(faults: FaultTracker, seconds: range, name: FaultName = CAMERA) -> list[int]:
    """The seconds at which a fault is announced that lasts all the time."""
    return [at for at in seconds if faults.begin(name, float(at), "unplugged")]


def test_a_fault_is_announced_at_once_with_its_detail() -> None:
    assert FaultTracker().begin(CAMERA, 5.0, "unplugged") == (Fault(CAMERA, 5.0, "unplugged"),)


def test_a_lasting_fault_is_repeated_after_one_five_and_fifteen_minutes_and_then_every_fifteen() -> None:
    assert REPEAT_S == (60.0, 300.0, 900.0)
    assert announced_at(FaultTracker(), range(100, 3300)) == [100, 160, 460, 1360, 2260, 3160]


def test_the_last_interval_is_used_again_and_again() -> None:
    assert announced_at(FaultTracker((10.0,)), range(35)) == [0, 10, 20, 30]


def test_a_repetition_has_the_newest_detail_or_else_the_first() -> None:
    faults = FaultTracker((10.0,))
    faults.begin(CAMERA, 0.0, "unplugged")
    assert faults.begin(CAMERA, 10.0, "busy") == (Fault(CAMERA, 10.0, "busy"),)
    assert faults.begin(CAMERA, 20.0) == (Fault(CAMERA, 20.0, "unplugged"),)


def test_the_end_is_announced_once_and_only_if_the_fault_began() -> None:
    faults = FaultTracker()
    assert faults.end(CAMERA, 1.0) == ()
    faults.begin(CAMERA, 2.0, "unplugged")
    assert faults.end(CAMERA, 3.0) == (Fault(CAMERA, 3.0, "", is_over=True),)
    assert faults.end(CAMERA, 4.0) == ()


def test_a_fault_is_new_after_its_end() -> None:
    faults = FaultTracker()
    announced_at(faults, range(100))
    faults.end(CAMERA, 100.0)
    assert announced_at(faults, range(110, 200)) == [110, 170]


def test_each_fault_has_a_schedule_of_its_own() -> None:
    faults = FaultTracker()
    faults.begin(CAMERA, 0.0)
    faults.begin(MODEL, 30.0)
    assert faults.begin(MODEL, 60.0) == ()
    assert faults.begin(CAMERA, 60.0) == (Fault(CAMERA, 60.0),)
    assert faults.active() == (CAMERA, MODEL)
    faults.end(CAMERA, 61.0)
    assert faults.active() == (MODEL,)


def test_a_fault_that_comes_and_goes_is_announced_at_most_three_times_a_minute() -> None:
    faults, announced = FaultTracker(), []
    for at in range(0, 150, 5):
        announced += [(each.at, each.is_over) for each in faults.begin(CAMERA, float(at))]
        announced += [(each.at, each.is_over) for each in faults.end(CAMERA, at + 2.0)]
    begun = [at for at, is_over in announced if not is_over]
    assert begun == [0, 5, 10, 60, 65, 70, 120, 125, 130]
    assert [at for at, is_over in announced if is_over] == [at + 2 for at in begun]


def test_a_fault_that_comes_back_to_stay_is_announced_as_soon_as_that_is_allowed() -> None:
    faults = FaultTracker()
    for at in (0.0, 5.0, 10.0, 15.0):
        faults.begin(CAMERA, at)
        faults.end(CAMERA, at + 1)
    assert [at for at in range(20, 90) if faults.begin(CAMERA, float(at))] == [60]


def test_the_number_of_announcements_can_be_set() -> None:
    faults = FaultTracker(max_announcements=1, announcements_s=60.0)
    begun = []
    for at in range(0, 130, 5):
        begun += [each.at for each in faults.begin(VISION, float(at))]
        faults.end(VISION, at + 1.0)
    assert begun == [0, 60, 120]


def test_a_schedule_announces_an_end_only_if_the_beginning_was_announced() -> None:
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
    assert (lost.kind, lost.earcon) == (UtteranceKind.FAULT, "")
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


def test_update_all_ends_the_faults_that_are_not_given(announcer: FaultAnnouncer, spoken: list[Utterance]) -> None:
    announcer.update_all({CAMERA: "a", MODEL: "b"}, 0.0)
    announcer.update_all({MODEL: "b"}, 1.0)
    assert announcer.active() == (MODEL,)
    announcer.update_all({}, 2.0)
    assert [(each.topic, each.is_over) for each in spoken] == [
        ("fault camera", False), ("fault model", False), ("fault camera", True), ("fault model", True)
    ]  # fmt: skip
