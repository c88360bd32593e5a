"""Rows A: the camera and its pictures."""

import shutil
import time

import pytest

from tests.faults.box import BoxUnderTest, Row, skip

LOST, BACK = "Camera lost.", "The camera is back."


def lost_and_back(
    box: BoxUnderTest, row: Row, how: str, *, lost: str = LOST, back: str = BACK, within: float = 30.0
) -> None:
    """The camera misbehaves until that is announced, then works again until that is announced."""
    since = box.steer("camera", how)
    sound = box.capture.wait_for(lost, within)
    row.announced(sound, since)
    box.capture.collect(sound.seconds)  # let the announcement end
    since = box.steer("camera")
    row.recovered(box.capture.wait_for(back, within).at, since)


@pytest.mark.fault("A1", "no camera at boot", announce_s=3, recover_s=5)
def test_a1(box: BoxUnderTest, row: Row) -> None:
    box.camera.unlink()
    box.start()
    since = box.wait_for_voice()
    row.announced(box.capture.wait_for("Camera not found."), since)
    since = box.plug()
    row.recovered(box.capture.wait_for("The camera is there.").at, since)


@pytest.mark.fault("A2", "unplugged in use", announce_s=3, recover_s=5)
def test_a2(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "gone")


@pytest.mark.fault("A3", "read blocks for ever", announce_s=3, recover_s=5)
def test_a3(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("camera", "hangs")
    row.announced(ready.capture.wait_for(LOST), since)
    since = ready.steer("camera")  # the blocked read still blocks: only a new process ends it
    row.recovered(ready.capture.wait_for("Ready.").at, since)


@pytest.mark.fault("A4", "True, and nothing new", announce_s=3, recover_s=5)
def test_a4(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "frozen")


@pytest.mark.fault("A5", "frozen picture", announce_s=3, recover_s=5)
def test_a5(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "frozen")
    since = ready.steer("camera", "frozen")
    sound = ready.capture.wait_for(LOST)
    row.announced(sound, since)
    assert not [each for each in ready.capture.collect(6) if each.text == BACK], "reopened, it is as frozen as before"


@pytest.mark.fault("A6", "black: cap, shutter, dark", announce_s=7, recover_s=2)
def test_a6(box: BoxUnderTest, row: Row) -> None:
    box.steer("camera", "room")  # no person and no sudden darkness, which would be a hand on the lens
    since = box.steer("camera", "black")
    box.start()
    sound = box.capture.wait_for("I see only black.")
    row.announced(sound, max(since, box.capture.all[0].at))
    box.capture.collect(sound.seconds)
    since = box.steer("camera")
    row.recovered(box.capture.wait_for("It is no longer black.").at, since)


@pytest.mark.fault("A7", "white, grey, garbage", announce_s=7, recover_s=2)
@pytest.mark.parametrize("how", ["white", "garbage"])
def test_a7(ready: BoxUnderTest, row: Row, how: str) -> None:
    lost_and_back(ready, row, how, lost="The picture is blank.", back="The picture shows something again.")


@pytest.mark.fault("A8", "lens smeared, out of focus", announce_s=15, recover_s=5)
def test_a8(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "blurred", lost="The picture is very blurred.", back="The picture is sharp again.")


@pytest.mark.fault("A9", "libcamera's front end times out", announce_s=3, recover_s=5)
def test_a9(box: BoxUnderTest, row: Row) -> None:
    box.ready("--camera", "picamera2")
    lost_and_back(box, row, "times out")


@pytest.mark.fault("A10", "the driver sleeps for ever in the kernel", announce_s=3)
def test_a10(row: Row) -> None:
    skip("a process in uninterruptible sleep needs a file system of its own that can be frozen", row)


@pytest.mark.fault("A11", "video0 has become video1", announce_s=3, recover_s=5)
def test_a11(box: BoxUnderTest, row: Row) -> None:
    devices = box.folder / "sys/class/video4linux"
    (devices / "video0").mkdir(parents=True)
    box.ready("--camera", "opencv")
    since = box.steer("camera", "gone")
    (devices / "video0").rename(devices / "video1")
    row.announced(box.capture.wait_for(LOST), since)
    since = box.steer("camera")
    row.recovered(box.capture.wait_for(BACK).at, since)  # the stand-in gives pictures only of a device that is listed


@pytest.mark.fault("A12", "another program holds it", announce_s=3, recover_s=5)
def test_a12(box: BoxUnderTest, row: Row) -> None:
    box.steer("camera", "busy")
    since = box.start("--camera", "picamera2")
    row.announced(box.capture.wait_for("Another program is using the camera."), since)
    since = box.steer("camera")
    row.recovered(box.capture.wait_for("The camera is free again.").at, since)


@pytest.mark.fault("A13", "no pictures but other things", announce_s=5, recover_s=5)
@pytest.mark.parametrize("how", ["empty", "floats"])
def test_a13(ready: BoxUnderTest, row: Row, how: str) -> None:
    lost_and_back(ready, row, how)


@pytest.mark.fault("A14", "pictures of 33 million pixels", announce_s=3, recover_s=5)
def test_a14(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "huge")


@pytest.mark.fault("A15", "fewer than one picture a second, or a flood", announce_s=7, recover_s=2)
def test_a15(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "slow", lost="I am seeing slowly.", back="I see at full speed again.")
    ready.steer("camera", "flood")
    assert not [each for each in ready.capture.collect(3) if each.text.startswith(("The vision", LOST))]
    began = time.monotonic()
    assert ready.command("ask").returncode == 0
    assert time.monotonic() - began < 2


@pytest.mark.fault("A16", "two of three pictures are torn", announce_s=7, recover_s=2)
def test_a16(ready: BoxUnderTest, row: Row) -> None:
    lost_and_back(ready, row, "torn", lost="The picture is broken.", back="The picture is whole again.")


@pytest.mark.fault("A17", "no memory to open it again", announce_s=5, recover_s=10)
def test_a17(box: BoxUnderTest, row: Row) -> None:
    box.ready("--camera", "picamera2")
    box.steer("out of memory")
    since = box.steer("camera", "times out")
    row.announced(box.capture.wait_for(LOST), since)
    since = box.steer("camera")
    row.recovered(box.capture.wait_for("Ready.").at, since)


@pytest.mark.fault("A18", "a dozen faces", announce_s=2, recover_s=1)
def test_a18(box: BoxUnderTest, row: Row) -> None:
    box.steer("camera", "room")
    box.ready()
    since = box.steer("camera", "many")
    row.announced(box.capture.wait_for("Many faces. I describe the nearest."), since)
    began = time.monotonic()
    assert box.command("ask").returncode == 0
    assert time.monotonic() - began < 2


@pytest.mark.fault("A19", "a photograph of a face")
def test_a19(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("camera")
    sound = ready.capture.wait_for("One person")
    row.announced(sound, since)
    assert "looks" in sound.text, "an expression, and nothing about the identity"


@pytest.mark.fault("A20", "flapping ten times a second")
def test_a20(box: BoxUnderTest, row: Row) -> None:
    box.steer("camera", "flapping")
    box.ready()
    announcements = [each for each in box.capture.collect(12) if "looks" in each.text.lower() or "person" in each.text]
    row.texts += [each.text for each in announcements]
    assert len(announcements) <= 4


@pytest.mark.fault("A21", "nothing to say for long", announce_s=1)
def test_a21(box: BoxUnderTest, row: Row) -> None:
    box.steer("camera", "room")
    box.ready()
    since = time.monotonic()
    assert box.command("status").returncode == 0
    row.announced(box.capture.wait_for("Running."), since)


@pytest.mark.fault("A22", "pictures whose names are not UTF-8")
def test_a22(box: BoxUnderTest, row: Row) -> None:
    folder = box.folder / "pictures"
    folder.mkdir()
    shutil.copy(box.folder / "face.png", folder / "caf\udce9.png")
    box.ready("--camera", "folder", "--source", folder)
    row.texts.append(box.capture.wait_for("One person").text)
    assert "The vision part stopped." not in [each.text for each in box.capture.collect(3)]
