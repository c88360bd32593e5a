"""Asks the running assistant over its control socket, as the commands `emotion-assistant mute` and so on do."""

import contextlib
import json
import socket
import struct
import time
from pathlib import Path

from assistant.errors import IPCError
from assistant.ipc.link import control_socket
from assistant.ipc.messages import MAX_LINE
from assistant.voice.controls import Reply

REQUESTS = {
    "repeat": "have the running assistant say the last thing again",
    "mute": "silence the running assistant; faults and answers are still spoken",
    "unmute": "let the running assistant speak unasked again",
    "louder": "make the running assistant louder",
    "quieter": "make the running assistant quieter",
    "faster": "make the running assistant speak faster",
    "slower": "make the running assistant speak slower",
    "why": "ask the running assistant how sure it is of the last expression, and since when",
    "wrong": "tell the running assistant that the last expression was wrong",
    "status": "ask the running assistant how it is",
    "shutdown": "shut the box down, as the very long press does; it has to be asked twice",
}
"""What can be asked of a running assistant in one word, with what the help says of it."""

LIMIT_S = 2.0
UNIT_SOCKET = Path("/run/emotion-assistant/control.sock")
"""Where the installed service listens."""


class NotRunningError(IPCError):
    """Nobody listens there."""


def find() -> Path:
    """The socket of the user's own assistant, else that of the installed one, be its folder closed to this user."""
    own = control_socket()
    with contextlib.suppress(PermissionError):
        if own.exists():
            return own
    return UNIT_SOCKET if UNIT_SOCKET.parent.is_dir() else own


def ask(command: str, path: Path | None = None, *, limit_s: float = LIMIT_S) -> Reply:
    """Have a command done by the assistant that listens at `path`. Raises IPCError if none answers in time."""
    path = path or find()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            end_at = time.monotonic() + limit_s
            # Not settimeout: with that, connect gives up at once where others wait at the door.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", *_timeval(limit_s)))
            connection.connect(str(path))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused already: the reason can be read
                connection.sendall(json.dumps({"command": command}).encode() + b"\n")
            return _reply(_line(connection, end_at), path)
    except (FileNotFoundError, ConnectionRefusedError) as err:
        raise NotRunningError(f"not running (no {path}); start it with: emotion-assistant run") from err
    except PermissionError as err:
        raise IPCError(f"{path}: you may not use this assistant; join the group of that folder") from err
    except BlockingIOError as err:  # too many still wait at the door
        raise IPCError(f"{path}: the assistant is busy; try again") from err
    except TimeoutError as err:
        raise IPCError(f"{path}: the assistant does not answer within {limit_s:g} s; try again") from err
    except OSError as err:
        raise IPCError(f"{path}: the assistant hung up: {err.strerror or err}; try again") from err


def _timeval(seconds: float) -> tuple[int, int]:
    """Whole seconds and microseconds."""
    return int(seconds), int(seconds % 1 * 1e6)


def _line(connection: socket.socket, end_at: float) -> bytes:
    received = b""
    while b"\n" not in received and len(received) < MAX_LINE:
        left_s = end_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        content = connection.recv(MAX_LINE)
        if not content:
            raise ConnectionResetError("closed without an answer")
        received += content
    return received.partition(b"\n")[0]


def _reply(line: bytes, path: Path) -> Reply:
    try:
        table = json.loads(line.decode("utf-8"))
        ok, text, facts = table["ok"], table["text"], table["facts"]
    except (ValueError, RecursionError, TypeError, KeyError) as err:
        raise IPCError(f"{path}: what listens there is no assistant") from err
    if not (isinstance(ok, bool) and isinstance(text, str) and isinstance(facts, dict)):
        raise IPCError(f"{path}: what listens there is no assistant")
    return Reply(ok, text, facts)
