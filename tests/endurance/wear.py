"""What a long run may use up: memory, threads, open files; and a clock that runs faster."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

WARM_UP = 0.5
"""Share of a run after which memory counts: caches and the allocator's pools are full then."""
SAMPLES = 200


@dataclass
class Outcome:
    """What came of one run. hours: simulated; mib_per_hour: slope of the resident memory over these, after the
    warm-up; threads, files: more of them at the end than after the warm-up; silent: what was not said, or not ended."""

    name: str
    count: int
    seconds: float = 0.0
    hours: float = 0.0
    mib_per_hour: float = 0.0
    threads: int = 0
    files: int = 0
    silent: list[str] = field(default_factory=list)
    remark: str = ""


class Wear:
    """Samples what a run uses. Call `look` as often as you like, `outcome` at its end."""

    def __init__(self, name: str, count: int) -> None:
        self._name, self._count, self._began = name, count, time.monotonic()
        self._rows: list[tuple[float, float, int, int]] = []
        self._next = 0.0

    def look(self, done: float, hours: float) -> None:
        """So many of `count` are done, after so many simulated hours."""
        if done >= self._next:
            self._next += self._count / SAMPLES
            self._rows.append((hours, _resident(), threading.active_count(), _open_files()))

    def outcome(self, hours: float, silent: list[str], remark: str = "") -> Outcome:
        """What it came to."""
        self._rows.append((hours, _resident(), threading.active_count(), _open_files()))
        rows = np.array(self._rows[int(len(self._rows) * WARM_UP) :], float)
        slope = float(np.polyfit(rows[:, 0], rows[:, 1], 1)[0]) if len(rows) > 2 else 0.0
        threads, files = (int(rows[-1, column] - rows[0, column]) for column in (2, 3))
        spent_s = time.monotonic() - self._began
        return Outcome(self._name, self._count, spent_s, hours, slope, threads, files, silent, remark)


def _resident() -> float:
    """Resident memory of this process in MiB, without what is mapped from files: that is the libraries' code, of which
    more is read when it is first needed."""
    lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:")) / 1024


class FastClock:
    """The machine's clock, so many times as fast."""

    def __init__(self, speed: float) -> None:
        self.speed, self._began = speed, time.monotonic()

    def __call__(self) -> float:
        return (time.monotonic() - self._began) * self.speed


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())
