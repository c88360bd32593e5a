"""A model file that is not ours, loaded and run once in a process of its own first.

The library checks much of what it is given, but not all: of damaged files whose card matches them, one in a thousand
ends the process that loads it. The assistant refuses such a file, and is not ended at each of its starts.
"""

import contextlib
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np

from assistant.errors import ModelError
from assistant.vision.inference.runtime import load_interpreter, quiet_stderr

TIMEOUT_S = 20.0
"""For the library to be imported, by the slowest board too, and the model to be run."""
MAX_EXTRA_MEMORY = 512 << 20
"""Bytes that a model may ask for on top of what the library takes."""
EXIT_OUT_OF_MEMORY, EXIT_REFUSED = 3, 4
"""Exit codes of a trial in which they were not enough, and in which the library refused to load the model, for want of
memory too: it says why on the standard output."""


def check_loads(path: Path, content: bytes) -> None:
    """Raises ModelError if the content of a model file ends or blocks the process that loads it, or is refused there;
    what else is wrong with it shows when it is run here."""
    command = [sys.executable, *(["-I"] if sys.flags.isolated else []), "-m", "assistant.vision.inference.sandbox"]
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
    """Load a model and run it once on nothing; whatever that does to this process. Raises MemoryError, or ModelError
    where it cannot be loaded."""
    _, model = load_interpreter(content, 1)
    with contextlib.suppress(RuntimeError, ValueError, TypeError), quiet_stderr():
        for tensor in model.get_input_details():
            model.set_tensor(tensor["index"], np.zeros(tensor["shape"], tensor["dtype"]))
        model.invoke()


def set_limits() -> None:
    """No core dumps, and no more memory than a model for this device needs, where the system can see to that."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        most = pages * resource.getpagesize() + MAX_EXTRA_MEMORY
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> None:
    """Try the model that comes in on the standard input."""
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
