"""Runs in the machine once it is up: waits, stops the camera, starts it again, and writes a report.

Standard library only. Each step waits for its event in the journal or on the sound card, with a limit; an event that
did not come is null in the report, which the test outside checks."""

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
"""Peak of a tenth of a second, of 32767, from which it counts as sound."""
QUIET_S, LONG_QUIET_S = 1.5, 6.0
"""Silence that ends a stretch of sound; and the longest one between two announcements, "Ready." and the first person.
Seconds."""
MEASURE_S = 10.0
"""Time over which the cost of the processes is measured, seconds."""
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
"""Clock ticks a second in /proc/PID/stat."""


def run(*command: str, limit_s: float = 60) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no end within {limit_s} s")


def wait(has_come: Callable[[], bool], limit_s: float) -> bool:
    """Wait until `has_come()`; False: it did not come in time."""
    end_at = time.monotonic() + limit_s
    while time.monotonic() < end_at:
        if has_come():
            return True
        time.sleep(0.5)
    return False


class SoundLog:
    """The sound that the card has played so far, by the peaks in FILE.times of recorder.py."""

    def __init__(self, file: str) -> None:
        self._file = Path(f"{file}.times")

    def stretches(self, since: float = 0.0) -> list[tuple[float, float]]:
        """Beginning and end of each stretch of sound, parted by QUIET_S of silence."""
        found: list[tuple[float, float]] = []
        for line in self._file.read_text().splitlines() if self._file.exists() else ():
            at, _, peak = line.partition(" ")
            if not peak or int(peak) < LOUD or float(at) < since:
                continue
            if found and float(at) - found[-1][1] < QUIET_S:
                found[-1] = found[-1][0], float(at)
            else:
                found.append((float(at) - 0.1, float(at)))
        return found

    def is_quiet(self, since: float = 0.0, quiet_s: float = QUIET_S) -> bool:
        """Whether there was sound since then, followed by quiet_s of silence."""
        stretches = self.stretches(since)
        return bool(stretches) and time.monotonic() - stretches[-1][1] > quiet_s


class Sequence:
    """The steps, and the report on them as it grows."""

    def __init__(self, sounds: SoundLog, limit_s: float) -> None:
        self.sounds, self.limit_s = sounds, limit_s
        self.report: dict[str, Any] = {"steps": {}, "replies": {}}

    def step(self, name: str, has_come: Callable[[], bool], limit_s: float | None = None) -> bool:
        """Wait for an event and note when it came."""
        came = wait(has_come, limit_s or self.limit_s)
        self.report["steps"][name] = round(time.monotonic(), 2) if came else None
        mark(f"{name}: {'there' if came else 'did not come'}")
        return came

    def ask(self, name: str, *arguments: str) -> None:
        """Run a command of the command line; wait until its answer has been spoken too."""
        began = time.monotonic()
        done = run(ASSISTANT, *arguments)
        self.report["replies"][name] = {
            "asked": " ".join(arguments), "rc": done.returncode, "said": done.stdout.strip(),
            "error": done.stderr.strip(), "at": round(began, 2),
        }  # fmt: skip
        mark(f"{' '.join(arguments)}: {done.stdout.strip()}{done.stderr.strip()}")
        wait(lambda: self.sounds.is_quiet(began), 30)


def mark(text: str) -> None:
    """A line on the serial console, with the machine's clock: so the host knows both clocks."""
    with open("/dev/console", "w", encoding="utf-8") as console:
        console.write(f"\nMARK {time.monotonic():.3f} {text}\n")


def journal(text: str) -> bool:
    """Whether a text stands in the journal of the units."""
    return text in run("journalctl", "--boot", "-q", "-o", "cat", "-u", UNITS["vision"], "-u", UNITS["voice"]).stdout


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


def run_all(sequence: Sequence) -> None:
    """All steps, in order."""
    sequence.step("started", lambda: run("systemctl", "is-active", "-q", UNITS["vision"]).returncode == 0)
    sequence.step("announced", lambda: sequence.sounds.is_quiet(0.0, LONG_QUIET_S))
    sequence.ask("status", "status", "--json")
    sequence.ask("who", "ask")
    sequence.ask("last", "repeat")
    sequence.report["cost"] = cost()
    mark("camera stopped")
    sequence.report["steps"]["camera_taken"] = round(time.monotonic(), 2)
    run("systemctl", "stop", "device-camera.service")
    sequence.step("camera_missed", lambda: journal("camera_lost: ") or journal("camera: "), 60)
    time.sleep(6)  # until that is spoken
    sequence.ask("without_camera", "ask")
    mark("camera started")
    sequence.report["steps"]["camera_given"] = round(time.monotonic(), 2)
    run("systemctl", "start", "device-camera.service")
    sequence.step("camera_back", lambda: journal("camera_lost: over") or journal("camera: over"), 90)
    time.sleep(8)
    sequence.ask("again", "ask")
    wanted = ("systemctl", "show", "-p", "NRestarts,ActiveState,SubState,Result,StatusText")
    sequence.report["show"] = {name: run(*wanted, unit).stdout.split("\n") for name, unit in UNITS.items()}
    sequence.report["running"] = run("systemctl", "is-system-running").stdout.strip()
    sequence.report["failed"] = run("systemctl", "--failed", "--plain", "--no-legend").stdout
    stopped = time.monotonic()
    run("systemctl", "stop", UNITS["vision"])  # as in a shutdown: the voice announces it
    sequence.step("stopped", lambda: sequence.sounds.is_quiet(stopped), 15)
    run("systemctl", "stop", UNITS["voice"])


def main(sound_file: str, out: str, limit_s: str) -> None:
    sequence = Sequence(SoundLog(sound_file), float(limit_s))
    mark("sequence begins")
    try:
        run_all(sequence)
    finally:
        folder = Path(out)
        (folder / "journal.txt").write_text(run("journalctl", "--boot", "-q", "-o", "short-monotonic").stdout)
        run("sh", "-c", f"cp {sound_file}.raw {sound_file}.times {out}")
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        sequence.report["machine"] = {
            "system": release["PRETTY_NAME"].strip('"'), "kernel": os.uname().release, "processor": os.uname().machine,
            "python": ".".join(map(str, sys.version_info[:3])), "cores": os.cpu_count(),
        }  # fmt: skip
        (folder / "report.json").write_text(json.dumps(sequence.report, indent=1))
        os.sync()
        mark("sequence ends")


main(*sys.argv[1:4])
