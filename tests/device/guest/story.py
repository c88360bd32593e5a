"""Runs in the machine once it is up: looks on, takes the camera away, gives it back, and writes down what happened.

Standard library only. Each step waits for its sign in the journal or on the sound card, with a limit; what did not come
is missing from the report, which the test outside judges.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

UNITS = {"voice": "emotion-assistant-voice.service", "vision": "emotion-assistant.service"}
ASSISTANT = "/opt/emotion-assistant/venv/bin/emotion-assistant"
LOUD = 300
"""Peak of a tenth of a second in which something is heard."""
QUIET_S, LONG_QUIET_S = 1.5, 6.0
"""Two sentences are no further apart than the second: "Ready." and who is there."""
MEASURE_S = 10.0
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


def run(*command: str, limit_s: float = 60) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no end within {limit_s} s")


def wait(sign: Callable[[], bool], limit_s: float) -> bool:
    """Until the sign is there; False: it did not come in time."""
    end_at = time.monotonic() + limit_s
    while time.monotonic() < end_at:
        if sign():
            return True
        time.sleep(0.5)
    return False


class Ear:
    """What the sound card played so far."""

    def __init__(self, file: str) -> None:
        self._file = Path(f"{file}.times")

    def heard(self, since: float = 0.0) -> list[tuple[float, float]]:
        """Beginning and end of each stretch of sound, parted by QUIET_S of silence."""
        stretches: list[tuple[float, float]] = []
        for line in self._file.read_text().splitlines() if self._file.exists() else ():
            at, _, peak = line.partition(" ")
            if not peak or int(peak) < LOUD or float(at) < since:
                continue
            if stretches and float(at) - stretches[-1][1] < QUIET_S:
                stretches[-1] = stretches[-1][0], float(at)
            else:
                stretches.append((float(at) - 0.1, float(at)))
        return stretches

    def is_quiet(self, since: float = 0.0, quiet_s: float = QUIET_S) -> bool:
        """Whether something was heard since then, and nothing more for so long."""
        stretches = self.heard(since)
        return bool(stretches) and time.monotonic() - stretches[-1][1] > quiet_s


class Story:
    """The report as it grows."""

    def __init__(self, ear: Ear, limit_s: float) -> None:
        self.ear, self.limit_s = ear, limit_s
        self.report: dict[str, Any] = {"steps": {}, "replies": {}}

    def step(self, name: str, sign: Callable[[], bool], limit_s: float | None = None) -> bool:
        """Wait for a sign and note when it was there."""
        came = wait(sign, limit_s or self.limit_s)
        self.report["steps"][name] = round(time.monotonic(), 2) if came else None
        mark(f"{name}: {'there' if came else 'did not come'}")
        return came

    def ask(self, name: str, *words: str) -> None:
        """A command over the control socket; its answer is spoken too, and waited for."""
        began = time.monotonic()
        done = run(ASSISTANT, *words)
        self.report["replies"][name] = {
            "asked": " ".join(words), "rc": done.returncode, "said": done.stdout.strip(), "error": done.stderr.strip(),
            "at": round(began, 2),
        }  # fmt: skip
        mark(f"{' '.join(words)}: {done.stdout.strip()}{done.stderr.strip()}")
        wait(lambda: self.ear.is_quiet(began), 30)


def mark(text: str) -> None:
    """A line on the serial console, with the machine's clock: so the host knows both clocks."""
    with open("/dev/console", "w", encoding="utf-8") as console:
        console.write(f"\nMARK {time.monotonic():.3f} {text}\n")


def journal(words: str) -> bool:
    return words in run("journalctl", "--boot", "-q", "-o", "cat", "-u", UNITS["vision"], "-u", UNITS["voice"]).stdout


def main_pid(name: str) -> int:
    return int(run("systemctl", "show", "-P", "MainPID", UNITS[name]).stdout or 0)


def spent_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / CLOCK_TICKS


def cost() -> dict[str, dict[str, float]]:
    """Resident memory and share of one core of both processes, over MEASURE_S."""
    pids = {name: main_pid(name) for name in UNITS}
    before, began = {name: spent_s(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(MEASURE_S)
    seconds, found = time.monotonic() - began, {}
    for name, pid in pids.items():
        status = Path(f"/proc/{pid}/status").read_text()
        memory = {key: int(value.split()[0]) for key, _, value in (line.partition(":") for line in status.splitlines())
                  if key in ("VmRSS", "VmHWM", "RssAnon")}  # fmt: skip
        found[name] = {
            "rss_mib": round(memory["VmRSS"] / 1024, 1),
            "rss_anon_mib": round(memory["RssAnon"] / 1024, 1),
            "peak_rss_mib": round(memory["VmHWM"] / 1024, 1),
            "cpu_share": round((spent_s(pid) - before[name]) / seconds, 3),
        }
    return found


def tell(story: Story) -> None:
    """What happens, in order."""
    story.step("started", lambda: run("systemctl", "is-active", "-q", UNITS["vision"]).returncode == 0)
    story.step("announced", lambda: story.ear.is_quiet(0.0, LONG_QUIET_S))
    story.ask("status", "status", "--json")
    story.ask("who", "ask")
    story.ask("last", "repeat")
    story.report["cost"] = cost()
    mark("camera taken away")
    story.report["steps"]["camera_taken"] = round(time.monotonic(), 2)
    run("systemctl", "stop", "device-camera.service")
    story.step("camera_missed", lambda: journal("camera_lost: ") or journal("camera: "), 60)
    time.sleep(6)  # for the words
    story.ask("without_camera", "ask")
    mark("camera given back")
    story.report["steps"]["camera_given"] = round(time.monotonic(), 2)
    run("systemctl", "start", "device-camera.service")
    story.step("camera_back", lambda: journal("camera_lost: over") or journal("camera: over"), 90)
    time.sleep(8)
    story.ask("again", "ask")
    wanted = ("systemctl", "show", "-p", "NRestarts,ActiveState,SubState,Result,StatusText")
    story.report["show"] = {name: run(*wanted, unit).stdout.split("\n") for name, unit in UNITS.items()}
    story.report["running"] = run("systemctl", "is-system-running").stdout.strip()
    story.report["failed"] = run("systemctl", "--failed", "--plain", "--no-legend").stdout
    stopped = time.monotonic()
    run("systemctl", "stop", UNITS["vision"])  # the order of a shutdown: the voice tells it
    story.step("stopped", lambda: story.ear.is_quiet(stopped), 15)
    run("systemctl", "stop", UNITS["voice"])


def main(ear: str, out: str, limit_s: str) -> None:
    story = Story(Ear(ear), float(limit_s))
    mark("story begins")
    try:
        tell(story)
    finally:
        folder = Path(out)
        (folder / "journal.txt").write_text(run("journalctl", "--boot", "-q", "-o", "short-monotonic").stdout)
        run("sh", "-c", f"cp {ear}.raw {ear}.times {out}")
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        story.report["machine"] = {
            "system": release["PRETTY_NAME"].strip('"'), "kernel": os.uname().release, "processor": os.uname().machine,
            "python": ".".join(map(str, sys.version_info[:3])), "cores": os.cpu_count(),
        }  # fmt: skip
        (folder / "report.json").write_text(json.dumps(story.report, indent=1))
        os.sync()
        mark("story ends")


main(*sys.argv[1:4])
