"""Pages that only the start needed are given back, and whatever was loaded goes on working."""

import importlib.abc
import subprocess
import sys

import pytest

from assistant.system import memory

PROGRAM = """
from pathlib import Path
import cv2, numpy as np
from assistant.system.memory import release_start_pages

def resident_kib():
    kib = dict(line.split(":") for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
    return int(kib["Rss"].split()[0]) - int(kib["Anonymous"].split()[0])

picture = np.arange(64 * 64, dtype=np.uint16).astype(np.uint8).reshape(64, 64)
expected = cv2.resize(picture, (32, 32)).tobytes(), np.linalg.inv(np.eye(3) * 2).tobytes()
before = resident_kib()
release_start_pages()
after = resident_kib()
assert (cv2.resize(picture, (32, 32)).tobytes(), np.linalg.inv(np.eye(3) * 2).tobytes()) == expected
print(before, after)
"""
SMAPS = """\
1000-2000 r--p 00000000 08:01 11                         /usr/lib/a b.so
Size:                  4 kB
Anonymous:             0 kB
2000-3000 r-xp 00001000 08:01 11                         /usr/lib/a b.so
Anonymous:             0 kB
3000-4000 r--p 00002000 08:01 11                         /usr/lib/a b.so
Anonymous:             8 kB
4000-5000 rw-p 00003000 08:01 11                         /usr/lib/a b.so
Anonymous:             0 kB
5000-6000 r--s 00000000 08:01 12                         /dev/shm/x
Anonymous:             0 kB
6000-7000 r-xp 00000000 00:00 0                          [vdso]
Anonymous:             0 kB
7000-8000 r--p 00000000 00:00 0
Anonymous:             0 kB
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/self/smaps is Linux's")
def test_resident_pages_of_files_are_fewer_and_libraries_work() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    before, after = map(int, done.stdout.split())
    assert after < before / 2


def test_only_mappings_of_files_that_cannot_be_and_were_not_changed_are_taken() -> None:
    assert memory._unchanged(SMAPS) == [(0x1000, 0x2000), (0x2000, 0x3000)]


def test_a_system_without_proc_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.Path, "read_text", lambda *_: (_ for _ in ()).throw(FileNotFoundError))
    memory.release_start_pages()


def test_freed_blocks_leave_the_process() -> None:
    program = (
        "import ctypes; from pathlib import Path; from assistant.system.memory import trim_heap\n"
        "kib = lambda: int(Path('/proc/self/smaps_rollup').read_text().split('Anonymous:')[1].split()[0])\n"
        "libc = ctypes.CDLL(None); libc.malloc.restype = ctypes.c_void_p; libc.malloc.argtypes = [ctypes.c_size_t]\n"
        "libc.free.argtypes = [ctypes.c_void_p]\n"
        "blocks = [libc.malloc(100_000) for _ in range(200)]; [ctypes.memset(block, 1, 100_000) for block in blocks]\n"
        "last = libc.malloc(1000); [libc.free(block) for block in blocks]\n"
        "before = kib(); trim_heap(); print(before - kib())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 10_000


def test_a_system_on_which_nothing_may_be_made_executable_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """ctypes makes a callback while it is imported; a hardened kernel refuses the memory for it."""

    class Refusing(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, *_: object) -> None:
            if name == "ctypes":
                raise MemoryError

    monkeypatch.delitem(sys.modules, "ctypes", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Refusing(), *sys.meta_path])
    memory.trim_heap()
    memory.release_start_pages()
