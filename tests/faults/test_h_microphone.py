"""Rows H: the microphone and the listener; whatever happens to them, what is said unasked is still said."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from assistant.ipc.control_client import send_command
from assistant.ipc.link import LinkClient
from assistant.records import Priority, Utterance
from assistant.voice.speech.speech_queue import MAX_HOLD_S
from tests.faults.box import BoxUnderTest, Row
from tests.support.processes import hang

RECORDER = """#!{python} -IS
import os, sys, time
if sys.argv[1:] == ["-l"]:
    sys.exit()
began, count = time.monotonic(), 0
while True:
    if not os.path.exists("{folder}/microphone"):
        sys.exit("arecord: main:850: audio open error: No such file or directory")
    os.write(1, bytes(640) if open("{folder}/microphone").read() == "gap" else os.urandom(640))
    count += 1
    time.sleep(max(0.0, began + 0.02 * count - time.monotonic()))
"""
DETECTOR = """__version__ = "stand-in"
class Vad:
    def __init__(self, mode): pass
    def is_speech(self, frame, rate): return any(frame)
"""
"""Takes noise for talk and zeros for a gap, so that these rows do not depend on the package."""
FAILS, WORKS = "The microphone does not work.", "The microphone works again."
SENTENCE = "One person looks happy."
AT_ONCE_S = 1.5
"""A sentence that waits for no gap has begun after so many seconds, at the latest."""


@pytest.fixture
def listening(box: BoxUnderTest) -> BoxUnderTest:
    """A voice process that listens, and a room in which somebody talks without a pause."""
    recorder = box.folder / "bin/arecord"
    recorder.write_text(RECORDER.format(python=sys.executable, folder=box.folder))
    recorder.chmod(0o755)
    (box.folder / "packages").mkdir()
    (box.folder / "packages/webrtcvad.py").write_text(DETECTOR)
    (box.folder / "my.toml").write_text("[listen]\nenabled = true\n")
    box.environment["PYTHONPATH"] += f":{box.folder / 'packages'}"
    box.steer("camera", "room")
    box.steer("microphone", "talk")
    return box


def listener(box: BoxUnderTest) -> int:
    """Wait for the listener; its process id."""
    late = time.monotonic() + 15
    while time.monotonic() < late:
        for folder in Path("/proc").glob("[0-9]*"):
            if _is_listener(folder, box):
                return int(folder.name)
        time.sleep(0.05)
    raise AssertionError("no listener runs")


def _is_listener(process: Path, box: BoxUnderTest) -> bool:
    try:
        is_one = b"listening.listener" in (process / "cmdline").read_bytes()
        return is_one and str(box.folder).encode() in (process / "environ").read_bytes()
    except OSError:
        return False


def say(box: BoxUnderTest, *, within_s: float) -> float:
    """An unasked sentence is spoken within so many seconds; how many it took."""
    client = LinkClient(box.folder / "run/emotion-assistant/voice.sock")
    try:
        since = time.monotonic()
        client.speak(Utterance(SENTENCE, Priority.CHANGE, f"person {since}", since + 3.0))
        sound = box.capture.wait_for(SENTENCE)
    finally:
        client.close()
    after = sound.at - since
    box.capture.collect(sound.seconds)  # the next sentence would wait for its end
    assert after <= within_s, f"spoken after {after:.1f} s"
    return after


def voice_alone(box: BoxUnderTest) -> None:
    """Start the voice process alone, and wait until its listener hears the talk: a sentence waits for a gap."""
    box.start("--config", box.folder / "my.toml", command="voice")
    box.wait_for_voice()
    hears(box)
    waits_for_a_gap(box)


def hears(box: BoxUnderTest) -> float:
    """Wait until the voice process is told what is heard; returns when that was."""
    socket, late = box.folder / "run/emotion-assistant/control.sock", time.monotonic() + 15
    while send_command("facts", socket).facts.get("listening") is not True:
        assert time.monotonic() < late, "nothing is heard"
        time.sleep(0.05)
    return time.monotonic()


def waits_for_a_gap(box: BoxUnderTest) -> None:
    """The listener hears that somebody talks: a sentence is spoken only once it has waited as long as one may."""
    assert say(box, within_s=3.0) >= MAX_HOLD_S


@pytest.mark.fault("H1", "no microphone", announce_s=6, recover_s=6)
def test_h1(listening: BoxUnderTest, row: Row) -> None:
    (listening.folder / "microphone").unlink()
    listening.start("--config", listening.folder / "my.toml", command="voice")
    since = listening.wait_for_voice()
    row.announced(listening.capture.wait_for(FAILS), since)
    since = listening.steer("microphone", "gap")
    row.recovered(listening.capture.wait_for(WORKS).at, since)


@pytest.mark.fault("H2", "the microphone is unplugged in the middle", announce_s=5, recover_s=6)
def test_h2(listening: BoxUnderTest, row: Row) -> None:
    voice_alone(listening)
    (listening.folder / "microphone").unlink()
    since = time.monotonic()
    say(listening, within_s=AT_ONCE_S)
    row.announced(listening.capture.wait_for(FAILS), since)
    since = listening.steer("microphone", "talk")
    sound = listening.capture.wait_for(WORKS)
    row.recovered(sound.at, since)
    listening.capture.collect(sound.seconds)  # a change does not wait for the end of a fault as long as that lasts
    waits_for_a_gap(listening)


@pytest.mark.fault("H3", "the listener is killed", recover_s=4)
def test_h3(listening: BoxUnderTest, row: Row) -> None:
    voice_alone(listening)
    old, since = listener(listening), time.monotonic()
    os.kill(old, signal.SIGKILL)
    while listener(listening) == old:
        time.sleep(0.02)
    row.recovered(hears(listening), since)
    heard = [each.text for each in listening.capture.collect(4)]
    assert not [text for text in heard if text.startswith(FAILS)], "it listens again before that is said"
    waits_for_a_gap(listening)


@pytest.mark.fault("H4", "the listener hangs", recover_s=6)
def test_h4(listening: BoxUnderTest, row: Row) -> None:
    voice_alone(listening)
    old, since = listener(listening), time.monotonic()
    hang(old)
    say(listening, within_s=MAX_HOLD_S + 0.6)
    while listener(listening) == old:
        time.sleep(0.02)
    row.recovered(hears(listening), since)
