"""The link between the vision and the voice process: one message a line over a Unix stream socket.

A line has at most 4 KiB and must be finished within a second; a client that sends anything but a message is cut off and
counted. Each side has one thread, which never waits for the other side, and whose callback must not block either.
"""

import logging
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import IPCError
from assistant.ipc.line_connection import FLUSH_TIMEOUT_S, MAX_PENDING, LineConnection, LineThread
from assistant.ipc.line_server import LineServer
from assistant.ipc.messages import Heartbeat, Message, Stop, Withdraw, decode, encode
from assistant.records import Fault, FaultName, Priority, Utterance

log = logging.getLogger(__name__)

LINE_TIMEOUT_S = 1.0
"""A line must be finished within so long."""
MIN_RETRY_S, MAX_RETRY_S = 0.05, 1.0
"""The pause between two attempts to connect: the first one, doubled up to the last."""
VOICE_TIMEOUT_S = 3.0
"""A voice process that has sent nothing for so long counts as dead, whatever its socket says."""
POLL_S = 0.5
"""The client's thread looks at its state at least so often."""
MessageHandler = Callable[[Message], None]


class LinkClient(LineThread):
    """Vision's side: sends to the voice process at `path`, and reconnects for as long as it is open. Nothing here ever
    blocks the caller.

    on_message is called from the link's thread. What cannot be sent yet waits: the newest heartbeat and at most
    MAX_PENDING messages in all; beyond that the oldest that is no fault is given up.
    """

    def __init__(self, path: Path, on_message: MessageHandler = lambda message: None) -> None:
        super().__init__("link client")
        self._path, self._on_message = path, on_message
        self._outbox: deque[Message] = deque()
        self.dropped = 0
        """How many messages were given up."""
        self._last_loop_at = self._last_received_at = time.monotonic()
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether the link's thread is at work: connected, or trying to connect."""
        return self._thread.is_alive() and time.monotonic() - self._last_loop_at <= VOICE_TIMEOUT_S

    @property
    def is_voice_alive(self) -> bool:
        """Whether the voice process has sent something lately."""
        return time.monotonic() - self._last_received_at <= VOICE_TIMEOUT_S

    def speak(self, utterance: Utterance) -> None:
        """Have an utterance spoken."""
        self.send(utterance)

    def withdraw(self, topic: str) -> None:
        """Waiting announcements of this topic are no longer true."""
        self.send(Withdraw(topic))

    def heartbeat(
        self,
        at: float,
        *,
        is_camera_open: bool = False,
        faults: Sequence[FaultName] = (),
        is_lens_covered: bool = False,
    ) -> None:
        """A step was completed at `at`, monotonic seconds; see messages.Heartbeat."""
        self.send(Heartbeat(at, is_camera_open, tuple(faults), is_lens_covered))

    def stop(self) -> None:
        """Have the voice process end, once it has spoken what waits."""
        self.send(Stop())

    def send(self, message: Message) -> None:
        """Send a message as soon as possible. Raises IPCError if the voice process would refuse it."""
        encode(message)
        with self._lock:
            if isinstance(message, Heartbeat):
                self._outbox = deque(waiting for waiting in self._outbox if not isinstance(waiting, Heartbeat))
            self._outbox.append(message)
            if len(self._outbox) > MAX_PENDING:
                self._outbox.remove(
                    next((waiting for waiting in self._outbox if not _is_fault(waiting)), self._outbox[0])
                )
                self.dropped += 1
        self._wake()

    def _run(self) -> None:
        pause_s = MIN_RETRY_S
        while not self._closing.is_set():
            began_at = self._last_loop_at = time.monotonic()
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(LINE_TIMEOUT_S)
                    connection.connect(str(self._path))
                    self._exchange(LineConnection(connection, LINE_TIMEOUT_S))
            except (OSError, IPCError) as err:
                log.info("link to the voice: %s", err)
            is_long_ago = time.monotonic() - began_at > MAX_RETRY_S
            pause_s = MIN_RETRY_S if is_long_ago else min(2 * pause_s, MAX_RETRY_S)
            self._closing.wait(pause_s)
        self._release()

    def _exchange(self, voice: LineConnection) -> None:
        """Send and receive until the connection breaks, or everything is sent after `close`."""
        began_at = time.monotonic()
        sending: Message | None = None
        end_at: float | None = None
        self._selector.register(voice.connection, selectors.EVENT_READ)
        try:
            while end_at is None or time.monotonic() < end_at:
                with self._lock:
                    if not voice.unsent:
                        sending = self._outbox.popleft() if self._outbox else None
                        voice.unsent += encode(sending) if sending else b""
                if self._closing.is_set():
                    end_at = end_at or time.monotonic() + FLUSH_TIMEOUT_S
                    if not voice.unsent:
                        return
                self._wait([voice], POLL_S)
                now = self._last_loop_at = time.monotonic()
                voice.flush()
                for line in voice.receive(now):
                    self._last_received_at = now
                    message = decode(line)
                    if not isinstance(message, Heartbeat):
                        self._on_message(message)
                if now - max(began_at, self._last_received_at) > VOICE_TIMEOUT_S:
                    raise IPCError(f"the voice process has sent nothing for {VOICE_TIMEOUT_S:.0f} s")
        finally:
            self._selector.unregister(voice.connection)
            if voice.unsent and sending is not None:
                with self._lock:
                    self._outbox.appendleft(sending)


class LinkServer(LineServer):
    """The voice process's side: takes the messages of several clients at `path`, after `start`; `send` sends to all.

    Raises IPCError if another assistant listens there, or the folder is not ours.
    """

    def __init__(self, path: Path, *, line_s: float = LINE_TIMEOUT_S) -> None:
        super().__init__("link", path, line_s, mode=0o600)
        self._on_message: MessageHandler = lambda message: None
        self._on_disconnect: Callable[[], None] = lambda: None

    def start(self, on_message: MessageHandler, on_disconnect: Callable[[], None] = lambda: None) -> None:
        """Take messages from now on. Both are called from the link's thread: on_message, which may raise IPCError to
        refuse a message, and on_disconnect when a client is no longer connected."""
        self._on_message, self._on_disconnect = on_message, on_disconnect
        self._thread.start()

    def send(self, message: Message) -> None:
        """Send a message to every client; one that does not read is cut off."""
        line = encode(message)
        with self._lock:
            for client in self._clients:
                client.put(line)
        self._wake()

    def _handle_line(self, client: LineConnection, line: bytes) -> None:
        self._on_message(decode(line))

    def _detach(self, client: LineConnection) -> None:
        super()._detach(client)
        self._on_disconnect()


def _is_fault(message: Message) -> bool:
    return isinstance(message, Fault) or (isinstance(message, Utterance) and message.priority is Priority.FAULT)
