"""`make gate`: fails where a step of the pipeline takes more instructions than it did, beside its unavoidable calls.

Two counts are compared with record.json, each with TOLERANCE: the ratio of a step to its calls, measured in the same
run, everywhere; the step's own count where OpenCV, LiteRT, NumPy, Python and the processor are those of the record.

    python -m tests.instructions [--record] [--burden N]

--record writes what is measured as the new record. --burden adds N additions to each step, to see the gate fail.
"""

import argparse
import json
import os
import platform
import shutil
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from convert.pipeline_cost import instructions

RECORD = Path(__file__).with_name("record.json")
CLIPS = ("one-person-signing-help.mkv", "two-people-head-pose.mp4")
TOLERANCE = 0.03
"""A step may take so much more than the record says: one way and another through an allocator is 0.5 %."""


def environment() -> dict[str, str]:
    """What the count of a step depends on beside this program."""
    packages = {name: version(name) for name in ("ai-edge-litert", "numpy", "opencv-python-headless")}
    return {"python": platform.python_version(), "machine": platform.machine(), **packages}


def compare(measured: dict[str, Any], record: dict[str, Any], *, is_same_environment: bool) -> list[str]:
    """What a clip's count is worse in than its record."""
    compared = ("ratio", "step_million") if is_same_environment else ("ratio",)
    return [
        f"{measured['clip']}: {name} {measured[name]:.4g}, more than {record[name]:.4g} by "
        f"{measured[name] / record[name] - 1:.1%}; {TOLERANCE:.0%} is allowed"
        for name in compared
        if measured[name] > record[name] * (1 + TOLERANCE)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests.instructions")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--burden", type=int, default=0)
    options = parser.parse_args()
    folder = os.environ.get("EMOTION_VIDEOS")
    if not folder:
        print("gate: skipped: EMOTION_VIDEOS names no folder: it holds the clips")
        return 0
    if shutil.which("valgrind") is None:
        print("gate: skipped: valgrind is missing, which counts the instructions: sudo apt install valgrind")
        return 0
    measured = [instructions.count(Path(folder) / clip, options.burden) for clip in CLIPS]
    for each in measured:
        print(
            f"gate: {each['clip']}: {each['step_million']:.2f} million instructions a step, "
            f"{each['ratio']:.3f} times those of its calls"
        )
    if options.record:
        RECORD.write_text(json.dumps({"environment": environment(), "clips": measured}, indent=1) + "\n", "utf-8")
        return 0
    record = json.loads(RECORD.read_text("utf-8"))
    is_same = record["environment"] == environment()
    if not is_same:
        print("gate: other versions than the record's: only the ratios are compared")
    known = {each["clip"]: each for each in record["clips"]}
    worse = [line for each in measured for line in compare(each, known[each["clip"]], is_same_environment=is_same)]
    print("\n".join(worse) or "gate: not slower than the record")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
