"""Rows I: the engines of the skills; whatever happens to one is said, and the expression loop goes on beside it."""

import hashlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.ipc.commands import Command
from assistant.ipc.control_client import send_command
from assistant.skills.friends.friend import ConsentWay, Friend
from assistant.skills.friends.store import FriendStore
from tests.faults.box import BoxUnderTest, Row, skip
from tests.faults.sound_capture import NOTHING, PAGE
from tests.support.processes import hang

FAILED, LATE, NO_MEMORY, NOT_SET_UP = (
    "That did not work this time.",
    "That took too long. I gave up.",
    "There is too little memory for that.",
    "Finding things is not set up.",
)
SFACE = "face_recognition_sface_2021dec_int8bq.onnx"
SLOW_TESSERACT = """#!/bin/sh
[ ! -e {folder}/slow ] || case "$*" in *list-langs*) ;; *) touch {folder}/works; exec sleep 1000 ;; esac
exec {real} "$@"
"""
"""Tesseract, which takes for ever where the test wants it."""


@pytest.fixture
def reading(box: BoxUnderTest, row: Row) -> BoxUnderTest:
    """An assistant that reads, with a page before its camera; it has read it once."""
    real = shutil.which("tesseract")
    if real is None:
        skip("tesseract is not installed", row)
    tesseract = box.folder / "bin/tesseract"
    tesseract.write_text(SLOW_TESSERACT.format(folder=box.folder, real=real))
    tesseract.chmod(0o755)
    page = np.full((480, 640, 3), 235, np.uint8)
    cv2.putText(page, PAGE, (40, 250), cv2.FONT_HERSHEY_DUPLEX, 1.3, (20, 20, 20), 2, cv2.LINE_AA)
    cv2.imwrite(str(box.folder / "page.png"), page)
    start(box, '[read]\nenabled = true\nengine = "tesseract"\n', "page")
    ask(box, Command.READ)
    box.capture.wait_for(PAGE)
    return box


@pytest.fixture
def weights(row: Row) -> Path:
    """The file of the detector of things."""
    named = os.environ.get("EMOTION_WEIGHTS", "")
    found = sorted(Path(named).glob("yolox*nano*.onnx")) if named else []
    if not found:
        skip("EMOTION_WEIGHTS names no folder with YOLOX", row)
    return found[0]


def start(box: BoxUnderTest, settings: str, camera: str) -> None:
    (box.folder / "my.toml").write_text(settings)
    box.steer("camera", camera)
    box.ready("--config", box.folder / "my.toml")


def ask(box: BoxUnderTest, command: Command) -> float:
    """Ask a skill; returns when that was."""
    since = time.monotonic()
    assert send_command(command, box.folder / "run/emotion-assistant/control.sock").ok
    return since


def engine(box: BoxUnderTest, name: str) -> int:
    """Wait for the process of an engine; its process id."""
    assert box.process
    late = time.monotonic() + 15
    while time.monotonic() < late:
        for folder in Path(f"/proc/{box.process.pid}/task").iterdir():
            for number in (folder / "children").read_text("ascii").split():
                if f"\0skill\0{name}\0".encode() in Path(f"/proc/{number}/cmdline").read_bytes():
                    return int(number)
        time.sleep(0.02)
    raise AssertionError(f"no engine {name} runs")


def undisturbed(box: BoxUnderTest, vision: int, change: Callable[[], None] = lambda: None) -> None:
    """The same vision process still tells who comes, within the time that this usually takes."""
    change()
    since = box.steer("camera", "face")
    sound = box.capture.wait_for("One person", 10)
    assert sound.at - since < 4
    assert box.part("vision") == vision
    assert "a step failed" not in box.log()


@pytest.mark.fault("I1", "an engine is killed while it works", announce_s=1.5, recover_s=8)
def test_i1(reading: BoxUnderTest, row: Row) -> None:
    vision = reading.part("vision")
    (reading.folder / "slow").touch()
    ask(reading, Command.READ)
    until((reading.folder / "works").exists)
    since = time.monotonic()
    os.kill(engine(reading, "read"), signal.SIGKILL)
    row.announced(reading.capture.wait_for(FAILED), since)
    (reading.folder / "slow").unlink()
    since = ask(reading, Command.READ)
    row.recovered(reading.capture.wait_for(PAGE).at, since)
    undisturbed(reading, vision)


@pytest.mark.fault("I2", "an engine hangs (SIGSTOP)", announce_s=40, recover_s=100)
def test_i2(reading: BoxUnderTest, row: Row) -> None:
    vision = reading.part("vision")
    hang(process := engine(reading, "read"))
    since = ask(reading, Command.READ)
    row.announced(reading.capture.wait_for(LATE, 60), since)
    undisturbed(reading, vision)
    until(lambda: not Path(f"/proc/{process}").exists(), 120)
    reading.steer("camera", "page")
    ask(reading, Command.READ)
    row.recovered(reading.capture.wait_for(PAGE).at, since)


@pytest.mark.fault("I3", "what an engine calls hangs", announce_s=40, recover_s=8)
def test_i3(reading: BoxUnderTest, row: Row) -> None:
    vision = reading.part("vision")
    (reading.folder / "slow").touch()
    since = ask(reading, Command.READ)
    undisturbed(reading, vision, lambda: until((reading.folder / "works").exists))
    row.announced(reading.capture.wait_for(LATE, 60), since)
    (reading.folder / "slow").unlink()
    reading.steer("camera", "page")
    since = ask(reading, Command.READ)
    row.recovered(reading.capture.wait_for(PAGE).at, since)


@pytest.mark.fault("I4", "an engine has too little memory", announce_s=8, recover_s=12)
def test_i4(box: BoxUnderTest, row: Row, weights: Path) -> None:
    start(box, f'[things]\nenabled = true\nmodel = "{weights}"\n', "room")
    vision = box.part("vision")
    box.steer("memory", "85")  # YOLOX takes 107 MiB, the libraries 64 of them
    since = ask(box, Command.WHAT)
    row.announced(box.capture.wait_for(NO_MEMORY), since)
    undisturbed(box, vision)
    box.steer("camera", "room")
    box.steer("memory")
    since = ask(box, Command.WHAT)
    row.recovered(box.capture.wait_for(NOTHING).at, since)


def unusable(box: BoxUnderTest, row: Row, file: Path, whole: Path) -> None:
    """Weights that cannot be used are said when they are asked for; once they are there they are found."""
    start(box, f'[things]\nenabled = true\nmodel = "{file}"\n', "room")
    vision = box.part("vision")
    since = ask(box, Command.WHAT)
    row.announced(box.capture.wait_for(NOT_SET_UP), since)
    undisturbed(box, vision)
    box.steer("camera", "room")
    shutil.copy(whole, file)
    since = ask(box, Command.WHAT)
    row.recovered(box.capture.wait_for(NOTHING).at, since)


@pytest.mark.fault("I5", "the weights of an engine are missing", announce_s=8, recover_s=12)
def test_i5(box: BoxUnderTest, row: Row, weights: Path) -> None:
    unusable(box, row, box.folder / "yolox.onnx", weights)


@pytest.mark.fault("I6", "the weights of an engine are damaged", announce_s=8, recover_s=12)
def test_i6(box: BoxUnderTest, row: Row, weights: Path) -> None:
    file = box.folder / "yolox.onnx"
    file.write_bytes(weights.read_bytes()[:-1])
    unusable(box, row, file, weights)


@pytest.mark.fault("I7", "the engine of the friends cannot be loaded", announce_s=12, recover_s=75)
def test_i7(box: BoxUnderTest, row: Row) -> None:
    """Friends stay "one person" meanwhile; the recognizer is tried again every half minute."""
    real = Path(sys.prefix) / "sface" / SFACE  # where `make recognizer` puts it
    if not real.is_file():
        skip("the face recognizer is not here: make recognizer", row)
    file = box.folder / real.name
    view = tuple(1.0 if each == 0 else 0.0 for each in range(128))
    model = hashlib.sha256(real.read_bytes()).hexdigest()
    stranger = Friend("0a1b2c3d", "Anna", view, (view,), model, ConsentWay.TERMINAL, "2026-11-30")
    FriendStore(Path(box.environment["XDG_STATE_HOME"]) / "emotion-assistant" / "friends").add(stranger)
    start(box, f'[friends]\nenabled = true\nmodel = "{file}"\n', "room")
    vision = box.part("vision")
    since = box.steer("camera", "face")
    row.announced(box.capture.wait_for("I cannot recognize friends now.", 20), since)
    box.steer("camera", "room")
    undisturbed(box, vision)
    shutil.copy(real, file)
    since = time.monotonic()
    row.recovered(box.capture.wait_for("I can recognize friends again.", 90).at, since)


def until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until a condition holds."""
    late = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < late
        time.sleep(0.02)
