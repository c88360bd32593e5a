"""Resource usage of a long run: memory, threads, open files; and a clock that runs faster."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

WARM_UP = 0.5
"""Share of a run before memory counts: caches and the allocator's pools are full after it."""
SAMPLES = 200
"""Taken over a run."""


@dataclass
class Outcome:
    """The result of one run."""

    name: str
    count: int
    """Frames, losses or utterances."""
    seconds: float = 0.0
    hours: float = 0.0
    """Of simulated time."""
    mib_per_hour: float = 0.0
    """Slope of the resident memory over the simulated hours after the warm-up."""
    threads: int = 0
    """How many more there are at the end than after the warm-up."""
    files: int = 0
    """How many more are open at the end than after the warm-up."""
    failures: list[str] = field(default_factory=list)
    """Announcements that did not come, and utterances that had not exactly one fate."""
    note: str = ""


class UsageMonitor:
    """Samples the resource usage of a run. Call `sample` as often as you like, `outcome` at its end."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count, self._began = name, count, time.monotonic()
        self._rows: list[tuple[float, float, int, int]] = []
        self._next = 0.0

    def sample(self, done: float, hours: float) -> None:
        """Take a sample if it is due; done: of `count`, after so many simulated hours."""
        if done >= self._next:
            self._next += self._count / SAMPLES
            self._rows.append((hours, _resident(), threading.active_count(), _open_files()))

    def outcome(self, hours: float, failures: list[str], note: str = "") -> Outcome:
        """The result of the run."""
        self._rows.append((hours, _resident(), threading.active_count(), _open_files()))
        rows = np.array(self._rows[int(len(self._rows) * WARM_UP) :], float)
        slope = float(np.polyfit(rows[:, 0], rows[:, 1], 1)[0]) if len(rows) > 2 else 0.0
        threads, files = (int(rows[-1, column] - rows[0, column]) for column in (2, 3))
        spent_s = time.monotonic() - self._began
        return Outcome(self._name, self._count, spent_s, hours, slope, threads, files, failures, note)


def _resident() -> float:
    """Resident memory of this process in MiB, without what is mapped from files, such as the libraries' code, of which
    more is read when it is first needed."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


class FastClock:
    """The machine's clock, `speed` times as fast."""

    def __init__(self, speed: float) -> None:
        self.speed, self._began = speed, time.monotonic()

    def __call__(self) -> float:
        return (time.monotonic() - self._began) * self.speed


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
