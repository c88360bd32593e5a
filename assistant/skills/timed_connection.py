"""A connection on which every call ends: at its time limit, at the other side's end, or when it is cancelled."""

import select
import socket
import threading
import time

from assistant.errors import SkillCancelledError, SkillError

POLL_S = 0.05
"""A cancellation is obeyed at most this much late, seconds."""
CHUNK_BYTES = 1 << 18


class TimedConnection:
    """A stream socket. Its methods raise TimeoutError at `until` (monotonic seconds), ConnectionError where the other
    side is gone, and SkillCancelledError once `cancel` is set."""

    def __init__(self, connection: socket.socket, cancel: threading.Event | None = None) -> None:
        connection.setblocking(False)
        self._connection, self._cancel, self._received = connection, cancel, bytearray()

    def send(self, content: bytes, until: float) -> None:
        """Send all of `content`."""
        rest = memoryview(content)
        while rest:
            self._wait(until, is_to_send=True)
            rest = rest[self._connection.send(rest[:CHUNK_BYTES]) :]

    def receive_line(self, until: float, max_bytes: int) -> bytes:
        """The next line, without its end. Raises SkillError for one of more than max_bytes."""
        while b"\n" not in self._received:
            if len(self._received) > max_bytes:
                raise SkillError(f"a line of more than {max_bytes} bytes")
            self._receive(until, max_bytes)
        line, _, self._received = self._received.partition(b"\n")
        if len(line) > max_bytes:
            raise SkillError(f"a line of more than {max_bytes} bytes")
        return bytes(line)

    def receive_bytes(self, count: int, until: float) -> bytes:
        """The next `count` bytes."""
        while len(self._received) < count:
            self._receive(until, CHUNK_BYTES)
        content, self._received = bytes(self._received[:count]), self._received[count:]
        return content

    def _receive(self, until: float, max_bytes: int) -> None:
        self._wait(until)
        content = self._connection.recv(min(CHUNK_BYTES, max_bytes + 1))
        if not content:
            raise ConnectionResetError("closed by the other side")
        self._received += content

    def _wait(self, until: float, *, is_to_send: bool = False) -> None:
        """Wait until the connection can send or has received something."""
        while True:
            if self._cancel is not None and self._cancel.is_set():
                raise SkillCancelledError("cancelled")
            left_s = until - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            files = [self._connection]
            if any(select.select([] if is_to_send else files, files if is_to_send else [], [], min(left_s, POLL_S))):
                return
