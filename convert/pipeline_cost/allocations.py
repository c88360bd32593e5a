"""Allocations of memory that a frame costs, by stage, counted by memray: native ones, as malloc sees them.

They are counted in a process of its own, on frames that were decoded before. The stage of an allocation is told from
its stack: the lap that comes next in the innermost function that has any.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2

from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.system.child_process import python_command
from assistant.vision import factory
from assistant.vision.cameras.image_health import ImageHealth
from assistant.voice.speech.speech_queue import SpeechQueue
from convert.pipeline_cost.frames import decoded

WARM_UP, COUNTED = 20, 60
"""Frames before the counted ones, in which tracks begin and caches fill, and the counted ones at most."""
LARGE_SHARE = 0.25
"""An allocation of at least this share of a frame's pixels, in bytes, counts as proportional to the frame."""
LAP = re.compile(r'\b_?lap\("(\w+)"\)')
OTHER = "other"
"""Stands for what belongs to no stage of a step."""

Place = tuple[str, str, int]
"""Function, file and line."""


def count(clip: Path) -> dict[str, Any]:
    """Allocations and bytes of a frame, by stage, and the places of those that are proportional to the frame. Raises
    AssistantError where memray is missing, or the clip is too short or cannot be read."""
    command = python_command("-m", "convert.pipeline_cost.allocations", str(clip))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
        raise AssistantError(f"{clip}: the allocations could not be counted: {last}")
    return dict(json.loads(done.stdout))


def main(clip: str) -> None:
    """Run the frames of a clip under memray, and print the report of `count` as JSON."""
    try:
        import memray
    except ImportError:
        sys.exit("memray is missing, which counts them; pip install 'emotion-assistant[profile]'")
    cv2.setNumThreads(1)
    settings = Settings()
    frames = decoded(Path(clip), settings, WARM_UP + COUNTED)
    if len(frames) <= WARM_UP:
        sys.exit(f"{len(frames)} frames; more than {WARM_UP} are needed")
    pipeline, health = factory.make_pipeline(settings), ImageHealth()
    queue = SpeechQueue(lambda utterance, fate, at: None)

    def play(taken: Iterable[Any]) -> None:
        for frame in taken:
            health.update(pipeline.grey(frame) if pipeline.will_search(frame) else None, frame.at)
            step = pipeline.step(frame)
            for utterance in step.utterances:
                queue.put(utterance, frame.at)

    play(frames[:WARM_UP])
    with tempfile.TemporaryDirectory(prefix="emotion-convert-") as folder:
        file = Path(folder) / "allocations.bin"
        with memray.Tracker(file):
            play(frames[WARM_UP:])
        pixels = frames[0].image.shape[0] * frames[0].image.shape[1]
        with memray.FileReader(file) as reader:
            print(json.dumps(_report(reader.get_allocation_records(), len(frames) - WARM_UP, pixels)))


def _report(records: Iterable[Any], frames: int, pixels: int) -> dict[str, Any]:
    counts, sizes = Counter[str](), Counter[str]()
    large: defaultdict[str, Counter[int]] = defaultdict(Counter)
    stacks: dict[int, tuple[str, str]] = {}
    for record in records:
        if not record.size:  # a release
            continue
        if record.stack_id not in stacks:
            stack = [(name, file, line) for name, file, line in record.stack_trace()]
            stacks[record.stack_id] = stage_of(stack), _told(stack)
        stage, place = stacks[record.stack_id]
        counts[stage] += 1
        sizes[stage] += record.size
        if record.size >= LARGE_SHARE * pixels:
            large[f"{stage}: {place}"][record.size] += 1
    return {
        "frames": frames,
        "allocations": round(counts.total() / frames, 1),
        "bytes": round(sizes.total() / frames),
        "stages": {
            stage: {"allocations": round(number / frames, 1), "bytes": round(sizes[stage] / frames)}
            for stage, number in counts.most_common()
        },
        "large_bytes": round(LARGE_SHARE * pixels),
        "large": [
            {"place": place, "bytes": size, "a_frame": round(number / frames, 2)}
            for place, held in sorted(large.items())
            for size, number in sorted(held.items(), reverse=True)
        ],
    }


def stage_of(stack: Sequence[Place]) -> str:
    """The stage of a stack, whose innermost place comes first."""
    for _, file, line in stack:
        for first, last, laps in _functions_with_laps(file):
            if first <= line <= last:
                return next((stage for at, stage in laps if at >= line), OTHER)
        if file.endswith("image_health.py"):
            return "health"
        if file.endswith("speech_queue.py"):
            return "queue"
    return OTHER


@cache
def _functions_with_laps(file: str) -> list[tuple[int, int, list[tuple[int, str]]]]:
    """First and last line of the functions of a file that have laps, and the line and stage of each lap."""
    if "assistant" not in Path(file).parts or not Path(file).is_file():
        return []
    text = Path(file).read_text("utf-8")
    laps = [(number, found[1]) for number, line in enumerate(text.splitlines(), 1) if (found := LAP.search(line))]
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)] if laps else []
    return [
        (node.lineno, node.end_lineno or node.lineno, inside)
        for node in functions
        if (inside := [each for each in laps if node.lineno <= each[0] <= (node.end_lineno or 0)])
    ]


def _told(stack: Sequence[Place]) -> str:
    """The innermost place of a stack that is ours."""
    ours = next((place for place in stack if "assistant" in Path(place[1]).parts), stack[0] if stack else ("?", "?", 0))
    return f"{ours[0]} ({Path(ours[1]).name}:{ours[2]})"


if __name__ == "__main__":
    main(sys.argv[1])
