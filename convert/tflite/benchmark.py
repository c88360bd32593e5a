"""Benchmark of models on this machine: time of a forward pass, size, multiply-accumulates, peak memory.

The models are timed in turn, in many short rounds, so that other load on the machine affects all of them alike.
Milliseconds do not carry over to another board; the ratios within one run do so better.
"""

import datetime
import itertools
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import ModelError
from assistant.system.child_process import python_command
from assistant.vision.faces.preprocess import CROP_SIDE
from assistant.vision.inference.expression import ExpressionClassifier
from convert.progress import track
from convert.tflite import graph


def benchmark(
    models: Sequence[Path], threads: Sequence[int] = (1, 2), rounds: int = 12, runs: int = 50
) -> dict[str, Any]:
    """Time `runs` forward passes of each model with each number of threads in turn, and repeat this `rounds` times.

    The report has for each model and number of threads the median and the smallest of the rounds' medians in
    milliseconds, the ratio of the median to that of the first model with as many threads, and whether the XNNPACK
    delegate runs the graph (int8 is very slow without it); for each model its size, parameters, multiply-accumulates
    and the peak memory of a process that runs nothing else. Raises ModelError.
    """
    setups = [(model, count) for count in threads for model in models]
    interpreters = {(model, count): _interpreter(model, count) for model, count in setups}
    medians: dict[tuple[Path, int], list[float]] = {setup: [] for setup in setups}
    for _, setup in track(list(itertools.product(range(rounds), setups)), "benchmark", "measurements"):
        medians[setup].append(_median_ms(interpreters[setup].invoke, runs))
    facts = {model: _facts(model) for model in models}
    rows = []
    for model, count in setups:
        median, first = statistics.median(medians[model, count]), statistics.median(medians[models[0], count])
        rows.append(
            {
                "model": model.stem,
                "threads": count,
                "median_ms": round(median, 4),
                "least_median_ms": round(min(medians[model, count]), 4),
                "ratio": round(median / first, 3),
                "xnnpack": any(op["op_name"] == "DELEGATE" for op in interpreters[model, count]._get_ops_details()),
                **facts[model],
            }
        )
    return {"machine": machine(), "date": datetime.datetime.now(datetime.UTC).date().isoformat(), "models": rows}


def _interpreter(model: Path, threads: int) -> Any:
    """The TFLite interpreter as the assistant configures it, warmed up by its `ExpressionClassifier`."""
    return ExpressionClassifier(model, threads).model.interpreter


def _median_ms(invoke: Any, runs: int) -> float:
    invoke()  # not timed: the CPU caches hold the weights of another model
    times = []
    for _ in range(runs):
        begun = time.perf_counter_ns()
        invoke()
        times.append(time.perf_counter_ns() - begun)
    return statistics.median(times) / 1e6


def _facts(model: Path) -> dict[str, Any]:
    """Size, parameters, multiply-accumulates and peak memory of a model, the last one measured in a new process."""
    made = graph.read(model)
    command = python_command("-c", f"from convert.tflite import benchmark; benchmark.print_peak({str(model)!r})")
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        error = child.stderr.strip().rpartition("\n")[2] or f"exit code {child.returncode}"
        raise ModelError(f"{model}: could not be run by itself: {error}")
    return {
        "bytes": model.stat().st_size,
        "parameters": made.parameters,
        "macs": made.macs,
        "peak_memory_mb": round(float(child.stdout), 1),
    }


def print_peak(model: str) -> None:
    """Run a model in this process and print the peak memory of the process in MB."""
    classifier = ExpressionClassifier(Path(model), threads=1)
    for grey in range(20):
        classifier.probabilities(np.full((CROP_SIDE, CROP_SIDE), grey, np.uint8))
    print(_peak_mb())


def _peak_mb() -> float:
    """Peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux, getrusage would count the memory of the parent process before exec
        (line,) = (line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def machine() -> str:
    """The board or processor, its cores and the runtime, in one line."""
    names = [platform.processor() or platform.machine()]
    board, cpu = Path("/proc/device-tree/model"), Path("/proc/cpuinfo")
    if board.is_file():
        names.insert(0, board.read_text("utf-8").strip("\0\n"))
    elif cpu.is_file():
        lines = cpu.read_text("utf-8").splitlines()
        names += [line.partition(":")[2].strip() for line in lines if line.startswith("model name")][:1]
    cores = f"{os.cpu_count()} cores"
    return ", ".join([*filter(None, names), cores, platform.system(), f"ai-edge-litert {version('ai-edge-litert')}"])


def as_text(report: dict[str, Any]) -> str:
    """The report as a table."""
    heads = ("model", "threads", "median ms", "least", "ratio", "XNNPACK", "KB", "MMAC", "params", "peak MB")
    rows = [
        (
            row["model"],
            str(row["threads"]),
            f"{row['median_ms']:.3f}",
            f"{row['least_median_ms']:.3f}",
            f"{row['ratio']:.2f}",
            "yes" if row["xnnpack"] else "NO",
            f"{row['bytes'] / 1e3:.0f}",
            f"{row['macs'] / 1e6:.1f}",
            f"{row['parameters'] / 1e3:.0f} k",
            f"{row['peak_memory_mb']:.1f}",
        )
        for row in report["models"]
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in (heads, *rows)]
    return "\n".join((f"{report['machine']}; {report['date']}", *lines))
