"""Child processes that cannot hang us: a time limit, an end on request, and nothing of them left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import VoiceError

POLL_S = 0.02
"""The end of a child is seen so late at the most; a request to end it is obeyed at once."""


@dataclass(frozen=True)
class Done:
    """A child process that ended well: what it wrote, and how long it took."""

    output: bytes
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """How a child process ended. code: its exit code, negative for a signal; None: it was cancelled or late, and
    killed, and what it had written until then may be missing."""

    output: bytes
    errors: bytes
    code: int | None
    seconds: float


def in_english() -> dict[str, str]:
    """The environment of a child whose messages we read: some tools translate them."""
    return {**os.environ, "LC_ALL": "C"}


def run_child(
    command: Sequence[str],
    given: bytes,
    limit_s: float,
    cancel: threading.Event,
    environment: Mapping[str, str] | None = None,
) -> Done | None:
    """Run a child process in a process group of its own, with `given` on its standard input; None if it was cancelled.

    Cancelled or later than limit_s, it is killed with its whole group. Raises VoiceError if it could not be started,
    was late or ended with another exit code than 0; the message then carries the last line that it wrote to stderr.
    """
    name = Path(command[0]).name
    try:
        ended = watch_child(command, given, limit_s, cancel, environment)
    except OSError as err:
        raise VoiceError(f"{name} could not be started: {err.strerror}") from err
    if ended.code is None and cancel.is_set():
        return None
    if ended.code is None:
        raise VoiceError(f"{name} did not end within {limit_s:.1f} s and was killed")
    if ended.code != 0:
        said = ended.errors.decode("utf-8", "replace").strip().splitlines()
        raise VoiceError(f"{name} failed with exit code {ended.code}" + (f": {said[-1][:200]}" if said else ""))
    return Done(ended.output, ended.seconds)


def watch_child(
    command: Sequence[str],
    given: bytes,
    limit_s: float,
    cancel: threading.Event,
    environment: Mapping[str, str] | None = None,
) -> Outcome:
    """Like `run_child`, for who wants to know how it ended. Raises OSError if it could not be started."""
    if cancel.is_set():
        return Outcome(b"", b"", None, 0.0)
    name, pipe, began = Path(command[0]).name, subprocess.PIPE, time.monotonic()
    child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, start_new_session=True)
    output, errors, seconds = b"", b"", 0.0

    def talk() -> None:
        nonlocal output, errors, seconds
        output, errors = child.communicate(given)
        seconds = time.monotonic() - began

    talker = threading.Thread(target=talk, name=name, daemon=True)
    talker.start()
    try:
        while talker.is_alive() and time.monotonic() - began < limit_s and not cancel.wait(POLL_S):
            pass
    finally:
        is_late = talker.is_alive()
        if is_late:
            kill_group(child)
            talker.join(1.0)  # not for ever: a grandchild that left the group may still hold a pipe
    return Outcome(output, errors, None if is_late else child.returncode, seconds)


def kill_group(child: "subprocess.Popen[bytes]") -> None:
    """End a child process that was started in a session of its own, with all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
