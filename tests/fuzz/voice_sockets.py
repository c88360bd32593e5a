"""The whole voice process with its two sockets, for the targets `link` and `control`. Only the sound is left out: it
prints its utterances. A stand-in for vision answers the questions."""

import contextlib
import logging
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant import phrases
from assistant.config.settings import ControlSettings, Settings, VoiceSettings
from assistant.errors import IPCError
from assistant.ipc import control_client as control
from assistant.ipc.link import LinkClient
from assistant.ipc.messages import Answer, Message, Question
from assistant.records import Priority, Utterance
from assistant.voice.process import run_voice

TIMEOUT_S = 8.0
"""Seconds after which a socket that neither answers nor closes counts as hanging."""
STATUS_EVERY = 50
"""After so many inputs the voice process must still carry out a command."""


class _Stop(threading.Event):
    """An event that vision's message `stop` does not set, only the test itself."""

    def set(self) -> None:
        """Do nothing."""

    def really(self) -> None:
        """Set the event."""
        super().set()


class _ErrorLog(logging.Handler):
    """Collects errors in the log: those are exceptions that should not have been raised."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(
            f"{record.getMessage()}: {record.exc_info[1]!r}" if record.exc_info else record.getMessage()
        )


@dataclass
class VoiceSockets:
    """The paths of the sockets, and the errors in the threads behind them."""

    link: Path
    control: Path
    errors: list[str] = field(default_factory=list)
    """Errors in the log, and exceptions that ended a thread."""
    exchanges: int = 0
    """How many inputs were sent."""

    def exchange(self, path: Path, parts: list[bytes]) -> bytes:
        """Send the parts, then nothing more, and return all that comes back. Raises if the socket hangs."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(path))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has closed the connection
                for part in parts:
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while content := connection.recv(65536):
                    answer += content
        self.exchanges += 1
        if self.exchanges % STATUS_EVERY == 0:
            reply = control.send_command("status", self.control, limit_s=TIMEOUT_S)
            assert reply.ok, reply
            assert reply.facts["vision"] in (True, False)
        assert not self.errors, self.errors[:3]
        return answer


@contextlib.contextmanager
def opened() -> Iterator[VoiceSockets]:
    """A running voice process with a stand-in for vision."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        sockets = VoiceSockets(Path(folder) / "voice.sock", Path(folder) / "control.sock")
        os.environ |= {"EMOTION_ASSISTANT_CONTROL": str(sockets.control), "XDG_STATE_HOME": folder}
        os.environ.pop("NOTIFY_SOCKET", None)
        threading.excepthook = lambda what: sockets.errors.append(f"{what.thread}: {what.exc_value!r}")
        errors = _ErrorLog()
        errors.messages = sockets.errors
        logging.getLogger("assistant").addHandler(errors)
        logging.getLogger("assistant").propagate = False
        settings = Settings(
            voice=VoiceSettings(engine="printed"), controls=ControlSettings(keys="off", shutdown_command="")
        )
        stop = _Stop()
        thread = threading.Thread(
            target=run_voice, args=(settings, sockets.link, phrases.load("en"), stop), daemon=True
        )
        thread.start()
        stack.callback(thread.join, 5.0)
        stack.callback(stop.really)

        def on_message(message: Message) -> None:
            if isinstance(message, Question):
                client.send(Answer(message.question_id, Utterance("Nobody.", Priority.ANSWER, "answer")))

        client = stack.enter_context(contextlib.closing(LinkClient(sockets.link, on_message)))
        limit = time.monotonic() + 10
        while not _is_up(sockets):
            assert time.monotonic() < limit, sockets.errors
            time.sleep(0.02)
        yield sockets


def _is_up(sockets: VoiceSockets) -> bool:
    try:
        return control.send_command("ask", sockets.control).ok
    except IPCError:
        return False
