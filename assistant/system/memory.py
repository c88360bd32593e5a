"""Gives memory back to the system: pages of libraries that the start alone needed, and what was freed.

Of the 42 MB of library files that the vision process has mapped once it is ready, it reads 18 again: the rest are
symbol tables, relocations and initializers, and what the kernel mapped beside them. The kernel would drop them where
memory is short; here they leave at once, and count no longer as this process's memory. Pages that are needed after all
are mapped again from the kernel's cache: 20 ms in all, once.
"""

import contextlib
import re
from pathlib import Path

MAPPING = re.compile(r"([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +/")
"""A mapping of a file in /proc/PID/smaps that cannot be written: its first and its last address."""
ANY_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ ")
ANONYMOUS = re.compile(r"Anonymous: +([0-9]+) kB")
MADV_DONTNEED = 4
"""Of madvise(2)."""
UNABLE = OSError, ImportError, AttributeError, MemoryError
"""How a system shows that it has none of this: `ctypes` raises MemoryError where no memory may be made executable."""


def release_start_pages() -> None:
    """Unmap the pages of this process that are as they are in their files; does nothing on a system without them."""
    with contextlib.suppress(*UNABLE):
        text = Path("/proc/self/smaps").read_text("utf-8", "replace")
        import ctypes

        madvise = ctypes.CDLL(None).madvise
        for first, end in _unchanged(text):
            madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), MADV_DONTNEED)


def trim_heap() -> None:
    """Have the C library give back what was freed: once it has seen large blocks, it keeps them. Does nothing where
    it is none that can."""
    with contextlib.suppress(*UNABLE):
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)


def _unchanged(smaps: str) -> list[tuple[int, int]]:
    """The addresses of the mappings of files in which no page was changed: those that were, with addresses that the
    linker has written, would be lost."""
    found: list[tuple[int, int]] = []
    mapping: tuple[int, int] | None = None
    for line in smaps.splitlines():
        if ANY_MAPPING.match(line):
            begins = MAPPING.match(line)
            mapping = (int(begins[1], 16), int(begins[2], 16)) if begins else None
        elif mapping and (held := ANONYMOUS.match(line)) and held[1] == "0":
            found.append(mapping)
    return found
