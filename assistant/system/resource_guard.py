"""Whether this process uses more memory, open files or threads than in normal operation, read from the kernel.

A slow leak ends in a crash in the middle of a sentence; a new process in a quiet moment is better.
"""

import os
from pathlib import Path

MEMORY_SHARE = 0.8
"""Share of the memory limit beyond which the process counts as grown."""
MIN_MEMORY_LIMIT = 300 * 1024 * 1024
"""Bytes (MemoryMax of the unit). Where the kernel sets no limit, a quarter of the machine's memory is taken for one,
but no less than this."""
MAX_OPEN_FILES, MAX_THREADS = 200, 40 + 2 * (os.cpu_count() or 1)
"""A dozen of either is usual; NumPy and OpenCV start a thread each for every processor."""
SYSTEM, PROCESSES = Path("/sys"), Path("/proc")
"""Where the kernel shows control groups and processes."""


class ResourceGuard:
    """Compares this process with its limits each time that `exceeded` is called."""

    def __init__(self, system: Path | None = None, processes: Path = PROCESSES) -> None:
        """system: where the kernel shows control groups; default: $EMOTION_ASSISTANT_SYS (set by tests), else /sys."""
        self._processes = processes
        self.memory_limit = _memory_limit(system or Path(os.environ.get("EMOTION_ASSISTANT_SYS", SYSTEM)), processes)

    def exceeded(self) -> str:
        """The limit that is exceeded, as text for the log; empty where none is, or the kernel does not tell."""
        own = self._processes / "self"
        try:
            memory = int((own / "statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
            files, threads = len([*(own / "fd").iterdir()]), len([*(own / "task").iterdir()])
        except (OSError, ValueError, IndexError):
            return ""
        if memory > MEMORY_SHARE * self.memory_limit:
            return f"{memory >> 20} MiB of memory of at most {self.memory_limit >> 20}"
        if files > MAX_OPEN_FILES:
            return f"{files} open files"
        return f"{threads} threads" if threads > MAX_THREADS else ""


def _memory_limit(system: Path, processes: Path) -> int:
    """Bytes of memory that this process may have: the lowest limit of its control group and of those above it."""
    limits = []
    for group in _control_groups(processes):
        try:
            limits.append(int((system / "fs/cgroup" / group / "memory.max").read_text("ascii")))
        except (OSError, ValueError):  # the word is "max" where there is no limit
            continue
    return (
        min(limits) if limits else max(MIN_MEMORY_LIMIT, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 4)
    )


def _control_groups(processes: Path) -> list[str]:
    """The control group of this process and all above it, as paths below the root; see cgroups(7), version 2."""
    try:
        lines = (processes / "self" / "cgroup").read_text("utf-8").splitlines()
    except OSError:
        return ["."]
    path = Path(next((line[3:] for line in lines if line.startswith("0::")), "/").lstrip("/"))
    return [str(path), *map(str, path.parents)]
