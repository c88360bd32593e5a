"""A child process that stays: it loads once and answers one line after the other, and it cannot hang us either."""

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import IO, Any, ClassVar

from assistant.errors import VoiceError
from assistant.voice.child import POLL_S, kill_group

MAX_BYTES = 32 * 1024 * 1024
"""More than ten minutes of sound: no answer is so long."""
MAX_OWED = 4


@dataclass(frozen=True)
class Answer:
    """What the child wrote: a JSON object on a line, whose `bytes` says how many bytes come after it."""

    header: dict[str, Any]
    body: bytes


class Resident:
    """Talks to one child process; who asks does so from one thread.

    The child writes an Answer when it is ready, then one for each line that it reads, in turn. It ends when its
    standard input does, so it does not outlive us. A cancelled question is still answered, and that answer is thrown
    away: a child that loads for seconds is not killed for half a second of work. It is killed when it is late or
    owes MAX_OWED answers.
    """

    _held: ClassVar[dict[tuple[str, ...], "Resident"]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, name: str, command: Sequence[str], start_limit_s: float) -> None:
        self._name, self._command, self._start_limit_s = name, command, start_limit_s
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: SimpleQueue[Answer | None] = SimpleQueue()
        self._last_words: list[str] = []
        self._owed, self._is_ready, self._holders = 0, False, 0
        self._starting = threading.Lock()

    @classmethod
    def held(cls, name: str, command: Sequence[str], start_limit_s: float) -> "Resident":
        """The one that already runs this command, else a new one; to be given back by `release`."""
        with cls._lock:
            one = cls._held.setdefault(tuple(command), cls(name, command, start_limit_s))
            one._holders += 1
            return one

    def release(self) -> None:
        """Give it back; the last who does ends the child."""
        with self._lock:
            self._holders = max(0, self._holders - 1)
            if self._holders:
                return
            self._held.pop(tuple(self._command), None)
        self.close()

    def start(self) -> None:
        """Start the child, if it is not running; it loads while we do other things. From any thread. Raises
        VoiceError."""
        with self._starting:
            self._start()

    def _start(self) -> None:
        if self._child is not None and self._child.poll() is None:
            return
        self.close()
        pipe = subprocess.PIPE
        try:
            self._child = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        except OSError as err:
            raise VoiceError(f"{self._name} could not be started: {err.strerror}") from err
        assert self._child.stdout
        assert self._child.stderr
        self._answers, self._last_words, self._owed, self._is_ready = SimpleQueue(), [], 1, False
        threading.Thread(target=_read_answers, args=(self._child.stdout, self._answers), daemon=True).start()
        self._reader = threading.Thread(target=_read_words, args=(self._child.stderr, self._last_words), daemon=True)
        self._reader.start()

    def ask(self, line: bytes, limit_s: float, cancel: threading.Event) -> Answer | None:
        """Its answer to a line; None if cancelled. Raises VoiceError if it is late, which kills it, or has ended."""
        if cancel.is_set():
            return None
        if self._owed >= MAX_OWED:
            self.close()
        self.start()
        assert self._child
        assert self._child.stdin
        with contextlib.suppress(OSError):  # a child that has ended says so below, where its last words are known
            self._child.stdin.write(line + b"\n")
            self._child.stdin.flush()
        self._owed += 1
        until = time.monotonic() + limit_s + (0.0 if self._is_ready else self._start_limit_s)
        while time.monotonic() < until:
            try:
                answer = self._answers.get(timeout=POLL_S)
            except Empty:
                answer = None
                if cancel.is_set():
                    return None
                continue
            if answer is None:
                raise VoiceError(self._end())
            self._owed, self._is_ready = self._owed - 1, True
            if cancel.is_set():
                return None
            if self._owed == 0:
                return answer
        self.close()
        raise VoiceError(f"{self._name} did not answer within {limit_s:.1f} s and was killed")

    def close(self) -> None:
        """End the child, if there is one, and wait until it is gone."""
        child, self._child = self._child, None
        if child is None:
            return
        kill_group(child)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1.0)
        with contextlib.suppress(OSError):
            child.stdin.close()  # type: ignore[union-attr]

    def _end(self) -> str:
        """How the child ended, and its last words."""
        assert self._child
        try:
            how = f"ended with exit code {self._child.wait(0.5)}"
            self._reader.join(0.5)  # it may have had much to say
        except subprocess.TimeoutExpired:
            how = "answered what nobody understands"
        self.close()
        said = self._last_words[-1][:200] if self._last_words else ""
        return f"{self._name} {how}" + (f": {said}" if said else "")


def _read_answers(source: IO[bytes], answers: SimpleQueue[Answer | None]) -> None:
    """Pass on what the child writes until it ends or writes what is no answer, which is passed on as None."""
    with contextlib.suppress(ValueError, TypeError, KeyError, OSError), source:
        while line := source.readline(4096):
            header = json.loads(line)
            count = header["bytes"]
            if not isinstance(count, int) or not 0 <= count <= MAX_BYTES or len(body := source.read(count)) < count:
                break
            answers.put(Answer(header, body))
    answers.put(None)


def _read_words(source: IO[bytes], last: list[str]) -> None:
    """Keep the last line that the child wrote to its standard error; libraries may write much there."""
    with contextlib.suppress(ValueError, OSError), source:
        while line := source.readline(4096):
            if text := line.decode("utf-8", "replace").strip():
                last[:] = [text]
