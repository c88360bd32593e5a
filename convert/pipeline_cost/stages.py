"""Milliseconds of each stage of a frame, the share of a core, and the ratio of a step to its unavoidable calls.

Steps and calls are timed in turn, frame by frame in the same process, so that other load on the machine affects both
alike, and in the same way: once a frame, after that frame was decoded, with the image health between grey and the rest.
The calls have a camera of their own for that. Called a second time at once they find everything in the processor's
caches, which no step does; that time is told as well. Milliseconds do not carry over to another board; the ratio does
so better.
"""

import contextlib
import datetime
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.records import Frame
from assistant.system.progress import track
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.image_health import ImageHealth
from assistant.vision.stage_profile import in_order, shares_of
from assistant.vision.stage_times import StageTimes
from assistant.vision.step import Work
from assistant.voice.speech.speech_queue import SpeechQueue
from convert.machine import board, machine
from convert.pipeline_cost.network_calls import BareCalls, NetworkCall, recorded_calls

MAX_FRAMES = 400
"""Frames of a clip that are measured at most."""
WARM_UP = 10
"""Frames that are not measured: tracks begin, and caches fill."""
BAR_WIDTH = 30


def measure(clip: Path, settings: Settings | None = None) -> dict[str, Any]:
    """The cost of a clip's frames. Raises AssistantError for a clip that cannot be read."""
    cv2.setNumThreads(1)
    settings = with_source(settings or Settings(), clip)
    pipeline, health = factory.make_pipeline(settings), ImageHealth()
    bare, bare_health = BareCalls(settings.detector.long_side), ImageHealth()
    queue = SpeechQueue(lambda utterance, fate, at: None)
    stages: dict[str, list[float]] = {}
    step_ms: list[float] = []
    calls_ms: list[float] = []
    again_ms: list[float] = []
    all_ms, work = 0.0, list[Work]()
    with (
        contextlib.closing(open_camera(settings.camera)) as camera,
        contextlib.closing(open_camera(settings.camera)) as bare_camera,
        recorded_calls() as calls,
    ):
        for number in track(range(MAX_FRAMES), "pipeline", "frames"):
            times = StageTimes()
            frame = camera.read()
            if frame is None:
                break
            times.lap("decode")
            calls.clear()
            step_cpu = _CpuTime()
            with step_cpu:
                is_new = pipeline.will_search(frame)
            times.skip()
            health.update(pipeline.grey(frame) if is_new else None, frame.at)
            times.lap("health")
            with step_cpu:
                step = pipeline.step(frame)
            times.skip()
            for utterance in step.utterances:
                queue.put(utterance, frame.at)
            times.lap("queue")
            made, same = list(calls), bare_camera.read()
            if same is None:
                break
            once_ms, twice_ms = _bare_ms(bare, bare_health, same, made)
            if number < WARM_UP:
                continue
            work.append(step.work)
            all_ms += step_cpu.ms
            if step.is_skipped:
                continue
            step_ms.append(step_cpu.ms)
            calls_ms.append(once_ms)
            again_ms.append(twice_ms)
            for stage, ms in {**step.stage_ms, **times.ms}.items():
                stages.setdefault(stage, []).append(ms)
    if not step_ms:
        raise AssistantError(f"{clip}: too short: its first {WARM_UP} frames are not measured")
    fps = settings.camera.fps
    processed, searched, read = (sum(done) for done in zip(*work, strict=True))
    return {
        "clip": clip.name,
        "frames": len(work),
        "processed": processed,
        "searched": searched,
        "read": read,
        "board": board() or None,
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "fps": fps,
        "step_cpu_ms": _spread(step_ms),
        "calls_cpu_ms": _spread(calls_ms),
        "ratio": round(statistics.median(step_ms) / statistics.median(calls_ms), 3),
        "calls_again_cpu_ms": _spread(again_ms),
        "ratio_again": round(statistics.median(step_ms) / statistics.median(again_ms), 3),
        "core_share": round(all_ms / len(work) * fps / 1000, 4),
        "stages": [
            {
                "stage": stage,
                "steps": len(stages[stage]),
                **_spread(stages[stage]),
                "core_share": round(sum(stages[stage]) / len(work) * fps / 1000, 5),
            }
            for stage in in_order(stages)
        ],
    }


def _bare_ms(bare: BareCalls, health: ImageHealth, frame: Frame, made: Sequence[NetworkCall]) -> tuple[float, float]:
    """Milliseconds of CPU time of the unavoidable calls of a frame, and the same with the networks called again."""
    grey_cpu, calls_cpu, again_cpu = _CpuTime(), _CpuTime(), _CpuTime()
    with grey_cpu:
        grey = bare.grey(frame)
    health.update(grey, frame.at)
    with calls_cpu:
        bare.networks(grey, made)
    with again_cpu:
        bare.networks(grey, made)
    return grey_cpu.ms + calls_cpu.ms, grey_cpu.ms + again_cpu.ms


class _CpuTime:
    """Adds up the CPU time of this process within `with` blocks."""

    ms: float
    """Milliseconds so far."""

    def __init__(self) -> None:
        self.ms = self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *error: object) -> None:
        self.ms += 1000 * (time.process_time() - self._began)


def _spread(times: list[float]) -> dict[str, float]:
    return {f"p{share}_ms": round(float(np.percentile(times, share)), 3) for share in (50, 95)}


def as_text(report: dict[str, Any]) -> str:
    """The report as a table with a bar for each stage."""
    fps = f"{report['fps']:g}"
    lines = [
        (
            f"{report['clip']}, {report['frames']} frames after {WARM_UP} to warm up; {report['machine']}; "
            f"{report['date']}"
        ),
        shares_of(*(report[name] for name in ("frames", "processed", "searched", "read"))),
        "",
    ]
    held = report.get("allocations", {}).get("stages")
    most = max((each["p50_ms"] for each in report["stages"]), default=1.0) or 1.0
    heads = f"{'stage':10}{'frames':>8}{'p50 ms':>9}{'p95 ms':>9}{'of a core':>11}"
    lines.append(heads + (f"{'allocs':>9}{'KB':>9}" if held else ""))
    for each in report["stages"]:
        cells = f"{each['stage']:10}{each['steps']:8}{each['p50_ms']:9.3f}{each['p95_ms']:9.3f}"
        cells += f"{each['core_share']:11.2%}"
        if held:
            of_stage = held.get(each["stage"], {"allocations": 0, "bytes": 0})
            cells += f"{of_stage['allocations']:9.1f}{of_stage['bytes'] / 1e3:9.1f}"
        lines.append(f"{cells}  {'█' * round(BAR_WIDTH * each['p50_ms'] / most)}")
    step, calls = report["step_cpu_ms"], report["calls_cpu_ms"]
    at_fps = f"{report['core_share']:.1%} of a core at {fps} frames a second"
    lines += ["", f"step   {step['p50_ms']:.3f} ms of CPU time (p95 {step['p95_ms']:.3f}), {at_fps}"]
    times = f"the step takes {report['ratio']:.2f} times as long"
    lines.append(f"calls  {calls['p50_ms']:.3f} ms: grey, resize, networks, once a frame like the step; {times}")
    again = report["calls_again_cpu_ms"]["p50_ms"]
    lines.append(
        f"       {again:.3f} ms called again at once, from warm caches: {report['ratio_again']:.2f} times as long"
    )
    if counted := report.get("instructions"):
        lines.append(
            f"instructions  {counted['step_million']:.1f} million a step, {counted['calls_million']:.1f} of its calls: "
            f"{counted['ratio']:.3f} times as many"
        )
    if made := report.get("allocations"):
        lines.append(f"allocations   {made['allocations']:.0f} a frame, {made['bytes'] / 1e6:.2f} MB; those of ")
        lines[-1] += f"{made['large_bytes'] / 1e3:.0f} KB and more, which may grow with the frame:"
        lines += [
            f"  {each['a_frame']:5.2f} x {each['bytes'] / 1e3:7.1f} KB  {each['place']}" for each in made["large"]
        ]
        if not made["large"]:
            lines.append("  none")
    return "\n".join(lines)
