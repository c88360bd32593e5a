"""The resource guard: a process that grows is noticed before it crashes, and no other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.system.resource_guard import MAX_OPEN_FILES, MAX_THREADS, MIN_MEMORY_LIMIT, ResourceGuard

PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """The kernel's files of a process in the control group a/b, where a is limited to 100 MiB."""
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


def guard(kernel: Path) -> ResourceGuard:
    return ResourceGuard(kernel / "sys", kernel / "proc")


def test_the_lowest_limit_of_the_control_groups_counts(kernel: Path) -> None:
    assert guard(kernel).memory_limit == 100 << 20
    (kernel / "sys/fs/cgroup/a/b/memory.max").write_text(str(60 << 20))
    assert guard(kernel).memory_limit == 60 << 20


def test_without_a_limit_it_is_that_of_the_unit_or_a_quarter_of_the_machine(kernel: Path) -> None:
    (kernel / "sys/fs/cgroup/a/memory.max").write_text("max\n")
    assert guard(kernel).memory_limit == max(MIN_MEMORY_LIMIT, os.sysconf("SC_PHYS_PAGES") * PAGE // 4)
    (kernel / "proc/self/cgroup").unlink()
    assert guard(kernel).memory_limit >= MIN_MEMORY_LIMIT


@pytest.mark.parametrize(
    ("grown", "reason"),
    [
        ({"memory": 79 << 20}, ""),
        ({"memory": 81 << 20}, "81 MiB of memory of at most 100"),
        ({"memory": 1 << 20, "files": MAX_OPEN_FILES}, ""),
        ({"memory": 1 << 20, "files": MAX_OPEN_FILES + 1}, f"{MAX_OPEN_FILES + 1} open files"),
        ({"memory": 1 << 20, "threads": MAX_THREADS}, ""),
        ({"memory": 1 << 20, "threads": MAX_THREADS + 1}, f"{MAX_THREADS + 1} threads"),
    ],
)
def test_the_limit_that_is_exceeded_is_named(kernel: Path, grown: dict[str, int], reason: str) -> None:
    fill(kernel, **grown)
    assert guard(kernel).exceeded() == reason


def test_without_figures_of_the_kernel_nothing_is_exceeded(tmp_path: Path, kernel: Path) -> None:
    assert ResourceGuard(tmp_path / "none", tmp_path / "none").exceeded() == ""
    (kernel / "proc/self/statm").write_text("nonsense")
    assert guard(kernel).exceeded() == ""


def test_a_real_process() -> None:
    """In one of its own: this one is as large as the tests before have made it."""
    code = (
        "import pathlib, threading; from assistant.system.resource_guard import MAX_THREADS, ResourceGuard\n"
        "guard, release = ResourceGuard(pathlib.Path('/nonexistent')), threading.Event()\n"
        "print(guard.exceeded() or 'well')\n"
        "for _ in range(MAX_THREADS): threading.Thread(target=release.wait).start()\n"
        "print(guard.exceeded() or 'well'); release.set()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["well", f"{MAX_THREADS + 1} threads"]
