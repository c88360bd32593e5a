"""Sandbox: a model file that is not shipped is loaded and run once in a child process first.

The TFLite library checks much of a model file, but not all: of damaged files whose card matches them, one in a thousand
kills the process that loads it. The assistant refuses such a file instead of crashing at every start.
"""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from assistant.errors import ModelError
from assistant.system.child_process import python_command
from assistant.vision.inference.runtime import load_interpreter, quiet_stderr

TIMEOUT_S = 20.0
"""Seconds in which the slowest board too imports the library and runs the model."""
MAX_EXTRA_MEMORY = 512 << 20
"""Bytes that a model may allocate on top of what the library takes."""
EXIT_OUT_OF_MEMORY, EXIT_REFUSED = 3, 4
"""Exit codes of the child process: the memory was not enough; the library refused to load the model (for want of memory
too), and the reason is on standard output."""


def check_loads(path: Path, content: bytes) -> None:
    """Load and run the content of a model file in a child process. Raises ModelError where that crashes, hangs or
    refuses the model; any other defect shows when this process runs it."""
    command = python_command("-m", "assistant.vision.inference.sandbox")
    try:
        done = subprocess.run(
            command, input=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as err:
        raise ModelError(f"{path}: not loaded and run within {TIMEOUT_S:g} s; no use for this device") from err
    except OSError as err:
        raise ModelError(f"{path}: cannot be tried out in a process of its own: {err.strerror}") from err
    if done.returncode == EXIT_OUT_OF_MEMORY:
        raise ModelError(f"{path}: needs more than {MAX_EXTRA_MEMORY >> 20} MiB of memory; no use for this device")
    if done.returncode == EXIT_REFUSED:
        raise ModelError(f"{path}: {done.stdout.decode('utf-8', 'replace').strip()}")
    if done.returncode < 0:
        raise ModelError(f"{path}: ends the process that loads it (signal {-done.returncode}); the file is damaged")


def load_and_run(content: bytes) -> None:
    """Load a model and run it once on zeros; this may crash the process. Raises MemoryError, or ModelError where the
    model cannot be loaded."""
    _, interpreter = load_interpreter(content, 1)
    with contextlib.suppress(RuntimeError, ValueError, TypeError), quiet_stderr():
        for tensor in interpreter.get_input_details():
            interpreter.set_tensor(tensor["index"], np.zeros(tensor["shape"], tensor["dtype"]))
        interpreter.invoke()


def set_limits() -> None:
    """Forbid core dumps and limit memory to MAX_EXTRA_MEMORY more than now, where the system allows it."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        limit = pages * resource.getpagesize() + MAX_EXTRA_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Load and run the model on standard input."""
    content = sys.stdin.buffer.read()
    set_limits()
    try:
        load_and_run(content)
    except MemoryError:
        sys.exit(EXIT_OUT_OF_MEMORY)
    except ModelError as err:
        print(err)
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
