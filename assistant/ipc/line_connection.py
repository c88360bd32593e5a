"""Connections that carry lines without ever blocking, and the thread that serves some of them."""

import contextlib
import selectors
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.errors import IPCError
from assistant.ipc.socket_paths import MAX_LINE_BYTES

FLUSH_TIMEOUT_S = 0.3
"""`close` waits at most so long until everything is sent."""
MAX_PENDING = 64
"""How many messages are kept for the other side while it is not connected, or does not read."""


class LineConnection:
    """One connection: lines in, lines out, never blocking. Its methods raise OSError when the other side is gone."""

    def __init__(self, connection: socket.socket, line_s: float) -> None:
        """line_s: seconds within which a line must be finished, from its first byte on."""
        connection.setblocking(False)
        self.connection, self.unsent = connection, bytearray()
        self._received, self._line_s = bytearray(), line_s
        self.line_deadline: float | None = None
        """Monotonic seconds at which the line that is being received must be finished."""
        self.is_stalled = False
        """More than MAX_PENDING of the longest messages wait to be sent: the other side does not read."""

    def receive(self, now: float) -> Iterator[bytes]:
        """The lines that have come in. Raises IPCError for a line that is too long or too slow."""
        with contextlib.suppress(BlockingIOError):
            content = self.connection.recv(MAX_LINE_BYTES)
            if not content:
                raise ConnectionResetError("closed by the other side")
            self._received += content
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            self.line_deadline = None
            yield bytes(line)
        if len(self._received) >= MAX_LINE_BYTES:
            raise IPCError(f"a line of more than {MAX_LINE_BYTES} bytes")
        if self._received and self.line_deadline is None:
            self.line_deadline = now + self._line_s
        if self.line_deadline is not None and now >= self.line_deadline:
            raise IPCError(f"a line that was not finished within {self._line_s} s")

    def has_more(self) -> bool:
        """Whether something has come in behind the line that `receive` gave last."""
        with contextlib.suppress(OSError):  # nothing has come in, or the connection is closed
            return bool(self._received) or bool(self.connection.recv(1, socket.MSG_PEEK))
        return False

    def put(self, line: bytes) -> None:
        """Queue a line to be sent; nothing is queued any more once the connection is stalled."""
        self.is_stalled = self.is_stalled or len(self.unsent) > MAX_PENDING * MAX_LINE_BYTES
        if not self.is_stalled:
            self.unsent += line

    def flush(self) -> None:
        """Send as much as the connection takes now."""
        if self.unsent:
            with contextlib.suppress(BlockingIOError):
                del self.unsent[: self.connection.send(self.unsent)]


class LineThread(ABC):
    """A thread that serves line connections until `close`, and is woken when there is something to send."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def close(self) -> None:
        """End the thread, after everything is sent or after FLUSH_TIMEOUT_S."""
        self._closing.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(FLUSH_TIMEOUT_S + 0.5)

    @abstractmethod
    def _run(self) -> None: ...

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is being woken already; closed: it has ended
            self._waker.send(b"\0")

    def _wait(self, connections: Sequence[LineConnection], limit_s: float | None = None) -> set[Any]:
        """Wait until something can be read or sent, a line is late, `_wake` is called or limit_s is over; the files
        that are ready."""
        for each in connections:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if each.unsent else 0)
            self._selector.modify(each.connection, events)
        now = time.monotonic()
        limits = [each.line_deadline - now for each in connections if each.line_deadline is not None]
        limits += [limit_s] if limit_s is not None else []
        limits += [FLUSH_TIMEOUT_S / 10] if self._closing.is_set() else []
        ready = {key.fileobj for key, _ in self._selector.select(max(0.0, min(limits)) if limits else None)}
        if self._woken in ready:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(MAX_LINE_BYTES)
        return ready

    def _release(self) -> None:
        """Close what the thread itself has opened."""
        self._selector.close()
        self._woken.close()
        self._waker.close()
