"""What an engine may use: memory, by a limit that holds without control groups too, and its place when memory ends.

The units set MemoryMax and OOMScoreAdjust; Raspberry Pi OS starts its kernel without memory control groups, and a
desktop has no unit.
"""

import contextlib
import os
import resource
from pathlib import Path

from assistant.skills.session import SkillName

MEMORY_LIMITS: dict[SkillName, int] = {
    SkillName.FRIENDS: 300 << 20,
    SkillName.THINGS: 300 << 20,
    SkillName.DESCRIBE: 4000 << 20,
    SkillName.READ: 900 << 20,
}
"""Bytes that each engine may allocate, as MemoryMax of its unit. Measured (resident at the peak, x86-64): friends with
SFace 186 MiB, things 98 to 105, reading with Tesseract 115, with rapidocr 322 for a picture of 640x480 pixels and 672
for one of 1920x1080, the largest that a camera is asked for. The engine of describing runs the program of
describe.command: small vision-language models need 2 to 3 GB."""
MEMORY_SHARE = 0.6
"""No engine may allocate more than this share of the machine's memory: the expression loop and the system need the
rest."""
OOM_SCORE = 800
"""Of 1000: when memory ends, the kernel ends an engine before all else. As OOMScoreAdjust of the units."""
NICE = 5
"""The expression loop comes first where processors are short. As Nice of the units."""
PROCESSES = Path("/proc")
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "2"}
"""Each thread of OpenBLAS allocates 32 MB at its start, which count; OpenMP starts a thread for each processor, and the
expression loop needs some of them."""


def memory_limit(skill: SkillName, machine_bytes: int | None = None) -> int:
    """Bytes that an engine may allocate on a machine with so much memory; None: on this one."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if machine_bytes is None else machine_bytes
    return min(MEMORY_LIMITS[skill], int(MEMORY_SHARE * total))


def set_limits(limit_bytes: int, processes: Path = PROCESSES) -> None:
    """Limit what this process, and each that it starts, may allocate, forbid core dumps, and have it ended first when
    memory ends and run last when processors are short, as far as the system allows it. Call it before the
    libraries are imported."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    for kind, limit in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_DATA, limit_bytes)):
        with contextlib.suppress(OSError, ValueError):
            highest = resource.getrlimit(kind)[1]
            allowed = limit if highest == resource.RLIM_INFINITY else min(limit, highest)
            resource.setrlimit(kind, (allowed, allowed))
    with contextlib.suppress(OSError):  # the unit forbids the call, and has done it already
        os.nice(max(0, NICE - os.getpriority(os.PRIO_PROCESS, 0)))
    score = processes / "self" / "oom_score_adj"
    with contextlib.suppress(OSError, ValueError):
        score.write_text(str(max(OOM_SCORE, int(score.read_text("ascii")))), "ascii")
