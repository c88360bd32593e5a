"""The whole device, emulated: Debian boots, a camera shows a face, the sound card is recorded: `make device-test`.

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

from tests.device import installed, machine, recording, roots

pytestmark = pytest.mark.timeout(5400)  # the first run makes the root

ARCH = os.environ.get("ARCH", "arm64")
LIMIT_S = 3000.0
"""Time limit of the whole run, seconds on this host's clock."""
STEP_S = 240.0
"""Time limit of one step of guest/sequence.py, seconds on the machine's clock."""
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
class MachineRun:
    """One run of the machine."""

    report: dict[str, Any]
    """Written by guest/sequence.py."""
    sentences: dict[str, list[tuple[float, float]]]
    """When each sentence was spoken, and the correlation, see Recording.find."""
    sound: recording.Recording
    journal: str
    """Of the whole boot."""
    console: machine.Console
    commit: str
    """Hash of the commit that was installed; with "+" where the tree had changes."""

    def first(self, sentence: str, since: float = 0.0) -> float:
        """When the sentence was first spoken after a time of the machine's clock."""
        times = [at for at, _ in self.sentences[sentence] if at >= since]
        assert times, f"{sentence!r} was not spoken; spoken: {self.sentences}"
        return times[0]


@pytest.fixture(scope="module")
def machine_run(request: pytest.FixtureRequest) -> Iterator[MachineRun]:
    """One whole run of the machine."""
    if os.environ.get("EMOTION_DEVICE") != "1":
        pytest.skip("takes a Debian root and many minutes: make device-test")
    clips: Path = request.getfixturevalue("clips")
    if reason := roots.missing("machine", ARCH) or machine.missing(ARCH):
        pytest.skip(reason)
    git = ("git", "-C", str(roots.REPOSITORY))
    commit = output(*git, "rev-parse", "HEAD").strip() + ("+" if output(*git, "status", "--porcelain", "-uno") else "")
    began = time.monotonic()

    def log(text: str) -> None:
        print(f"[{time.monotonic() - began:6.0f} s] {text}", flush=True)

    tar = roots.make("machine", ARCH)
    log(f"root: {tar.name}")
    with roots.scratch() as folder:
        root, disk, out = folder / "root", folder / "disk.img", folder / "out"
        root.mkdir(), out.mkdir()
        roots.unpack(tar, root)
        with roots.foreign(ARCH):
            installed.furnish(root, ARCH, clips / "one-person-smiling.mp4", SETTINGS, STEP_S)
            wanted = {text: recording.synthesize(root, text) for text in SENTENCES}
        log("installed")
        machine.disk_of(root, disk)
        log("power on")
        try:
            console = machine.run(ARCH, root, disk, out, LIMIT_S, log)
        finally:
            keep(out)
        log("off")
        sound = recording.Recording.load(out / "sound")
        yield MachineRun(
            json.loads((out / "report.json").read_text("utf-8")),
            {text: sound.find(samples) for text, samples in wanted.items()},
            sound,
            (out / "journal.txt").read_text("utf-8"),
            console,
            commit,
        )


def keep(out: Path) -> None:
    """Store the output of the last run beside the roots, to look into a failure."""
    last = roots.cache() / f"last-{ARCH}"
    shutil.rmtree(last, ignore_errors=True)
    shutil.copytree(out, last)


def test_ready_is_spoken_after_the_boot_then_the_person_in_view(machine_run: MachineRun) -> None:
    ready, happy = machine_run.first(READY), machine_run.first(HAPPY)
    assert ready < happy < machine_run.report["steps"]["announced"]
    assert machine_run.sound.loud_s(0.0, ready - 0.3) <= 1.0, "nothing is spoken before it is ready"


def test_the_control_socket_gives_the_same_answers(machine_run: MachineRun) -> None:
    replies = machine_run.report["replies"]
    status = json.loads(replies["status"]["said"])
    assert status["vision"] is True
    assert replies["who"]["rc"] == 0
    assert "ne person" in replies["who"]["said"]
    assert "happy" in replies["who"]["said"]
    assert replies["last"]["said"] == replies["who"]["said"]
    for name in ("status", "who", "last", "again"):
        at = replies[name]["at"]
        assert machine_run.sound.loud_s(at, at + 15) >= 0.3, f"{name} was answered aloud"


def test_the_loss_and_the_return_of_the_camera_are_announced(machine_run: MachineRun) -> None:
    steps, replies = machine_run.report["steps"], machine_run.report["replies"]
    lost = machine_run.first(LOST, steps["camera_taken"])
    back = machine_run.first(BACK, steps["camera_given"])
    assert lost - steps["camera_taken"] < 15
    assert back - steps["camera_given"] < 60
    assert "camera_lost: " in machine_run.journal
    assert "camera_lost: over" in machine_run.journal
    assert "happy" not in replies["without_camera"]["said"]
    assert "ne person" in replies["again"]["said"]


def test_nothing_failed_and_the_end_is_announced(machine_run: MachineRun) -> None:
    assert machine_run.report["running"] in ("running", "starting"), machine_run.report[
        "failed"
    ]  # the sequence itself is a job
    assert machine_run.report["failed"] == ""
    machine_run.first("Stopping.", machine_run.report["steps"]["camera_back"])
    for name, lines in machine_run.report["show"].items():
        assert "ActiveState=active" in lines, name
        assert "NRestarts=0" in lines, name
    assert "Traceback" not in machine_run.journal


def test_the_table(machine_run: MachineRun, request: pytest.FixtureRequest) -> None:
    """The last test: the figures are written only where all others passed. Those of arm64 are shown in
    tests/README.md."""
    if request.session.testsfailed:
        pytest.skip("no figures of a machine that did not do what it should")
    table = figures(machine_run)
    file = (Path(__file__).parent if ARCH == "arm64" else roots.cache()) / f"{ARCH}.json"
    file.write_text(json.dumps(table, indent=1) + "\n", "utf-8")
    print(f"\n{json.dumps(table, indent=1)}\n{file}")
    assert 0 < table["seconds"]["power-on to ready"] < table["seconds"]["power-on to first announcement"]
    assert {"detect", "classify"} & table["ms a stage"].keys()


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def figures(machine_run: MachineRun) -> dict[str, Any]:
    """The figures that tests/README.md shows."""
    steps = machine_run.report["steps"]
    stages: dict[str, list[float]] = {}
    for line in re.findall(r"ms: (.*); frames dropped", machine_run.journal):
        for stage, spent in re.findall(r"([\w ]+) ([\d.]+)", line):
            stages.setdefault(stage.strip(), []).append(float(spent))
    kind = machine.KINDS[ARCH]
    emulator = output(kind.program, "--version").splitlines()[0]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": machine_run.commit,
        "serial log sha256": machine_run.console.sha256,
        "machine": {**machine_run.report["machine"], "emulator": emulator, "options": kind.options},
        "clock": f"{2**machine.SHIFT} ns an instruction",
        "host seconds": round(machine_run.console.lines[-1][0]),
        "settings": SETTINGS,
        "seconds": {
            "power-on to ready": round(machine_run.first(READY), 1),
            "power-on to first announcement": round(machine_run.first(HAPPY), 1),
            "camera gone to words": round(machine_run.first(LOST, steps["camera_taken"]) - steps["camera_taken"], 1),
            "camera back to words": round(machine_run.first(BACK, steps["camera_given"]) - steps["camera_given"], 1),
        },
        "processes": machine_run.report["cost"],
        "ms a stage": {stage: round(statistics.median(values), 1) for stage, values in stages.items()},
        "said": {name: reply["said"] for name, reply in machine_run.report["replies"].items()},
        "likeness of what was heard": {
            text: [round(like, 3) for _, like in found] for text, found in machine_run.sentences.items() if found
        },
    }
