"""The voice process as it runs, at its two doors, for `link` and `control` to knock at. Nothing but the sound is left
out: it prints what it says. A vision is there that answers what it is asked."""

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

ANSWERS_S = 8.0
"""A door that does not answer, or hang up, for so long hangs."""
EVERY = 50
"""After so many inputs the voice must still take a command."""


class _Stop(threading.Event):
    """Vision may tell the voice to stop; this one goes on, unless the test itself ends it."""

    def set(self) -> None:
        """Go on."""

    def really(self) -> None:
        """End."""
        super().set()


class _Complaints(logging.Handler):
    """Errors in the log: what was caught in a place where nothing should have to be."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()}: {record.exc_info[1]!r}" if record.exc_info else record.getMessage())


@dataclass
class Doors:
    """Where the voice listens, and what went wrong in its threads."""

    link: Path
    control: Path
    complaints: list[str] = field(default_factory=list)
    knocks: int = 0

    def knock(self, door: Path, parts: list[bytes]) -> bytes:
        """Send the parts, then nothing more, and return all that comes back. Raises if the door hangs."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWERS_S)
            connection.connect(str(door))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has heard enough
                for part in parts:
                    connection.sendall(part)
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while content := connection.recv(65536):
                    answer += content
        self.knocks += 1
        if self.knocks % EVERY == 0:
            reply = control.send_command("status", self.control, limit_s=ANSWERS_S)
            assert reply.ok, reply
            assert reply.facts["vision"] in (True, False)
        assert not self.complaints, self.complaints[:3]
        return answer


@contextlib.contextmanager
def opened() -> Iterator[Doors]:
    """A running voice with a vision."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        doors = Doors(Path(folder) / "voice.sock", Path(folder) / "control.sock")
        os.environ |= {"EMOTION_ASSISTANT_CONTROL": str(doors.control), "XDG_STATE_HOME": folder}
        os.environ.pop("NOTIFY_SOCKET", None)
        threading.excepthook = lambda what: doors.complaints.append(f"{what.thread}: {what.exc_value!r}")
        complaints = _Complaints()
        complaints.heard = doors.complaints
        logging.getLogger("assistant").addHandler(complaints)
        logging.getLogger("assistant").propagate = False
        settings = Settings(
            voice=VoiceSettings(engine="printed"), controls=ControlSettings(keys="off", shutdown_command="")
        )
        stop = _Stop()
        thread = threading.Thread(target=run_voice, args=(settings, doors.link, phrases.load("en"), stop), daemon=True)
        thread.start()
        stack.callback(thread.join, 5.0)
        stack.callback(stop.really)

        def hear(message: Message) -> None:
            if isinstance(message, Question):
                client.send(Answer(message.question_id, Utterance("Nobody.", Priority.ANSWER, "answer")))

        client = stack.enter_context(contextlib.closing(LinkClient(doors.link, hear)))
        limit = time.monotonic() + 10
        while not _is_up(doors):
            assert time.monotonic() < limit, doors.complaints
            time.sleep(0.02)
        yield doors


def _is_up(doors: Doors) -> bool:
    try:
        return control.send_command("ask", doors.control).ok
    except IPCError:
        return False
