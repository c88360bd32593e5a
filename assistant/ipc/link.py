"""The link between vision and voice: one message a line over a Unix stream socket.

A line has at most 4 KiB and must be finished within a second; whoever sends anything but a message is cut off and
counted. Each side has one thread, which never blocks on the other side, and whose callback must not block either.
"""

import logging
import os
import selectors
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.errors import IPCError
from assistant.ipc.line_connection import FLUSH_S, MAX_WAITING, Endpoint, Peer
from assistant.ipc.line_server import Host
from assistant.ipc.messages import Heartbeat, Message, Stop, Withdraw, decode, encode
from assistant.records import Fault, FaultName, Priority, Utterance

log = logging.getLogger(__name__)

LINE_S = 1.0
FIRST_RETRY_S, LAST_RETRY_S = 0.05, 1.0
"""Pause between two tries to connect: the first, doubled up to the last."""
SILENT_S = 3.0
"""A voice that lets nothing be heard for so long has stopped, whatever its socket says."""
TURN_S = 0.5
Listen = Callable[[Message], None]


def runtime_socket() -> Path:
    """Where the voice listens: $EMOTION_ASSISTANT_SOCKET, else voice.sock in the unit's or the user's runtime folder,
    else in a folder of the user's own under the temporary one."""
    if named := os.environ.get("EMOTION_ASSISTANT_SOCKET"):
        return Path(named)
    if unit := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(unit.split(":")[0]) / "voice.sock"
    if user := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(user) / "emotion-assistant" / "voice.sock"
    return Path(tempfile.gettempdir()) / f"emotion-assistant-{os.getuid()}" / "voice.sock"


def control_socket() -> Path:
    """Where the wearer's commands are taken: $EMOTION_ASSISTANT_CONTROL, else control.sock beside the voice's socket.

    A voice that runs as a child listens for vision in a folder that nobody else knows; its commands are taken where
    every command line of the user looks for them.
    """
    if named := os.environ.get("EMOTION_ASSISTANT_CONTROL"):
        return Path(named)
    return runtime_socket().parent / "control.sock"


class Client(Endpoint):
    """Vision's side: sends to the voice at `path` and connects again and again; nothing here ever blocks the caller.

    on_message is called from the link's thread. What cannot be sent yet waits: the newest heartbeat and at most
    MAX_WAITING messages in all; then the oldest that is no fault is given up, and counted in `dropped`.
    """

    def __init__(self, path: Path, on_message: Listen = lambda message: None) -> None:
        super().__init__("link client")
        self._path, self._on_message = path, on_message
        self._outbox: deque[Message] = deque()
        self.dropped = 0
        self._turned_at = self._heard_at = time.monotonic()
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether the link's thread is at work: connected, or on its way to be."""
        return self._thread.is_alive() and time.monotonic() - self._turned_at <= SILENT_S

    @property
    def is_heard(self) -> bool:
        """Whether the voice lives, as far as can be told from here."""
        return time.monotonic() - self._heard_at <= SILENT_S

    def say(self, utterance: Utterance) -> None:
        """Have something spoken."""
        self.send(utterance)

    def withdraw(self, topic: str) -> None:
        """What waits of this topic is no longer true."""
        self.send(Withdraw(topic))

    def heartbeat(
        self, at: float, *, camera: bool = False, faults: Sequence[FaultName] = (), is_covered: bool = False
    ) -> None:
        """A step was completed at `at`, monotonic seconds; see messages.Heartbeat."""
        self.send(Heartbeat(at, camera, tuple(faults), is_covered))

    def stop(self) -> None:
        """The voice is to end once it has said what waits."""
        self.send(Stop())

    def send(self, message: Message) -> None:
        """Send a message as soon as possible. Raises IPCError if it is none that the voice would take."""
        encode(message)
        with self._lock:
            if isinstance(message, Heartbeat):
                self._outbox = deque(waiting for waiting in self._outbox if not isinstance(waiting, Heartbeat))
            self._outbox.append(message)
            if len(self._outbox) > MAX_WAITING:
                self._outbox.remove(
                    next((waiting for waiting in self._outbox if not _is_fault(waiting)), self._outbox[0])
                )
                self.dropped += 1
        self._wake()

    def _run(self) -> None:
        pause_s = FIRST_RETRY_S
        while not self._closing.is_set():
            began = self._turned_at = time.monotonic()
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.settimeout(LINE_S)
                    connection.connect(str(self._path))
                    self._talk(Peer(connection, LINE_S))
            except (OSError, IPCError) as err:
                log.info("link to the voice: %s", err)
            pause_s = FIRST_RETRY_S if time.monotonic() - began > LAST_RETRY_S else min(2 * pause_s, LAST_RETRY_S)
            self._closing.wait(pause_s)
        self._end()

    def _talk(self, peer: Peer) -> None:
        """Send and receive until the connection breaks or `close` has been obeyed."""
        began = time.monotonic()
        sending: Message | None = None
        end_at: float | None = None
        self._selector.register(peer.connection, selectors.EVENT_READ)
        try:
            while end_at is None or time.monotonic() < end_at:
                with self._lock:
                    if not peer.unsent:
                        sending = self._outbox.popleft() if self._outbox else None
                        peer.unsent += encode(sending) if sending else b""
                if self._closing.is_set():
                    end_at = end_at or time.monotonic() + FLUSH_S
                    if not peer.unsent:
                        return
                self._wait([peer], TURN_S)
                now = self._turned_at = time.monotonic()
                peer.flush()
                for line in peer.receive(now):
                    self._heard_at = now
                    message = decode(line)
                    if not isinstance(message, Heartbeat):
                        self._on_message(message)
                if now - max(began, self._heard_at) > SILENT_S:
                    raise IPCError(f"the voice has let nothing be heard for {SILENT_S:.0f} s")
        finally:
            self._selector.unregister(peer.connection)
            if peer.unsent and sending is not None:
                with self._lock:
                    self._outbox.appendleft(sending)


class Listener(Host):
    """The voice's side: takes the messages of several clients at `path`, after `start`; `send` goes to all of them.

    Raises IPCError if another assistant listens there, or the folder is not ours. refused: how many clients were
    turned away or sent what is no message.
    """

    def __init__(self, path: Path, *, line_s: float = LINE_S) -> None:
        super().__init__("link", path, line_s, mode=0o600)
        self._on_message: Listen = lambda message: None
        self._on_leave: Callable[[], None] = lambda: None

    def start(self, on_message: Listen, on_leave: Callable[[], None] = lambda: None) -> None:
        """Take messages from now on; on_message runs on the link's thread and may raise IPCError to refuse one;
        on_leave, on the same thread: a client is connected no longer."""
        self._on_message, self._on_leave = on_message, on_leave
        self._thread.start()

    def send(self, message: Message) -> None:
        """Send a message to every client; one that does not read is cut off."""
        line = encode(message)
        with self._lock:
            for peer in self._peers:
                peer.put(line)
        self._wake()

    def _take(self, peer: Peer, line: bytes) -> None:
        self._on_message(decode(line))

    def _let_go(self, peer: Peer) -> None:
        super()._let_go(peer)
        self._on_leave()


def _is_fault(message: Message) -> bool:
    return isinstance(message, Fault) or (isinstance(message, Utterance) and message.priority is Priority.FAULT)
