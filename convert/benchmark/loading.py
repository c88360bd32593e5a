"""Any .tflite file, with a card or without, loaded as the assistant loads it, with an input to run it on."""

import json
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.system.child_process import python_command
from assistant.vision.inference import sandbox
from assistant.vision.inference.model_file import MODEL_FOLDERS
from assistant.vision.inference.runtime import find_runtime, first_line, load_interpreter, quiet_stderr
from convert.data import regular_file

COLD_STARTS = 3
"""New processes in which a model is loaded and called once; the medians of their times are reported."""
WARM_CALLS = 20
"""Calls after the first one, after which no more memory is taken."""


def read(path: Path) -> bytes:
    """The content of a model file; one that is not shipped is tried out in the sandbox first. Raises ModelError."""
    try:
        content = regular_file.read_bytes(path)
    except OSError as err:
        raise ModelError(f"{path}: cannot read the model: {err.strerror}") from err
    if path.resolve().parent not in {folder.resolve() for folder in MODEL_FOLDERS}:
        sandbox.check_loads(path, content)
    return content


def ready(name: str, content: bytes, threads: int) -> Any:
    """The interpreter of a model file's content, its inputs filled. Raises ModelError, which begins with `name`."""
    try:
        _, interpreter = load_interpreter(content, threads)
        for tensor in interpreter.get_input_details():
            interpreter.set_tensor(tensor["index"], values(tensor))
        with quiet_stderr():
            interpreter.invoke()
    except (ModelError, RuntimeError, ValueError, TypeError) as err:
        raise ModelError(f"{name}: {first_line(err)}") from err
    return interpreter


def values(tensor: dict[str, Any]) -> NDArray[Any]:
    """An input of a tensor's shape and type, the same each time: grey noise where it holds pictures, zeros where it
    holds numbers of things, for which not every number is one."""
    shape, kind = tuple(tensor["shape"]), np.dtype(tensor["dtype"])
    noise = np.random.default_rng(0)
    if kind.kind == "f":
        return noise.uniform(-1, 1, shape).astype(kind)
    if kind in (np.int8, np.uint8, np.int16):
        limits = np.iinfo(kind)
        return noise.integers(limits.min, limits.max, shape, kind, endpoint=True)
    return np.zeros(shape, kind)


@dataclass(frozen=True)
class ColdStart:
    """What a new process pays for a model."""

    load_ms: float
    """From the bytes of the file to an interpreter that can be called; the import of the library is not counted."""
    first_call_ms: float
    peak_memory_mb: float
    """Peak resident memory of the whole process, which runs nothing else."""
    model_memory_mb: float
    """How much of it came with the model."""


def cold_start(path: Path) -> ColdStart:
    """The median of COLD_STARTS new processes that load a model and call it. Raises ModelError."""
    found = [_cold_start(path) for _ in range(COLD_STARTS)]
    return ColdStart(*(round(statistics.median(column), 3) for column in zip(*found, strict=True)))


def _cold_start(path: Path) -> list[float]:
    command = python_command("-m", "convert.benchmark.loading", str(path))
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode:
        error = child.stderr.strip().rpartition("\n")[2] or f"exit code {child.returncode}"
        raise ModelError(f"{path}: could not be run by itself: {error}")
    return list(json.loads(child.stdout))


def main(path: str) -> None:
    """Load a model in this process, call it, and print the fields of ColdStart as a JSON list."""
    content = regular_file.read_bytes(Path(path))
    find_runtime()
    before = peak_memory_mb()
    begun = time.perf_counter()
    _, interpreter = load_interpreter(content, 1)
    loaded = time.perf_counter()
    for tensor in interpreter.get_input_details():
        interpreter.set_tensor(tensor["index"], values(tensor))
    filled = time.perf_counter()
    interpreter.invoke()
    called = time.perf_counter()
    for _ in range(WARM_CALLS):
        interpreter.invoke()
    peak = peak_memory_mb()
    print(json.dumps([1000 * (loaded - begun), 1000 * (called - filled), peak, peak - before]))


def peak_memory_mb() -> float:
    """Peak resident memory of this process in MB."""
    status = Path("/proc/self/status")
    if status.is_file():  # on Linux, getrusage would count the memory of the parent process before exec
        (line,) = (line for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    main(sys.argv[1])
