"""SSIP, the text protocol of speech-dispatcher, over its Unix socket: commands with replies, events in between.

The Python bindings of speech-dispatcher come with the system only, not from PyPI, and wait without a limit; and the
protocol is small. Source: "Speech Synthesis Interface Protocol", doc/ssip.texi of speech-dispatcher.
"""

import contextlib
import os
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import VoiceError

POLL_S = 0.02
REPLY_S = 2.0
"""A reply comes within milliseconds; a daemon that takes longer hangs."""
MAX_BYTES = 64 * 1024
GARBLED = "speech-dispatcher says what nobody understands"


class CancelledError(Exception):
    """`cancel` was set while something was awaited."""


@dataclass(frozen=True)
class Reply:
    """Code, the data lines and the last line of a reply or an event; 7xx are events."""

    code: int
    data: tuple[str, ...]
    text: str


class Connection:
    """One conversation, from one thread. Whatever raises VoiceError leaves it unusable: close it and open another."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where nobody listens."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._received = b""
        self._lines: list[str] = []
        self._events: list[Reply] = []
        try:
            self._socket.settimeout(REPLY_S)
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._socket.settimeout(POLL_S)

    def command(self, line: str, cancel: threading.Event | None = None, limit_s: float = REPLY_S) -> Reply:
        """Send a line and wait for its reply; events that come before it are kept.

        Raises VoiceError, also where the reply is an error or does not come within limit_s, and CancelledError.
        """
        until = time.monotonic() + limit_s
        self._send(line, until)
        while (reply := self._next(until, cancel)).code // 100 == 7:
            self._events.append(reply)
        if reply.code // 100 != 2:
            raise VoiceError(f"speech-dispatcher refuses {line[:40]!r}: {reply.code} {reply.text}"[:200])
        return reply

    def speak(self, ssml: str, cancel: threading.Event) -> str:
        """Queue one line of SSML; returns the number of the message. Raises VoiceError, CancelledError."""
        self.command("SPEAK", cancel)
        reply = self.command(f"{ssml}\r\n.", cancel)  # one line that begins with <speak>: never the dot that ends it
        if not reply.data:
            raise VoiceError(f"{GARBLED}: no number of a message in {reply.text!r}"[:200])
        return reply.data[0]

    def event(self, message: str, until: float, cancel: threading.Event, codes: set[int]) -> int:
        """The next event of a message with one of these codes; others are dropped.

        Raises VoiceError after `until` (monotonic), and CancelledError.
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
        """End the conversation without waiting for an answer; what is still to be said of it is taken back."""
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
        """The next reply or event: lines `ccc-data`, then one `ccc text`."""
        while True:
            line = self._line(until, cancel)
            code, sign = line[:3], line[3:4]
            if not (len(code) == 3 and code.isascii() and code.isdigit() and sign in ("-", " ")):
                raise VoiceError(f"{GARBLED}: {line[:60]!r}")
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
            if len(self._received) > MAX_BYTES or len(self._lines) > MAX_BYTES // 64:
                raise VoiceError(f"{GARBLED}: it does not end")
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
    """Where speech-dispatcher listens for this user: its own variable, else its folder in the runtime directory.

    Raises VoiceError for an address that is no Unix socket, and where there are none.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise VoiceError("speech-dispatcher is not for this system; choose another voice.engine")
    method, _, path = os.environ.get("SPEECHD_ADDRESS", "unix_socket").partition(":")
    if method != "unix_socket":
        raise VoiceError(f"SPEECHD_ADDRESS names a {method!r}; only unix_socket:PATH can be used")
    runtime = os.environ.get("XDG_RUNTIME_DIR") or str(Path("~/.cache").expanduser())
    return Path(path) if path else Path(runtime, "speech-dispatcher", "speechd.sock")
