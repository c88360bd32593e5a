"""Whether this process has grown as none does that is well: memory, open files, threads, read from the kernel.

What leaks slowly ends in a crash in the middle of a sentence; a new process in a quiet moment is better.
"""

import os
from pathlib import Path

SHARE = 0.8
"""Of the memory that it may have; beyond it the end is near."""
LEAST_CAP = 300 * 1024 * 1024
"""Bytes that a process may have at least (MemoryMax of the unit), where the kernel sets no limit; else a quarter of the
machine's."""
MOST_FILES, MOST_THREADS = 200, 40 + 2 * (os.cpu_count() or 1)
"""A dozen of either is usual; NumPy and OpenCV start a thread each for every processor."""
SYSTEM, PROCESSES = Path("/sys"), Path("/proc")


class Guard:
    """Looks when it is asked. system: where the kernel shows its control groups, $EMOTION_ASSISTANT_SYS in tests."""

    def __init__(self, system: Path | None = None, processes: Path = PROCESSES) -> None:
        self._processes = processes
        self.cap = _cap(system or Path(os.environ.get("EMOTION_ASSISTANT_SYS", SYSTEM)), processes)

    def trouble(self) -> str:
        """What there is too much of, empty where all is well or the kernel does not tell."""
        own = self._processes / "self"
        try:
            memory = int((own / "statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
            files, threads = len([*(own / "fd").iterdir()]), len([*(own / "task").iterdir()])
        except (OSError, ValueError, IndexError):
            return ""
        if memory > SHARE * self.cap:
            return f"{memory >> 20} MiB of memory of at most {self.cap >> 20}"
        if files > MOST_FILES:
            return f"{files} open files"
        return f"{threads} threads" if threads > MOST_THREADS else ""


def _cap(system: Path, processes: Path) -> int:
    """Bytes of memory that this process may have, the least of what its control group and those above it allow."""
    limits = []
    for group in _groups(processes):
        try:
            limits.append(int((system / "fs/cgroup" / group / "memory.max").read_text("ascii")))
        except (OSError, ValueError):  # the word is "max" where there is none
            continue
    return min(limits) if limits else max(LEAST_CAP, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)


def _groups(processes: Path) -> list[str]:
    """The control group of this process and all above it, as paths below the root; see cgroups(7), version 2."""
    try:
        lines = (processes / "self" / "cgroup").read_text("utf-8").splitlines()
    except OSError:
        return ["."]
    path = Path(next((line[3:] for line in lines if line.startswith("0::")), "/").lstrip("/"))
    return [str(path), *map(str, path.parents)]
