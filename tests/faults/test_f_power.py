"""Rows F: power, heat, clocks."""

import signal
import subprocess
import time

import pytest

from tests.faults.box import ROOT, BoxUnderTest, Row, skip


def board(box: BoxUnderTest, *, alarm: int = 0, degrees: int = 50) -> float:
    """Set what the kernel shows of supply voltage and temperature; returns when that was."""
    shown = {"class/hwmon/hwmon0/in0_lcrit_alarm": alarm, "class/thermal/thermal_zone0/temp": degrees * 1000}
    for name, text in shown.items():
        (box.folder / "sys" / name).parent.mkdir(parents=True, exist_ok=True)
        (box.folder / "sys" / name).write_text(f"{text}\n")
    return time.monotonic()


@pytest.mark.fault("F1", "under-voltage", announce_s=10)
def test_f1(ready: BoxUnderTest, row: Row) -> None:
    since = board(ready, alarm=1)
    row.announced(ready.capture.wait_for("Power is weak."), since)
    since = board(ready)
    row.recovered(ready.capture.wait_for("Power is strong enough again.").at, since)


@pytest.mark.fault("F2", "80 degrees and more", announce_s=10)
def test_f2(ready: BoxUnderTest, row: Row) -> None:
    since = board(ready, degrees=81)
    row.announced(ready.capture.wait_for("I am hot, and slower."), since)
    since = board(ready)
    row.recovered(ready.capture.wait_for("I have cooled down.").at, since)


@pytest.mark.fault("F3", "the clock jumps by ten years")
@pytest.mark.parametrize("years", [-10, 10])
def test_f3(box: BoxUnderTest, row: Row, years: int) -> None:
    box.steer("clock", str(years * 365 * 86400.0))
    box.ready()
    row.texts.append(box.capture.wait_for("One person").text)
    assert box.command("status").returncode == 0
    assert box.capture.wait_for("Running.", 3)


@pytest.mark.fault("F4", "summer time, another time zone")
def test_f4(box: BoxUnderTest, row: Row) -> None:
    box.ready(TZ="Pacific/Kiritimati")
    row.texts.append(box.capture.wait_for("One person").text)
    sources = {file.relative_to(ROOT): file.read_text("utf-8") for file in (ROOT / "assistant").rglob("*.py")}
    users = {str(file) for file, text in sources.items() if "localtime" in text or "datetime" in text}
    assert users == {"assistant/skills/friends/calendar.py"}, "only consent has a date"


@pytest.mark.fault("F5", "the power was cut")
def test_f5(box: BoxUnderTest, row: Row) -> None:
    for name in ("unit-state", "unit-run"):
        (box.folder / name).mkdir(mode=0o700)
    environment = {
        "STATE_DIRECTORY": str(box.folder / "unit-state"), "RUNTIME_DIRECTORY": str(box.folder / "unit-run"),
        "EMOTION_ASSISTANT_SOCKET": str(box.folder / "unit-run/voice.sock"),
    }  # fmt: skip
    box.start(command="voice", **environment)
    assert box.process
    while not (box.folder / "unit-run/running").exists():
        time.sleep(0.02)
    box.process.send_signal(signal.SIGKILL)
    box.process.wait()
    for file in (box.folder / "unit-run").iterdir():  # a power cut clears it: it is in memory
        file.unlink()
    since = box.start(command="voice", **environment)
    row.announced(box.capture.wait_for("The power was interrupted."), since)


@pytest.mark.fault("F6", "camera and sound go at once", recover_s=3)
def test_f6(ready: BoxUnderTest, row: Row) -> None:
    ready.steer("camera", "gone")
    ready.sound()
    time.sleep(6)
    since = ready.sound(default="works")
    row.recovered(ready.capture.wait_for("I had no sound.").at, since)
    row.texts.append("I had no sound.")
    row.announced(ready.capture.wait_for("Camera lost."), since)


@pytest.mark.fault("F7", "no network")
def test_f7(box: BoxUnderTest, row: Row) -> None:
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        skip("a network namespace of its own needs root", row)
    box.start(before=("unshare", "-n"))
    box.capture.wait_for("Ready.")
    row.texts.append(box.capture.wait_for("One person").text)


@pytest.mark.fault("F8", "a slow first boot", announce_s=20)
def test_f8(box: BoxUnderTest, row: Row) -> None:
    box.steer("start", "takes long")
    since = box.start()
    row.announced(box.capture.wait_for("Still starting."), since)
    box.unblock()
    assert box.capture.wait_for("Ready.")
