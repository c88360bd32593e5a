"""Sockets that carry lines without ever blocking: one connection, and the thread that serves some of them."""

import contextlib
import selectors
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from assistant.errors import IPCError
from assistant.ipc.messages import MAX_LINE

FLUSH_S = 0.3
"""`close` waits so long for what is still to be sent."""
MAX_WAITING = 64
"""Messages kept for the other side while it is not there or does not read."""


class Peer:
    """One connection: lines in, lines out, never blocking. Its methods raise OSError when the other side is gone."""

    def __init__(self, connection: socket.socket, line_s: float) -> None:
        connection.setblocking(False)
        self.connection, self.unsent = connection, bytearray()
        self._received, self._line_s = bytearray(), line_s
        self.late_at: float | None = None  # by when the line that is coming in must be finished
        self.deaf = False  # more waits than whoever reads at all would leave

    def receive(self, now: float) -> Iterator[bytes]:
        """The lines that have come in. Raises IPCError for one that is too long or too slow."""
        with contextlib.suppress(BlockingIOError):
            content = self.connection.recv(MAX_LINE)
            if not content:
                raise ConnectionResetError("closed by the other side")
            self._received += content
        while b"\n" in self._received:
            line, _, self._received = self._received.partition(b"\n")
            self.late_at = None
            yield bytes(line)
        if len(self._received) >= MAX_LINE:
            raise IPCError(f"a line of more than {MAX_LINE} bytes")
        if self._received and self.late_at is None:
            self.late_at = now + self._line_s
        if self.late_at is not None and now >= self.late_at:
            raise IPCError(f"a line that was not finished within {self._line_s} s")

    def has_more(self) -> bool:
        """Whether something has come in behind the line that `receive` gave last."""
        with contextlib.suppress(OSError):  # nothing is there, or nobody any more
            return bool(self._received) or bool(self.connection.recv(1, socket.MSG_PEEK))
        return False

    def put(self, line: bytes) -> None:
        """Have a line sent, unless so much waits already that the other side must be deaf: then it gets no more."""
        self.deaf = self.deaf or len(self.unsent) > MAX_WAITING * MAX_LINE
        if not self.deaf:
            self.unsent += line

    def flush(self) -> None:
        """Send what the other side takes now."""
        if self.unsent:
            with contextlib.suppress(BlockingIOError):
                del self.unsent[: self.connection.send(self.unsent)]


class Endpoint(ABC):
    """A thread that serves its peers until `close`, and is woken when there is something to send."""

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
        """End, after what waits was sent, or after FLUSH_S."""
        self._closing.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(FLUSH_S + 0.5)

    @abstractmethod
    def _run(self) -> None: ...

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is being woken already; closed: it has ended
            self._waker.send(b"\0")

    def _wait(self, peers: Sequence[Peer], limit_s: float | None = None) -> set[Any]:
        """Wait until a file stirs, a line is late, `_wake` is called or limit_s is over; the files to be looked at."""
        for peer in peers:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.unsent else 0)
            self._selector.modify(peer.connection, events)
        now = time.monotonic()
        lates = [peer.late_at - now for peer in peers if peer.late_at is not None]
        lates += [limit_s] if limit_s is not None else []
        lates += [FLUSH_S / 10] if self._closing.is_set() else []
        stirred = {key.fileobj for key, _ in self._selector.select(max(0.0, min(lates)) if lates else None)}
        if self._woken in stirred:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(MAX_LINE)
        return stirred

    def _end(self) -> None:
        self._selector.close()
        self._woken.close()
        self._waker.close()
