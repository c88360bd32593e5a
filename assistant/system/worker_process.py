"""A long-lived child process, which loads once, then answers one request line after the other, within a time limit."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import IO, Any, ClassVar

from assistant.dataclass import dataclass
from assistant.errors import VoiceError
from assistant.system.account import popen_options
from assistant.system.child_process import POLL_S, kill_process_group

MAX_BYTES = 32 * 1024 * 1024
"""Longest body of a reply; more than ten minutes of sound."""
MAX_PENDING = 4
"""Replies to cancelled requests that may still be outstanding; with more the process is killed and started anew."""


@dataclass(frozen=True)
class WorkerReply:
    """What the process writes for each request: a JSON object on a line, then the body."""

    header: dict[str, Any]
    """The JSON object; its key `bytes` is the length of the body."""
    body: bytes
    """What follows the line."""


class WorkerProcess:
    """Talks to one child process. `request` is called from one thread; `start` may be called from any.

    The process writes a WorkerReply when it is ready, then one for each line that it reads, in order. It ends when its
    standard input is closed, so it never outlives this process. The reply to a cancelled request is still read and
    dropped: a process that takes seconds to load is not killed for half a second of work. It is killed when a reply is
    late, or when MAX_PENDING replies are outstanding.
    """

    _shared: ClassVar[dict[tuple[str, ...], "WorkerProcess"]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, name: str, command: Sequence[str], start_limit_s: float) -> None:
        """name: for error messages. start_limit_s: added to the time limit of a request while it is not ready."""
        self._name, self._command, self._start_limit_s = name, command, start_limit_s
        self._child: subprocess.Popen[bytes] | None = None
        self._replies: SimpleQueue[WorkerReply | None] = SimpleQueue()
        self._last_error_line: list[str] = []
        self._pending, self._is_ready, self._users = 0, False, 0
        self._starting = threading.Lock()

    @classmethod
    def acquire(cls, name: str, command: Sequence[str], start_limit_s: float) -> "WorkerProcess":
        """The shared worker that runs this command, made if there is none; every `acquire` needs one `release`."""
        with cls._lock:
            worker = cls._shared.setdefault(tuple(command), cls(name, command, start_limit_s))
            worker._users += 1
            return worker

    def release(self) -> None:
        """Give a shared worker back; the last release ends the process."""
        with self._lock:
            self._users = max(0, self._users - 1)
            if self._users:
                return
            self._shared.pop(tuple(self._command), None)
        self.close()

    def start(self) -> None:
        """Start the process if it is not running, without waiting until it has loaded. Raises VoiceError."""
        with self._starting:
            self._start()

    def _start(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return
        self.close()
        pipe = subprocess.PIPE
        try:
            self._child = subprocess.Popen(
                self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, **popen_options()
            )
        except OSError as err:
            raise VoiceError(f"{self._name} could not be started: {err.strerror}") from err
        assert self._child.stdout
        assert self._child.stderr
        self._replies, self._last_error_line, self._pending, self._is_ready = SimpleQueue(), [], 1, False
        threading.Thread(target=_read_replies, args=(self._child.stdout, self._replies), daemon=True).start()
        errors = (self._child.stderr, self._last_error_line)
        self._error_reader = threading.Thread(target=_read_errors, args=errors, daemon=True)
        self._error_reader.start()

    def request(self, line: bytes, limit_s: float, cancel: threading.Event) -> WorkerReply | None:
        """The reply to a line; None if cancelled.

        Raises VoiceError if the reply is not there within limit_s, which kills the process, or if the process ended.
        """
        if cancel.is_set():
            return None
        if self._pending >= MAX_PENDING:
            self.close()
        self.start()
        assert self._child
        assert self._child.stdin
        with contextlib.suppress(OSError):  # a process that has ended is reported below, with its last error line
            self._child.stdin.write(line + b"\n")
            self._child.stdin.flush()
        self._pending += 1
        until = time.monotonic() + limit_s + (0.0 if self._is_ready else self._start_limit_s)
        while time.monotonic() < until:
            try:
                reply = self._replies.get(timeout=POLL_S)
            except Empty:
                reply = None
                if cancel.is_set():
                    return None
                continue
            if reply is None:
                raise VoiceError(self._describe_end())
            self._pending, self._is_ready = self._pending - 1, True
            if cancel.is_set():
                return None
            if self._pending == 0:
                return reply
        self.close()
        raise VoiceError(f"{self._name} did not answer within {limit_s:.1f} s and was killed")

    def close(self) -> None:
        """Kill the process, if it runs, and wait until it is gone."""
        child, self._child = self._child, None
        if child is None:
            return
        kill_process_group(child)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1.0)
        with contextlib.suppress(OSError):
            child.stdin.close()  # type: ignore[union-attr]

    def _describe_end(self) -> str:
        """How the process ended, with its last error line."""
        assert self._child
        try:
            how = f"ended with exit code {self._child.wait(0.5)}"
            self._error_reader.join(0.5)  # there may be much to read
        except subprocess.TimeoutExpired:
            how = "sent a reply that cannot be parsed"
        self.close()
        last_line = self._last_error_line[-1][:200] if self._last_error_line else ""
        return f"{self._name} {how}" + (f": {last_line}" if last_line else "")


def _read_replies(source: IO[bytes], replies: SimpleQueue[WorkerReply | None]) -> None:
    """Pass on the process's replies; None at its end, and at the first thing that is no reply."""
    with contextlib.suppress(ValueError, TypeError, KeyError, OSError), source:
        while line := source.readline(4096):
            header = json.loads(line)
            count = header["bytes"]
            if not isinstance(count, int) or not 0 <= count <= MAX_BYTES or len(body := source.read(count)) < count:
                break
            replies.put(WorkerReply(header, body))
    replies.put(None)


def _read_errors(source: IO[bytes], last_line: list[str]) -> None:
    """Keep the last line that the process wrote to its standard error; libraries may write much there."""
    with contextlib.suppress(ValueError, OSError), source:
        while line := source.readline(4096):
            if text := line.decode("utf-8", "replace").strip():
                last_line[:] = [text]
