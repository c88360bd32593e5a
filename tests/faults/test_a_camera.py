"""Rows A: the camera and its pictures."""

import time

import pytest

from tests.faults.box import Box, Row, without

LOST, BACK = "Camera lost.", "The camera is back."


def lost_and_back(box: Box, row: Row, how: str, *, lost: str = LOST, back: str = BACK, within: float = 30.0) -> None:
    """The camera misbehaves until that has been heard, then is well again until that has been heard."""
    since = box.tell("camera", how)
    heard = box.ear.until(lost, within)
    row.said(heard, since)
    box.ear.during(heard.seconds)  # what is being said is said to the end
    since = box.tell("camera")
    row.recovered(box.ear.until(back, within).at, since)


@pytest.mark.fault("A1", "no camera at boot", say=3, rec=5)
def test_a1(box: Box, row: Row) -> None:
    box.camera.unlink()
    box.start()
    since = box.can_speak()
    row.said(box.ear.until("Camera not found."), since)
    since = box.plug()
    row.recovered(box.ear.until("The camera is there.").at, since)


@pytest.mark.fault("A2", "unplugged in use", say=3, rec=5)
def test_a2(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "gone")


@pytest.mark.fault("A3", "read blocks for ever", say=3, rec=5)
def test_a3(ready: Box, row: Row) -> None:
    since = ready.tell("camera", "hangs")
    row.said(ready.ear.until(LOST), since)
    since = ready.tell("camera")  # the read that hangs hangs on: only a new process is rid of it
    row.recovered(ready.ear.until("Ready.").at, since)


@pytest.mark.fault("A4", "True, and nothing new", say=3, rec=5)
def test_a4(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "frozen")


@pytest.mark.fault("A5", "frozen picture", say=3, rec=5)
def test_a5(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "frozen")
    since = ready.tell("camera", "frozen")
    heard = ready.ear.until(LOST)
    row.said(heard, since)
    assert not [each for each in ready.ear.during(6) if each.text == BACK], "reopened, it is as frozen as before"


@pytest.mark.fault("A6", "black: cap, shutter, dark", say=7, rec=2)
def test_a6(box: Box, row: Row) -> None:
    box.tell("camera", "room")  # nobody is there, and no sudden darkness: that is a hand on the lens
    since = box.tell("camera", "black")
    box.start()
    heard = box.ear.until("I see only black.")
    row.said(heard, max(since, box.ear.all[0].at))
    box.ear.during(heard.seconds)
    since = box.tell("camera")
    row.recovered(box.ear.until("It is no longer black.").at, since)


@pytest.mark.fault("A7", "white, grey, garbage", say=7, rec=2)
@pytest.mark.parametrize("how", ["white", "garbage"])
def test_a7(ready: Box, row: Row, how: str) -> None:
    lost_and_back(ready, row, how, lost="The picture is blank.", back="The picture shows something again.")


@pytest.mark.fault("A8", "lens smeared, out of focus", say=15, rec=5)
def test_a8(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "blurred", lost="The picture is very blurred.", back="The picture is sharp again.")


@pytest.mark.fault("A9", "libcamera's front end times out", say=3, rec=5)
def test_a9(box: Box, row: Row) -> None:
    box.ready("--camera", "picamera2")
    lost_and_back(box, row, "times out")


@pytest.mark.fault("A10", "the driver sleeps for ever in the kernel", say=3)
def test_a10(row: Row) -> None:
    without("a process in uninterruptible sleep needs a file system of its own that can be frozen", row)


@pytest.mark.fault("A11", "video0 has become video1", say=3, rec=5)
def test_a11(box: Box, row: Row) -> None:
    devices = box.folder / "sys/class/video4linux"
    (devices / "video0").mkdir(parents=True)
    box.ready("--camera", "opencv")
    since = box.tell("camera", "gone")
    (devices / "video0").rename(devices / "video1")
    row.said(box.ear.until(LOST), since)
    since = box.tell("camera")
    row.recovered(box.ear.until(BACK).at, since)  # the stand-in gives pictures only of a device that is listed


@pytest.mark.fault("A12", "another program holds it", say=3, rec=5)
def test_a12(box: Box, row: Row) -> None:
    box.tell("camera", "busy")
    since = box.start("--camera", "picamera2")
    row.said(box.ear.until("Another program is using the camera."), since)
    since = box.tell("camera")
    row.recovered(box.ear.until("The camera is free again.").at, since)


@pytest.mark.fault("A13", "no pictures but other things", say=5, rec=5)
@pytest.mark.parametrize("how", ["empty", "floats"])
def test_a13(ready: Box, row: Row, how: str) -> None:
    lost_and_back(ready, row, how)


@pytest.mark.fault("A14", "pictures of 33 million pixels", say=3, rec=5)
def test_a14(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "huge")


@pytest.mark.fault("A15", "fewer than one picture a second, or a flood", say=7, rec=2)
def test_a15(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "slow", lost="I am seeing slowly.", back="I see at full speed again.")
    ready.tell("camera", "flood")
    assert not [each for each in ready.ear.during(3) if each.text.startswith(("The vision", LOST))]
    began = time.monotonic()
    assert ready.command("ask").returncode == 0
    assert time.monotonic() - began < 2


@pytest.mark.fault("A16", "two of three pictures are torn", say=7, rec=2)
def test_a16(ready: Box, row: Row) -> None:
    lost_and_back(ready, row, "torn", lost="The picture is broken.", back="The picture is whole again.")


@pytest.mark.fault("A17", "no memory to open it again", say=5, rec=10)
def test_a17(box: Box, row: Row) -> None:
    box.ready("--camera", "picamera2")
    box.tell("out of memory")
    since = box.tell("camera", "times out")
    row.said(box.ear.until(LOST), since)
    since = box.tell("camera")
    row.recovered(box.ear.until("Ready.").at, since)


@pytest.mark.fault("A18", "a dozen faces", say=2, rec=1)
def test_a18(box: Box, row: Row) -> None:
    box.tell("camera", "room")
    box.ready()
    since = box.tell("camera", "crowd")
    row.said(box.ear.until("Many faces. I describe the nearest."), since)
    began = time.monotonic()
    assert box.command("ask").returncode == 0
    assert time.monotonic() - began < 2


@pytest.mark.fault("A19", "a photograph of a face")
def test_a19(ready: Box, row: Row) -> None:
    since = ready.tell("camera")
    heard = ready.ear.until("One person")
    row.said(heard, since)
    assert "looks" in heard.text, "what a face looks like, never what somebody is: nothing hangs on who it is"


@pytest.mark.fault("A20", "flapping ten times a second")
def test_a20(box: Box, row: Row) -> None:
    box.tell("camera", "flapping")
    box.ready()
    told = [each for each in box.ear.during(12) if "looks" in each.text.lower() or "person" in each.text]
    row.words += [each.text for each in told]
    assert len(told) <= 4


@pytest.mark.fault("A21", "nothing to say for long", say=1)
def test_a21(box: Box, row: Row) -> None:
    box.tell("camera", "room")
    box.ready()
    since = time.monotonic()
    assert box.command("status").returncode == 0
    row.said(box.ear.until("Running."), since)
