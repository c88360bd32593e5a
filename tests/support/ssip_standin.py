"""A stand-in for speech-dispatcher on a Unix socket: it plays nothing and replies as the test sets."""

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

OK = "200 OK\r\n"


class SpeechDispatcherStandin:
    """Replies to each line with the entry of `replies` that is a prefix of it, the first one, else with OK."""

    def __init__(self, path: Path) -> None:
        self.lines: list[str] = []
        """All lines received."""
        self.messages: SimpleQueue[str] = SimpleQueue()
        """All texts queued for speaking."""
        self.cancelled = threading.Event()
        self.replies: dict[str, str | Callable[[], None]] = {
            "GET OUTPUT_MODULE": "251-espeak-ng\r\n251 OK GET RETURNED\r\n",
            "CANCEL SELF": "210 OK CANCELED\r\n",
            "SPEAK": "230 OK RECEIVING DATA\r\n",
        }
        """Text to send, or a function to call, by the prefix of a line."""
        self.before, self.message_id = "", "225-7\r\n225 OK MESSAGE QUEUED\r\n"
        """Sent for a queued message: `before`, then the reply with its id."""
        self.after: str | Callable[[], None] = event(701) + event(702)
        """Sent after the id of a queued message."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._client: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def send(self, text: str) -> None:
        assert self._client
        with contextlib.suppress(OSError):
            self._client.sendall(text.encode("utf-8", "surrogateescape"))

    def hang_up(self) -> None:
        assert self._client
        self._client.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._client:
            with contextlib.suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._client = self._listener.accept()[0]
                with self._client, contextlib.suppress(OSError), self._client.makefile("r", newline="\r\n") as source:
                    self._talk(iter(source))

    def _talk(self, source: "object") -> None:
        for line in source:  # type: ignore[attr-defined]
            line = line.rstrip("\r\n")
            self.lines.append(line)
            if line == "CANCEL SELF":
                self.cancelled.set()
            reply = next((reply for prefix, reply in self.replies.items() if line.startswith(prefix)), OK)
            self._act(reply)
            if line == "SPEAK" and reply == "230 OK RECEIVING DATA\r\n":
                text = next(source).rstrip("\r\n")  # type: ignore[call-overload]
                assert next(source) == ".\r\n"  # type: ignore[call-overload]
                self.messages.put(text)
                self.send(self.before + self.message_id)
                self._act(self.after)

    def _act(self, reply: str | Callable[[], None]) -> None:
        if callable(reply):
            reply()
        else:
            self.send(reply)


def event(code: int, message: int = 7, client: int = 1) -> str:
    """The text of an event: 701 a message began, 702 ended, 703 was cancelled."""
    names = {700: "INDEX MARK", 701: "BEGIN", 702: "END", 703: "CANCELED", 704: "PAUSED", 705: "RESUMED"}
    return f"{code}-{message}\r\n{code}-{client}\r\n{code} {names[code]}\r\n"
