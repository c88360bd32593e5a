"""A client for SSIP, the text protocol of speech-dispatcher, over its Unix socket.

Commands get replies, events come in between. Written here because the Python bindings of speech-dispatcher come with
the system only, not from PyPI, and wait without a limit; and the protocol is small. Source: "Speech Synthesis Interface
Protocol", doc/ssip.texi of speech-dispatcher.
"""

import contextlib
import os
import socket
import threading
import time
from pathlib import Path

from assistant.dataclass import dataclass
from assistant.errors import VoiceError

POLL_S = 0.02
"""Socket timeout; a cancellation is noticed at most this much late."""
REPLY_LIMIT_S = 2.0
"""A reply comes within milliseconds; a daemon that takes longer hangs."""
MAX_BYTES, MAX_LINES = 64 * 1024, 1024
"""Longest line, and most lines, of one reply; more is refused."""
PROTOCOL_ERROR = "speech-dispatcher breaks its protocol"
"""Beginning of the error message for anything that is not SSIP."""


class RefusedCommandError(VoiceError):
    """The daemon answered a command with an error; the connection can still be used."""


class CancelledError(Exception):
    """`cancel` was set while a reply or an event was awaited."""


@dataclass(frozen=True)
class Reply:
    """A reply or an event."""

    code: int
    """Three digits: 2xx success, 7xx an event, all others errors."""
    data: tuple[str, ...]
    """The lines `ccc-data`, without the code."""
    text: str
    """The last line, `ccc text`, without the code."""


class SsipConnection:
    """One connection, used from one thread. After any VoiceError but RefusedCommandError it is
    unusable: close it and open another."""

    def __init__(self, path: Path) -> None:
        """Connect to the Unix socket at `path`. Raises OSError where no daemon listens."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._received = b""
        self._lines: list[str] = []
        self._max_lines = MAX_LINES
        self._events: list[Reply] = []
        try:
            self._socket.settimeout(REPLY_LIMIT_S)
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(POLL_S)

    def command(
        self,
        line: str,
        cancel: threading.Event | None = None,
        limit_s: float = REPLY_LIMIT_S,
        *,
        max_lines: int = MAX_LINES,
    ) -> Reply:
        """Send a command and wait for its reply; events that come before it are kept for `event`.

        Raises CancelledError, and VoiceError also where the reply is an error, has more than max_lines or does not come
        within limit_s.
        """
        until, self._max_lines = time.monotonic() + limit_s, max_lines
        self._send(line, until)
        while (reply := self._next(until, cancel)).code // 100 == 7:
            self._events.append(reply)
        if reply.code // 100 != 2:
            raise RefusedCommandError(f"speech-dispatcher refuses {line[:40]!r}: {reply.code} {reply.text}"[:200])
        return reply

    def speak(self, ssml: str, cancel: threading.Event) -> str:
        """Queue one line of SSML to be spoken; the id of the message. Raises VoiceError, CancelledError."""
        self.command("SPEAK", cancel)
        reply = self.command(
            f"{ssml}\r\n.", cancel
        )  # a line that begins with <speak> is never the dot that ends the data
        if not reply.data:
            raise VoiceError(f"{PROTOCOL_ERROR}: no message id in {reply.text!r}"[:200])
        return reply.data[0]

    def event(self, message: str, until: float, cancel: threading.Event, codes: set[int]) -> int:
        """Wait for the next event of a message that has one of these codes; its code. Other events are dropped.

        Raises VoiceError after `until` (monotonic seconds), and CancelledError.
        """
        while True:
            while not self._events:
                reply = self._next(until, cancel)
                if reply.code // 100 == 7:
                    self._events.append(reply)
            event = self._events.pop(0)
            if event.data[:1] == (message,) and event.code in codes:
                return event.code

    def close(self) -> None:
        """Take back what is still to be spoken, and disconnect; waits for no reply."""
        with contextlib.suppress(OSError):
            self._socket.send(b"CANCEL SELF\r\nQUIT\r\n")
        self._socket.close()

    def _send(self, line: str, until: float) -> None:
        content = line.encode() + b"\r\n"
        while content:
            try:
                content = content[self._socket.send(content) :]
            except TimeoutError as err:
                if time.monotonic() > until:
                    raise VoiceError("speech-dispatcher takes no commands") from err
            except OSError as err:
                raise VoiceError(f"speech-dispatcher is gone: {err.strerror}") from err

    def _next(self, until: float, cancel: threading.Event | None) -> Reply:
        """Read the next reply or event: lines `ccc-data`, then one `ccc text`."""
        while True:
            line = self._line(until, cancel)
            code, sign = line[:3], line[3:4]
            if not (len(code) == 3 and code.isascii() and code.isdigit() and sign in ("-", " ")):
                raise VoiceError(f"{PROTOCOL_ERROR}: {line[:60]!r}")
            if sign == " ":
                data, self._lines = tuple(self._lines), []
                return Reply(int(code), data, line[4:])
            self._lines.append(line[4:])

    def _line(self, until: float, cancel: threading.Event | None) -> str:
        while b"\n" not in self._received:
            if cancel is not None and cancel.is_set():
                raise CancelledError
            if time.monotonic() > until:
                raise VoiceError("speech-dispatcher does not answer")
            if len(self._received) > MAX_BYTES or len(self._lines) > self._max_lines:
                raise VoiceError(f"{PROTOCOL_ERROR}: it does not end")
            try:
                content = self._socket.recv(4096)
            except TimeoutError:
                continue
            except OSError as err:
                raise VoiceError(f"speech-dispatcher is gone: {err.strerror}") from err
            if not content:
                raise VoiceError("speech-dispatcher has hung up")
            self._received += content
        line, _, self._received = self._received.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r")


def default_path() -> Path:
    """The socket of this user's speech-dispatcher: $SPEECHD_ADDRESS, else its default in the runtime directory.

    Raises VoiceError for an address that is no Unix socket, and on systems without Unix sockets.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise VoiceError("speech-dispatcher is not for this system; choose another voice.engine")
    method, _, path = os.environ.get("SPEECHD_ADDRESS", "unix_socket").partition(":")
    if method != "unix_socket":
        raise VoiceError(f"SPEECHD_ADDRESS names a {method!r}; only unix_socket:PATH can be used")
    runtime = os.environ.get("XDG_RUNTIME_DIR") or str(Path("~/.cache").expanduser())
    return Path(path) if path else Path(runtime, "speech-dispatcher", "speechd.sock")
