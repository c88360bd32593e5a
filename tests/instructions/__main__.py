"""`make gate`: fails where the assistant takes more instructions than it did, or a step more beside its unavoidable
calls.

Three counts are compared with record.json, each with TOLERANCE: the ratio of a step to its calls, measured in the same
run, everywhere; a step's own count and that of a whole `replay` where OpenCV, LiteRT, NumPy, Python and the
processor's features are those of the record. Elsewhere these two are compared with those of the commit that the record
was made at, which is measured now, in the same environment.

    python -m tests.instructions [--record] [--json] [--burden N]

--record writes what is measured as the new record. --burden adds N additions to each step, to see the gate fail.
"""

import argparse
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from convert.pipeline_cost import instructions

ROOT = Path(__file__).parents[2]
RECORD = Path(__file__).with_name("record.json")
CLIPS = ("one-person-signing-help.mkv", "two-people-head-pose.mp4")
REPLAYED = "one-person-smiling.mp4"
"""The clip of which a whole `replay` is counted, with its start."""
TOLERANCE = 0.03
"""So much more than the record says may be taken: one way and another through an allocator is 0.5 %."""
FEATURES = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "asimddp")
"""Features of processors by which OpenCV and XNNPACK choose their code."""


def environment() -> dict[str, str]:
    """What the counts depend on beside this program."""
    packages = {name: version(name) for name in ("ai-edge-litert", "numpy", "opencv-python-headless")}
    cpu = Path("/proc/cpuinfo")
    words = set(cpu.read_text("utf-8").split()) if cpu.is_file() else set()
    features = " ".join(each for each in FEATURES if each in words)
    return {"python": platform.python_version(), "machine": platform.machine(), "features": features, **packages}


def compare(measured: dict[str, Any], record: dict[str, Any], *, is_same_environment: bool) -> list[str]:
    """What a clip's count is worse in than its record."""
    compared = ("ratio", "step_million", "replay_million") if is_same_environment else ("ratio",)
    return [
        f"{measured['clip']}: {name} {measured[name]:.4g}, more than {record[name]:.4g} by "
        f"{measured[name] / record[name] - 1:.1%}; {TOLERANCE:.0%} is allowed"
        for name in compared
        if name in record and measured[name] > record[name] * (1 + TOLERANCE)
    ]


def measure(folder: Path, burden: int) -> list[dict[str, Any]]:
    """The counts of all clips."""
    steps = [instructions.count(folder / clip, burden) for clip in CLIPS]
    return [*steps, instructions.count_replay(folder / REPLAYED)]


def measure_base() -> list[dict[str, Any]] | None:
    """The counts of the commit that the record was made at, in this environment; None where there is no git or no
    history."""
    git = ("git", "-C", str(ROOT))
    record = str(RECORD.relative_to(ROOT))
    try:
        asked = [*git, "log", "-1", "--format=%H", "--", record]
        commit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
        archive = subprocess.run([*git, "archive", commit], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(folder, filter="data")
        print(f"gate: other versions than the record's: its commit {commit[:10]} is measured too")
        command = [sys.executable, "-m", "tests.instructions", "--json"]
        done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=False)
        return list(json.loads(done.stdout)) if done.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.instructions")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--burden", type=int, default=0)
    options = parser.parse_args()
    folder = os.environ.get("EMOTION_VIDEOS")
    if not folder:
        print("gate: skipped: EMOTION_VIDEOS names no folder: it holds the clips")
        return 0
    if shutil.which("valgrind") is None:
        print("gate: skipped: valgrind is missing, which counts the instructions: sudo apt install valgrind")
        return 0
    measured = measure(Path(folder), options.burden)
    if options.json:
        print(json.dumps(measured))
        return 0
    for each in measured:
        print(f"gate: {each['clip']}: {told(each)}")
    if options.record:
        RECORD.write_text(json.dumps({"environment": environment(), "clips": measured}, indent=1) + "\n", "utf-8")
        return 0
    record = json.loads(RECORD.read_text("utf-8"))
    is_same, known = record["environment"] == environment(), record["clips"]
    if not is_same:
        base = measure_base()
        is_same, known = base is not None, base or known
    if not is_same:
        print("gate: other versions than the record's, and its commit cannot be measured: only the ratios are compared")
    by_clip = {each["clip"]: each for each in known}
    worse = [line for each in measured for line in compare(each, by_clip[each["clip"]], is_same_environment=is_same)]
    print("\n".join(worse) or "gate: not slower than the record")
    return 1 if worse else 0


def told(count: dict[str, Any]) -> str:
    """A count in words."""
    if "replay_million" in count:
        return f"{count['replay_million']:.0f} million instructions a replay, with its start"
    return f"{count['step_million']:.2f} million instructions a step, {count['ratio']:.3f} times those of its calls"


if __name__ == "__main__":
    sys.exit(main())
