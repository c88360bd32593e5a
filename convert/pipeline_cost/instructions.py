"""Instructions of a step and of its unavoidable calls, counted by valgrind: they do not depend on the machine's load.

Three processes run the same frames; what a process does beside them, its start above all, falls out of the differences:

    A  the first WARM_UP frames            step  = (B - A) / frames
    B  those and the counted ones          calls = (C - B) / frames
    C  the same, and the unavoidable calls of the counted ones after each step

valgrind runs the machine's code as a processor without AVX-512 would: counts compare programs, not machines.
"""

import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.system.child_process import english_environment, python_command
from assistant.system.progress import track
from assistant.vision import factory
from convert.pipeline_cost.frames import decoded
from convert.pipeline_cost.network_calls import BareCalls, recorded_calls

WARM_UP, COUNTED = 10, 10
"""Frames before the counted ones, in which tracks begin and caches fill, and the counted ones."""
COLLECTED = re.compile(r"Collected\s*:\s*(\d+)")
LIMIT_S = 900.0
"""Seconds for one process: valgrind takes a minute for what takes a second."""


def count(clip: Path, burden: int = 0) -> dict[str, Any]:
    """Instructions of a step and of its calls, in millions a frame, and their ratio. Raises AssistantError where there
    is no valgrind, or a process fails.

    burden: additions that are made beside each step, to see what a slow-down does to the figures.
    """
    _check_valgrind()
    with ThreadPoolExecutor(2) as pool:
        runs = ((0, 0), (COUNTED, 0), (COUNTED, 1))
        counts = pool.map(lambda run: _collected(clip, run[0], run[1], burden), runs)
        begun, stepped, called = [
            each for _, each in zip(track(runs, "instructions", "processes"), counts, strict=True)
        ]
    step, calls = (stepped - begun) / COUNTED / 1e6, (called - stepped) / COUNTED / 1e6
    return {
        "clip": clip.name,
        "frames": COUNTED,
        "step_million": round(step, 3),
        "calls_million": round(calls, 3),
        "ratio": round(step / calls, 4),
    }


def count_replay(clip: Path) -> dict[str, Any]:
    """Instructions of `emotion-assistant replay CLIP`, in millions, from its start to its end. Raises
    AssistantError."""
    _check_valgrind()
    program = ("-m", "assistant", "replay", str(clip))
    subprocess.run(python_command(*program), capture_output=True, check=False)  # so that all modules are compiled
    return {"clip": clip.name, "replay_million": round(_of_program(clip, *program) / 1e6, 1)}


def _check_valgrind() -> None:
    if shutil.which("valgrind") is None:
        raise AssistantError("valgrind is missing, which counts the instructions: sudo apt install valgrind")


def _collected(clip: Path, frames: int, with_calls: int, burden: int) -> int:
    numbers = map(str, (frames, with_calls, burden))
    return _of_program(clip, "-m", "convert.pipeline_cost.instructions", str(clip), *numbers)


def _of_program(clip: Path, *arguments: str) -> int:
    """Instructions of a process of this Python with these arguments."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *python_command(*arguments)]
    # A fixed seed of the hashes: else sets and dictionaries take other ways in each process. One thread of the decoder:
    # several wait for each other, now longer, now shorter.
    fixed = {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OPENCV_FFMPEG_CAPTURE_OPTIONS": "threads;1"}
    environment = {**english_environment(), **fixed}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False, env=environment)
    found = COLLECTED.search(done.stderr)
    if done.returncode or found is None:
        last = done.stderr.strip().rpartition("\n")[2]
        raise AssistantError(f"{clip}: the instructions could not be counted: {last}")
    return int(found[1])


def main(clip: str, frames: int, *, with_calls: bool, burden: int) -> None:
    """What one of the three processes does."""
    cv2.setNumThreads(1)
    settings = with_source(Settings(), clip)
    pipeline, taken = factory.make_pipeline(settings), decoded(Path(clip), settings, WARM_UP + COUNTED)
    if len(taken) < WARM_UP + COUNTED:
        sys.exit(f"{clip}: {len(taken)} frames; {WARM_UP + COUNTED} are needed")
    bare = BareCalls(settings.detector.long_side)
    with recorded_calls() as calls:
        for number, frame in enumerate(taken[: WARM_UP + frames]):
            calls.clear()
            pipeline.step(frame)
            sum(range(burden))
            if with_calls and number >= WARM_UP:
                bare.networks(bare.grey(frame), list(calls))
    print(json.dumps({"frames": frames}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), with_calls=sys.argv[3] == "1", burden=int(sys.argv[4]))
