"""Rows B: processes and what they use."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant.errors import VoiceError
from assistant.system.child_process import run_child
from tests.faults.box import BoxUnderTest, Row, skip
from tests.support.processes import hang

STOPPED, BACK = "The vision part stopped.", "The vision part is back."


def killed(box: BoxUnderTest, row: Row, number: signal.Signals, part: str = "vision") -> None:
    process = box.part(part)
    since = time.monotonic()
    os.kill(process, number)
    row.announced(box.capture.wait_for(STOPPED), since)
    row.recovered(box.capture.wait_for(BACK).at, since)


@pytest.mark.fault("B1", "vision hangs (SIGSTOP)", announce_s=3, recover_s=8)
def test_b1(ready: BoxUnderTest, row: Row) -> None:
    since = time.monotonic()
    hang(ready.part("vision"))
    row.announced(ready.capture.wait_for(STOPPED), since)
    row.recovered(ready.capture.wait_for(BACK).at, since)


@pytest.mark.fault("B2", "one stage hangs, the rest lives", announce_s=3, recover_s=8)
def test_b2(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("step", "hangs")
    row.announced(ready.capture.wait_for(STOPPED), since)
    ready.steer("step")
    row.recovered(ready.capture.wait_for(BACK).at, since)


@pytest.mark.fault("B3", "an exception; a crash at every start", announce_s=1, recover_s=3)
def test_b3(ready: BoxUnderTest, row: Row) -> None:
    since = ready.steer("step", "raises")
    row.announced(ready.capture.wait_for("Something went wrong while looking."), since)
    since = ready.steer("step")
    sound = ready.capture.wait_for("Looking works again.")
    row.recovered(sound.at, since)
    ready.steer("start", "crashes")
    ready.capture.collect(sound.seconds)
    since = time.monotonic()
    os.kill(ready.part("vision"), signal.SIGABRT)
    row.announced(ready.capture.wait_for(STOPPED), since)
    assert not [each for each in ready.capture.collect(15) if each.text == STOPPED], "once a minute at the most"


@pytest.mark.fault("B4", "SIGSEGV", announce_s=1, recover_s=3)
def test_b4(ready: BoxUnderTest, row: Row) -> None:
    killed(ready, row, signal.SIGSEGV)


@pytest.mark.fault("B5", "killed for memory (SIGKILL)", announce_s=1, recover_s=3)
def test_b5(ready: BoxUnderTest, row: Row) -> None:
    killed(ready, row, signal.SIGKILL)


def grown(box: BoxUnderTest, row: Row, how: str) -> None:
    box.steer("camera", "room")  # a quiet moment
    box.ready()
    box.steer("step", how)
    sound = box.capture.wait_for("I need a fresh start.")
    box.steer("step")
    row.texts.append(sound.text)
    row.recovered(box.capture.wait_for("Ready.").at, sound.at)


@pytest.mark.fault("B6", "memory leak", recover_s=5)
def test_b6(box: BoxUnderTest, row: Row) -> None:
    (box.folder / "sys/fs/cgroup").mkdir(parents=True)
    (box.folder / "sys/fs/cgroup/memory.max").write_text(str(1000 << 20))
    grown(box, row, "leaks memory")


@pytest.mark.fault("B7", "open files leak", recover_s=5)
def test_b7(box: BoxUnderTest, row: Row) -> None:
    grown(box, row, "leaks files")


@pytest.mark.fault("B8", "never ready", announce_s=20, recover_s=5)
def test_b8(box: BoxUnderTest, row: Row) -> None:
    box.steer("start", "takes long")
    since = box.start()
    row.announced(box.capture.wait_for("Still starting."), since)
    since = box.unblock()
    row.recovered(box.capture.wait_for("I have started.").at, since)


@pytest.mark.fault("B9", "a grandchild holds the pipe")
def test_b9(box: BoxUnderTest, row: Row) -> None:
    grandchild = "import subprocess, time; subprocess.Popen(['sleep', '1000']); time.sleep(1000)"
    began = time.monotonic()
    with pytest.raises(VoiceError, match="did not end within"):
        run_child([sys.executable, "-c", grandchild], b"", 0.5, threading.Event())
    assert time.monotonic() - began < 2
    box.sound(default="hangs")
    box.start()
    time.sleep(3)  # a player hangs by now, in the middle of "Ready."
    assert box.process
    group = int(Path(f"/proc/{box.part('voice')}/stat").read_text().rpartition(")")[2].split()[2])
    assert box.stop() < 3
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)
    assert not [line for line in _processes() if str(box.folder) in line], "nothing is left behind"


def _processes() -> list[str]:
    lines = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return lines


@pytest.mark.fault("B10", "four others want each core")
def test_b10(ready: BoxUnderTest, row: Row) -> None:
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4 * (os.cpu_count() or 1))]
    try:
        sound = ready.capture.collect(15)
    finally:
        for each in busy:
            each.kill()
            each.wait()
    row.texts += [each.text for each in sound]
    assert STOPPED not in row.texts, "slow is not stopped"


@pytest.mark.fault("B11", "told to end (SIGTERM)", announce_s=1)
def test_b11(ready: BoxUnderTest, row: Row) -> None:
    since = time.monotonic()
    took = ready.stop()
    row.announced(ready.capture.wait_for("Stopping."), since)
    assert took < 2
    assert not [line for line in _processes() if str(ready.folder) in line]


@pytest.mark.fault("B12", "the voice dies, or hangs", announce_s=3, recover_s=3)
def test_b12(ready: BoxUnderTest, row: Row) -> None:
    since = time.monotonic()
    os.kill(ready.part("voice"), signal.SIGKILL)
    row.announced(ready.capture.wait_for("The voice is back."), since)
    row.recovered(ready.capture.all[-1].at, since)
    assert ready.command("status").returncode == 0
    hang(ready.part("voice"))
    assert ready.capture.wait_for("The voice is back.", 12)


@pytest.mark.fault("B13", "both die, the kernel hangs")
def test_b13(row: Row) -> None:
    skip("a kernel that hangs needs a machine of its own, and its hardware watchdog", row)
