"""The whole device, emulated: Debian boots, a camera shows a face, the sound card is listened to: `make device-test`.

ARCH=arm64 (a Cortex-A72, the default) or amd64. Its result is a JSON file: times, memory, processor, milliseconds.
"""

import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.device import heard, installed, machine, roots

pytestmark = pytest.mark.timeout(5400)  # the first run makes the root

ARCH = os.environ.get("ARCH", "arm64")
LIMIT_S = 3000.0
"""On this host's clock, for the machine to be off again."""
STEP_S = 240.0
"""On the machine's clock, for one step of the story."""
SETTINGS = """\
[camera]
driver = "opencv"
[model]
threads = 1
[voice]
device = "plughw:CARD=Loopback,DEV=0"
"""
READY, HAPPY, LOST, BACK = "Ready.", "One person looks happy.", "Camera lost. I keep looking.", "The camera is back."
SENTENCES = (READY, HAPPY, LOST, BACK, "Running.", "Stopping.", "The vision part stopped.", "The vision part is back.",
             "I am seeing slowly.", "Camera not found. I keep looking.", "The camera is there.")  # fmt: skip


@dataclass(frozen=True)
class Night:
    """One run: what the machine reported, what was heard of each sentence, what the journal and the console say."""

    report: dict[str, Any]
    sentences: dict[str, list[tuple[float, float]]]
    recording: heard.Recording
    journal: str
    console: machine.Console
    commit: str

    def first(self, sentence: str, since: float = 0.0) -> float:
        """When the sentence was first heard after a time of the machine's clock."""
        times = [at for at, _ in self.sentences[sentence] if at >= since]
        assert times, f"{sentence!r} was not heard; heard: {self.sentences}"
        return times[0]


@pytest.fixture(scope="module")
def night(request: pytest.FixtureRequest) -> Iterator[Night]:
    """The machine's whole run."""
    if os.environ.get("EMOTION_DEVICE") != "1":
        pytest.skip("takes a Debian root and many minutes: make device-test")
    clips: Path = request.getfixturevalue("clips")
    if reason := roots.missing("machine", ARCH) or machine.missing(ARCH):
        pytest.skip(reason)
    git = ("git", "-C", str(roots.REPOSITORY))
    commit = output(*git, "rev-parse", "HEAD").strip() + ("+" if output(*git, "status", "--porcelain", "-uno") else "")
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - began:6.0f} s] {text}", flush=True)

    tar = roots.make("machine", ARCH)
    tell(f"root: {tar.name}")
    with roots.scratch() as folder:
        root, disk, out = folder / "root", folder / "disk.img", folder / "out"
        root.mkdir(), out.mkdir()
        roots.unpack(tar, root)
        with roots.foreign(ARCH):
            installed.furnish(root, ARCH, clips / "one-person-smiling.mp4", SETTINGS, STEP_S)
            wanted = {text: heard.spoken(root, text) for text in SENTENCES}
        tell("installed")
        machine.disk_of(root, disk)
        tell("power on")
        try:
            console = machine.run(ARCH, root, disk, out, LIMIT_S, tell)
        finally:
            keep(out)
        tell("off")
        recording = heard.Recording.load(out / "ear")
        yield Night(
            json.loads((out / "report.json").read_text("utf-8")),
            {text: recording.find(samples) for text, samples in wanted.items()},
            recording,
            (out / "journal.txt").read_text("utf-8"),
            console,
            commit,
        )


def keep(out: Path) -> None:
    """What came out of the last run stays beside the roots, for who wants to know why."""
    last = roots.cache() / f"last-{ARCH}"
    shutil.rmtree(last, ignore_errors=True)
    shutil.copytree(out, last)


def test_ready_is_spoken_after_the_boot_then_the_person_in_view(night: Night) -> None:
    ready, happy = night.first(READY), night.first(HAPPY)
    assert ready < happy < night.report["steps"]["announced"]
    assert night.recording.loud_s(0.0, ready - 0.3) <= 1.0, "nothing is said before it is ready"


def test_the_control_socket_gives_the_same_answers(night: Night) -> None:
    replies = night.report["replies"]
    status = json.loads(replies["status"]["said"])
    assert status["vision"] is True
    assert replies["who"]["rc"] == 0
    assert "ne person" in replies["who"]["said"]
    assert "happy" in replies["who"]["said"]
    assert replies["last"]["said"] == replies["who"]["said"]
    for name in ("status", "who", "last", "again"):
        at = replies[name]["at"]
        assert night.recording.loud_s(at, at + 15) >= 0.3, f"{name} was answered aloud"


def test_the_loss_and_the_return_of_the_camera_are_announced(night: Night) -> None:
    steps, replies = night.report["steps"], night.report["replies"]
    lost = night.first(LOST, steps["camera_taken"])
    back = night.first(BACK, steps["camera_given"])
    assert lost - steps["camera_taken"] < 15
    assert back - steps["camera_given"] < 60
    assert "camera_lost: " in night.journal
    assert "camera_lost: over" in night.journal
    assert "happy" not in replies["without_camera"]["said"]
    assert "ne person" in replies["again"]["said"]


def test_nothing_failed_and_the_end_is_announced(night: Night) -> None:
    assert night.report["running"] in ("running", "starting"), night.report["failed"]  # the story itself is a job
    assert night.report["failed"] == ""
    night.first("Stopping.", night.report["steps"]["camera_back"])
    for name, lines in night.report["show"].items():
        assert "ActiveState=active" in lines, name
        assert "NRestarts=0" in lines, name
    assert "Traceback" not in night.journal


def test_the_table(night: Night, request: pytest.FixtureRequest) -> None:
    """The last one: the figures are written only of a night in which all is well. Those of arm64 are the README's."""
    if request.session.testsfailed:
        pytest.skip("no figures of a machine that did not do what it should")
    table = figures(night)
    file = (Path(__file__).parent if ARCH == "arm64" else roots.cache()) / f"{ARCH}.json"
    file.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    print(f"\n{json.dumps(table, indent=1)}\n{file}")
    assert 0 < table["seconds"]["power-on to ready"] < table["seconds"]["power-on to first announcement"]
    assert {"detect", "classify"} & table["ms a stage"].keys()


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def figures(night: Night) -> dict[str, Any]:
    """What the README shows."""
    steps = night.report["steps"]
    stages: dict[str, list[float]] = {}
    for line in re.findall(r"ms: (.*); frames dropped", night.journal):
        for stage, spent in re.findall(r"([\w ]+) ([\d.]+)", line):
            stages.setdefault(stage.strip(), []).append(float(spent))
    kind = machine.KINDS[ARCH]
    emulator = output(kind.program, "--version").splitlines()[0]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": night.commit,
        "serial log sha256": night.console.sha256,
        "machine": {**night.report["machine"], "emulator": emulator, "options": kind.options},
        "clock": f"{2**machine.SHIFT} ns an instruction",
        "host seconds": round(night.console.lines[-1][0]),
        "settings": SETTINGS,
        "seconds": {
            "power-on to ready": round(night.first(READY), 1),
            "power-on to first announcement": round(night.first(HAPPY), 1),
            "camera gone to words": round(night.first(LOST, steps["camera_taken"]) - steps["camera_taken"], 1),
            "camera back to words": round(night.first(BACK, steps["camera_given"]) - steps["camera_given"], 1),
        },
        "processes": night.report["cost"],
        "ms a stage": {stage: round(statistics.median(values), 1) for stage, values in stages.items()},
        "said": {name: reply["said"] for name, reply in night.report["replies"].items()},
        "likeness of what was heard": {
            text: [round(like, 3) for _, like in found] for text, found in night.sentences.items() if found
        },
    }
