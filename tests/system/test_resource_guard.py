"""A process that grows is known before it dies, and one that is well is left alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.system.resource_guard import LEAST_CAP, MOST_FILES, MOST_THREADS, Guard

PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """What the kernel shows of a process in the group a/b, of which a may have 100 MiB."""
    own = tmp_path / "proc/self"
    for name in ("fd", "task"):
        (own / name).mkdir(parents=True)
    (own / "cgroup").write_text("12:memory:/old\n0::/a/b\n")
    for group, limit in (("a", str(100 << 20)), ("a/b", "max")):
        folder = tmp_path / "sys/fs/cgroup" / group
        folder.mkdir(parents=True)
        (folder / "memory.max").write_text(f"{limit}\n")
    fill(tmp_path, memory=50 << 20)
    return tmp_path


def fill(kernel: Path, *, memory: int = 0, files: int = 0, threads: int = 0) -> None:
    own = kernel / "proc/self"
    (own / "statm").write_text(f"99999 {memory // PAGE} 1 1 0 1 0\n")
    for name, count in (("fd", files), ("task", threads)):
        for number in range(count):
            (own / name / str(number)).touch()


def guard(kernel: Path) -> Guard:
    return Guard(kernel / "sys", kernel / "proc")


def test_the_least_of_the_limits_above_a_process_counts(kernel: Path) -> None:
    assert guard(kernel).cap == 100 << 20
    (kernel / "sys/fs/cgroup/a/b/memory.max").write_text(str(60 << 20))
    assert guard(kernel).cap == 60 << 20


def test_without_a_limit_it_is_what_the_unit_may_have_or_a_quarter_of_the_machine(kernel: Path) -> None:
    (kernel / "sys/fs/cgroup/a/memory.max").write_text("max\n")
    assert guard(kernel).cap == max(LEAST_CAP, os.sysconf("SC_PHYS_PAGES") * PAGE // 4)
    (kernel / "proc/self/cgroup").unlink()
    assert guard(kernel).cap >= LEAST_CAP


@pytest.mark.parametrize(
    ("grown", "told"),
    [
        ({"memory": 79 << 20}, ""),
        ({"memory": 81 << 20}, "81 MiB of memory of at most 100"),
        ({"memory": 1 << 20, "files": MOST_FILES}, ""),
        ({"memory": 1 << 20, "files": MOST_FILES + 1}, f"{MOST_FILES + 1} open files"),
        ({"memory": 1 << 20, "threads": MOST_THREADS}, ""),
        ({"memory": 1 << 20, "threads": MOST_THREADS + 1}, f"{MOST_THREADS + 1} threads"),
    ],
)
def test_what_there_is_too_much_of(kernel: Path, grown: dict[str, int], told: str) -> None:
    fill(kernel, **grown)
    assert guard(kernel).trouble() == told


def test_where_the_kernel_does_not_tell_nothing_is_said(tmp_path: Path, kernel: Path) -> None:
    assert Guard(tmp_path / "none", tmp_path / "none").trouble() == ""
    (kernel / "proc/self/statm").write_text("nonsense")
    assert guard(kernel).trouble() == ""


def test_a_process_is_seen_as_it_is() -> None:
    """In one of its own: this one is as large as the tests before have made it."""
    code = (
        "import pathlib, threading; from assistant.system.resource_guard import MOST_THREADS, Guard\n"
        "guard, release = Guard(pathlib.Path('/nonexistent')), threading.Event()\n"
        "print(guard.trouble() or 'well')\n"
        "for _ in range(MOST_THREADS): threading.Thread(target=release.wait).start()\n"
        "print(guard.trouble() or 'well'); release.set()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["well", f"{MOST_THREADS + 1} threads"]
