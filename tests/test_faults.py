"""Which faults are said, when they are said again, and when that they are over."""

from assistant.faults import REPEAT_S, Faults
from assistant.records import Fault


def said(faults: Faults, seconds: range, name: str = "camera") -> list[int]:
    """The seconds at which a fault is said that stands all the time."""
    return [at for at in seconds if faults.begin(name, float(at), "unplugged")]


def test_a_fault_is_said_at_once_with_its_detail() -> None:
    assert Faults().begin("camera", 5.0, "unplugged") == (Fault("camera", 5.0, "unplugged"),)


def test_while_it_stands_it_is_said_after_one_five_and_fifteen_minutes_and_every_fifteen_from_then_on() -> None:
    assert REPEAT_S == (60.0, 300.0, 900.0)
    assert said(Faults(), range(100, 3300)) == [100, 160, 460, 1360, 2260, 3160]


def test_one_interval_is_kept() -> None:
    assert said(Faults((10.0,)), range(35)) == [0, 10, 20, 30]


def test_what_is_said_again_has_the_newest_detail_else_the_first() -> None:
    faults = Faults((10.0,))
    faults.begin("camera", 0.0, "unplugged")
    assert faults.begin("camera", 10.0, "busy") == (Fault("camera", 10.0, "busy"),)
    assert faults.begin("camera", 20.0) == (Fault("camera", 20.0, "unplugged"),)


def test_the_end_is_said_once_and_only_of_what_began() -> None:
    faults = Faults()
    assert faults.end("camera", 1.0) == ()
    faults.begin("camera", 2.0, "unplugged")
    assert faults.end("camera", 3.0) == (Fault("camera", 3.0, "", is_over=True),)
    assert faults.end("camera", 4.0) == ()


def test_after_its_end_it_is_new() -> None:
    faults = Faults()
    said(faults, range(100))
    faults.end("camera", 100.0)
    assert said(faults, range(110, 200)) == [110, 170]


def test_each_fault_has_a_time_of_its_own() -> None:
    faults = Faults()
    faults.begin("camera", 0.0)
    faults.begin("model", 30.0)
    assert faults.begin("model", 60.0) == ()
    assert faults.begin("camera", 60.0) == (Fault("camera", 60.0),)
    assert faults.standing() == ("camera", "model")
    faults.end("camera", 61.0)
    assert faults.standing() == ("model",)


def test_one_that_comes_and_goes_is_said_three_times_a_minute_at_the_most() -> None:
    faults, told = Faults(), []
    for at in range(0, 150, 5):
        told += [(each.at, each.is_over) for each in faults.begin("camera", float(at))]
        told += [(each.at, each.is_over) for each in faults.end("camera", at + 2.0)]
    begun = [at for at, is_over in told if not is_over]
    assert begun == [0, 5, 10, 60, 65, 70, 120, 125, 130]
    assert [at for at, is_over in told if is_over] == [at + 2 for at in begun]


def test_one_that_comes_back_for_good_is_told_though_it_came_and_went() -> None:
    faults = Faults()
    for at in (0.0, 5.0, 10.0, 15.0):
        faults.begin("camera", at)
        faults.end("camera", at + 1)
    assert [at for at in range(20, 90) if faults.begin("camera", float(at))] == [60]


def test_once_a_minute_where_that_is_asked_for() -> None:
    faults = Faults(times=1, again_s=60.0)
    begun = []
    for at in range(0, 130, 5):
        begun += [each.at for each in faults.begin("vision", float(at))]
        faults.end("vision", at + 1.0)
    assert begun == [0, 60, 120]
