"""Milliseconds of each stage of a step, the share of a core, and the ratio of a step to its unavoidable calls.

Steps and calls are timed in turn, frame by frame in the same process, so that other load on the machine affects both
alike. Milliseconds do not carry over to another board; the ratio does so better.
"""

import contextlib
import datetime
import statistics
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.image_health import ImageHealth
from assistant.voice.speech.speech_queue import SpeechQueue
from convert.machine import machine
from convert.pipeline_cost.network_calls import recorded_calls, repeat
from convert.progress import track

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
    queue = SpeechQueue(lambda utterance, fate, at: None)
    stages: dict[str, list[float]] = {}
    step_ms: list[float] = []
    calls_ms: list[float] = []
    with contextlib.closing(open_camera(settings.camera)) as camera, recorded_calls() as calls:
        for number in track(range(MAX_FRAMES), "pipeline", "frames"):
            began = time.perf_counter()
            frame = camera.read()
            if frame is None:
                break
            decoded = time.perf_counter()
            health.update(frame.image, frame.at)
            checked = time.perf_counter()
            calls.clear()
            cpu = time.process_time()
            step = pipeline.step(frame)
            spent = time.process_time() - cpu
            stepped = time.perf_counter()
            for utterance in step.utterances:
                queue.put(utterance, frame.at)
            queued = time.perf_counter()
            cpu = time.process_time()
            repeat(frame, list(calls), settings.detector.long_side)
            bare = time.process_time() - cpu
            if number < WARM_UP or step.is_skipped:
                continue
            step_ms.append(1000 * spent)
            calls_ms.append(1000 * bare)
            around = {"decode": decoded - began, "health": checked - decoded, "queue": queued - stepped}
            for stage, ms in {**step.stage_ms, **{name: 1000 * s for name, s in around.items()}}.items():
                stages.setdefault(stage, []).append(ms)
    return {
        "clip": clip.name,
        "frames": len(step_ms),
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "step_cpu_ms": _spread(step_ms),
        "calls_cpu_ms": _spread(calls_ms),
        "ratio": round(statistics.median(step_ms) / statistics.median(calls_ms), 3) if step_ms else None,
        "core_share_at_fps": {
            "fps": settings.camera.fps,
            "share": round(statistics.mean(step_ms) * settings.camera.fps / 1000, 4) if step_ms else None,
        },
        "stages_ms": {stage: _spread(times) for stage, times in stages.items()},
    }


def _spread(times: list[float]) -> dict[str, float]:
    if not times:
        return {}
    return {"p50": round(float(np.percentile(times, 50)), 3), "p95": round(float(np.percentile(times, 95)), 3)}


def as_text(report: dict[str, Any]) -> str:
    """The report as a table with a bar for each stage."""
    lines = [f"{report['clip']}, {report['frames']} frames; {report['machine']}; {report['date']}", ""]
    stages = report["stages_ms"]
    most = max((each["p50"] for each in stages.values()), default=1.0) or 1.0
    lines.append(f"{'stage':12}{'p50 ms':>9}{'p95 ms':>9}")
    for stage, each in stages.items():
        bar = "█" * round(BAR_WIDTH * each["p50"] / most)
        lines.append(f"{stage:12}{each['p50']:9.3f}{each['p95']:9.3f}  {bar}")
    step, calls, share = report["step_cpu_ms"], report["calls_cpu_ms"], report["core_share_at_fps"]
    at_fps = f"{share['share']:.1%} of a core at {share['fps']:g} frames a second"
    lines += ["", f"step   {step['p50']:.3f} ms of CPU time (p95 {step['p95']:.3f}), {at_fps}"]
    times = f"the step takes {report['ratio']:.2f} times as long"
    lines.append(f"calls  {calls['p50']:.3f} ms: grey, resize, networks; {times}")
    if counted := report.get("instructions"):
        lines.append(
            f"instructions  {counted['step_million']:.1f} million a step, {counted['calls_million']:.1f} of its calls: "
            f"{counted['ratio']:.3f} times as many"
        )
    return "\n".join(lines)
