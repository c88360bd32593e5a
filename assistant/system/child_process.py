"""Child processes with a time limit: cancellable, killed with their whole process group, nothing left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from assistant.dataclass import dataclass
from assistant.errors import VoiceError
from assistant.system.account import popen_options

POLL_S = 0.02
"""The end of a child process is noticed at most this much late; a cancellation is obeyed at once."""
MAX_OUTPUT_BYTES = 32 << 20
"""Of standard output, and of standard error. Ten minutes of speech take 26 MB; a program that writes without end would
fill the memory: one of the user's (`describe.command`) wrote 66 MiB in a second."""
CHUNK_BYTES = 1 << 16


@dataclass(frozen=True)
class ChildOutput:
    """What a child process that ended with exit code 0 has written."""

    output: bytes
    """Its standard output."""
    seconds: float
    """From its start to its end."""


@dataclass(frozen=True)
class ChildExit:
    """How a child process ended, whatever its exit code."""

    output: bytes
    """Its standard output; may be incomplete where `code` is None."""
    errors: bytes
    """Its standard error; may be incomplete where `code` is None."""
    code: int | None
    """Its exit code, negative for a signal; None: it was cancelled or late, and killed."""
    seconds: float
    """From its start to its end; 0.0 where it was never started."""
    is_flood: bool = False
    """Whether it was killed because it wrote more than MAX_OUTPUT_BYTES."""


def python_command(*arguments: str) -> list[str]:
    """The command that runs this Python with these arguments, where `assistant` is the package of this process.

    Python puts the working directory before everything else (`-m`, `-c`): another project's `assistant` there would run
    in place of ours. It is left out, unless the working directory is where this package lies.
    """
    if sys.flags.isolated:
        return [sys.executable, "-I", *arguments]
    try:
        is_at_home = Path.cwd() == Path(__file__).resolve().parents[2]
    except OSError:  # a working directory that was deleted
        is_at_home = False
    return [sys.executable, *([] if is_at_home else ["-P"]), *arguments]


def english_environment() -> dict[str, str]:
    """The environment for a child process whose messages are parsed: some tools translate them."""
    return {**os.environ, "LC_ALL": "C"}


def run_child(
    command: Sequence[str],
    stdin: bytes,
    limit_s: float,
    cancel: threading.Event,
    environment: Mapping[str, str] | None = None,
) -> ChildOutput | None:
    """Run a child process in a process group of its own, with `stdin` on its standard input; None: it was cancelled.

    Cancelled, later than limit_s, or where it writes more than MAX_OUTPUT_BYTES, it is killed with its whole group.
    Raises VoiceError if it could not be started, was late, wrote too much or ended with another exit code than 0; the
    message then carries the last line of its standard error.
    """
    name = Path(command[0]).name
    try:
        ended = run_child_unchecked(command, stdin, limit_s, cancel, environment)
    except OSError as err:
        raise VoiceError(f"{name} could not be started: {err.strerror}") from err
    if ended.code is None and cancel.is_set():
        return None
    if ended.is_flood:
        raise VoiceError(f"{name} wrote more than {MAX_OUTPUT_BYTES >> 20} MiB and was killed")
    if ended.code is None:
        raise VoiceError(f"{name} did not end within {limit_s:.1f} s and was killed")
    if ended.code != 0:
        lines = ended.errors.decode("utf-8", "replace").strip().splitlines()
        raise VoiceError(f"{name} failed with exit code {ended.code}" + (f": {lines[-1][:200]}" if lines else ""))
    return ChildOutput(ended.output, ended.seconds)


def run_child_unchecked(
    command: Sequence[str],
    stdin: bytes,
    limit_s: float,
    cancel: threading.Event,
    environment: Mapping[str, str] | None = None,
) -> ChildExit:
    """Like `run_child`, but reports any way in which it ended. Raises OSError if it could not be started."""
    if cancel.is_set():
        return ChildExit(b"", b"", None, 0.0)
    name, pipe, began = Path(command[0]).name, subprocess.PIPE, time.monotonic()
    child = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, **popen_options(environment)
    )
    output, errors = bytearray(), bytearray()
    seconds, flood = 0.0, threading.Event()

    def communicate() -> None:
        nonlocal seconds
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        readers = [
            threading.Thread(target=_collect, args=each, name=name, daemon=True)
            for each in ((child.stdout, output, flood), (child.stderr, errors, flood))
        ]
        for reader in readers:
            reader.start()
        with contextlib.suppress(OSError), child.stdin:  # one that reads none of it is no mistake
            child.stdin.write(stdin)
        for reader in readers:
            reader.join()
        child.wait()
        seconds = time.monotonic() - began

    thread = threading.Thread(target=communicate, name=name, daemon=True)
    thread.start()
    try:
        while thread.is_alive() and time.monotonic() - began < limit_s and not flood.is_set():
            if cancel.wait(POLL_S):
                break
    finally:
        is_killed = thread.is_alive() or flood.is_set()
        if is_killed:
            kill_process_group(child)
            thread.join(1.0)  # limited: a grandchild that left the group may still hold a pipe open
    code = None if is_killed else child.returncode
    return ChildExit(bytes(output), bytes(errors), code, seconds, is_flood=flood.is_set())


def _collect(pipe: IO[bytes], collected: bytearray, flood: threading.Event) -> None:
    """Read a pipe to its end, or until `collected` holds MAX_OUTPUT_BYTES, which sets `flood`."""
    with pipe:
        while chunk := os.read(pipe.fileno(), CHUNK_BYTES):
            collected += chunk
            if len(collected) > MAX_OUTPUT_BYTES:
                flood.set()
                return


def kill_process_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill a child process that was started in a session of its own, with every process that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
