"""Sends commands to the running assistant over its control socket, as the verb `emotion-assistant mute` does."""

import contextlib
import json
import socket
import struct
import time
from pathlib import Path

from assistant.errors import IPCError, NotAllowedError
from assistant.ipc.commands import Reply
from assistant.ipc.socket_paths import MAX_LINE_BYTES, control_socket

TIMEOUT_S = 2.0
"""A reply must come within so long."""
MAX_PATH_BYTES = 107
"""Longest path of a socket on Linux."""
UNIT_SOCKET = Path("/run/emotion-assistant/control.sock")
"""Where the installed service listens."""


class NotRunningError(IPCError):
    """No assistant listens there."""


def find_socket() -> Path:
    """The socket of the user's own assistant, else that of the installed one, even if its folder is closed to this
    user."""
    own = control_socket()
    with contextlib.suppress(PermissionError):
        if own.exists():
            return own
    return UNIT_SOCKET if UNIT_SOCKET.parent.is_dir() else own


def check_none_is_running() -> None:
    """Raises IPCError, with the process and its name, if another assistant listens at the user's socket or the
    service's: two voices would speak.

    One that hangs, with clients that wait to be accepted, counts as well, and so does the service's folder if it is
    closed to this user: systemd removes it when the service ends.
    """
    for path in dict.fromkeys((control_socket(), UNIT_SOCKET)):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(TIMEOUT_S)
                connection.connect(str(path))
                holder = _peer(connection)
        except (BlockingIOError, TimeoutError):
            holder = f"it does not answer at {path}"
        except PermissionError:
            if path != UNIT_SOCKET:  # after `su` the runtime folder may be another user's, whoever listens there
                continue
            holder = f"the service's at {path}"
        except OSError:
            continue
        raise IPCError(f"an assistant is running already: {holder}; end that one first")


def _peer(connection: socket.socket) -> str:
    """The process at the other end, with its command line as far as it may be seen."""
    if not hasattr(socket, "SO_PEERCRED"):  # Linux has it
        return "another process"
    pid, _, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    with contextlib.suppress(OSError):
        program, *arguments = Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").split("\0")
        return f"process {pid} ({' '.join([Path(program).name, *arguments])[:60].strip()})"
    return f"process {pid}"


def send_command(command: str, path: Path | None = None, *, argument: str = "", limit_s: float = TIMEOUT_S) -> Reply:
    """Have a command carried out by the assistant that listens at `path`. Raises IPCError if there is no reply in
    time."""
    request = {"command": command, "argument": argument} if argument else {"command": command}
    path = path or find_socket()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            end_at = time.monotonic() + limit_s
            # Not settimeout: with that, connect fails at once where other clients wait to be accepted.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", *_timeval(limit_s)))
            connection.connect(str(path))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused already: the reason can be read
                connection.sendall(json.dumps(request).encode() + b"\n")
            return _parse_reply(_read_line(connection, end_at), path)
    except (FileNotFoundError, ConnectionRefusedError) as err:
        raise NotRunningError(f"not running (no {path}); start it with: emotion-assistant run") from err
    except PermissionError as err:
        raise NotAllowedError(f"{path}: you may not use this assistant; join the group of that folder") from err
    except BlockingIOError as err:  # too many clients still wait to be accepted
        raise IPCError(f"{path}: the assistant is busy; try again") from err
    except TimeoutError as err:
        raise IPCError(f"{path}: the assistant does not answer within {limit_s:g} s; try again") from err
    except OSError as err:
        if err.errno is None and len(bytes(path)) > MAX_PATH_BYTES:  # Python refuses it: no assistant can listen there
            raise IPCError(f"{path}: too long for a socket; name a shorter one: EMOTION_ASSISTANT_SOCKET") from err
        raise IPCError(f"{path}: the assistant hung up: {err.strerror or err}; try again") from err


def _timeval(seconds: float) -> tuple[int, int]:
    """Whole seconds and microseconds."""
    return int(seconds), int(seconds % 1 * 1e6)


def _read_line(connection: socket.socket, end_at: float) -> bytes:
    received = b""
    while b"\n" not in received and len(received) < MAX_LINE_BYTES:
        left_s = end_at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        content = connection.recv(MAX_LINE_BYTES)
        if not content:
            raise ConnectionResetError("closed without an answer")
        received += content
    return received.partition(b"\n")[0]


def _parse_reply(line: bytes, path: Path) -> Reply:
    try:
        table = json.loads(line.decode("utf-8"))
        ok, text, facts = table["ok"], table["text"], table["facts"]
    except (ValueError, RecursionError, TypeError, KeyError) as err:
        raise IPCError(f"{path}: what listens there is no assistant") from err
    if not (isinstance(ok, bool) and isinstance(text, str) and isinstance(facts, dict)):
        raise IPCError(f"{path}: what listens there is no assistant")
    return Reply(ok, text, facts)
