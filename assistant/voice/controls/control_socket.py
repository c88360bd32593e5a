"""The control socket: one line of JSON in, {"command": "ask"}, one out, {"ok": true, "text": …, "facts": {…}}.

A command may have an argument, as in {"command": "find", "argument": "cup"}.
"""

import contextlib
import json
import os
import socket
import struct
import threading
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from assistant.dataclass import dataclass
from assistant.errors import IPCError, NotAllowedError
from assistant.ipc.commands import NOT_ALLOWED, Command, Reply
from assistant.ipc.line_connection import LineConnection
from assistant.ipc.line_server import MAX_CLIENTS, LineServer
from assistant.ipc.messages import MAX_CHARACTERS
from assistant.ipc.socket_paths import MAX_LINE_BYTES
from assistant.voice.controls import RunCommand, run_safely
from assistant.voice.controls.button_map import GestureCommands

REQUEST_TIMEOUT_S = 1.0
"""A request must be complete so long after the client has connected."""
STALE_S = 1.5
"""A command that has waited so long for its turn is refused: its client gives up after 2 s (`control_client`)."""
CLOSE_TIMEOUT_S = 1.2
"""`close` waits at most so long for the command that is being carried out."""
SO_PEERGROUPS = 59
"""Of <asm-generic/socket.h>; Python has no name for it."""
OVERFLOW_GID = 65534
"""The group id that the kernel gives for groups that the unit's user namespace (PrivateUsers=) does not know."""


@dataclass(frozen=True)
class Credentials:
    """The user of a client, as the kernel knows it."""

    uid: int
    groups: frozenset[int]
    """Ids of all groups of the user."""


class ControlSocket(LineServer):
    """Takes commands at `path` and carries them out, one after the other, on a thread of its own.

    A client sends one request of at most 4 KiB and nothing behind it, finished within `line_s` seconds of connecting.
    Clients may be root, our own user, or a member of the group of the socket's folder. Anything else is refused with
    the reason, and counted in `refused`. Raises IPCError if another assistant listens there, or the folder is not ours.
    """

    def __init__(self, path: Path, run_command: RunCommand, *, line_s: float = REQUEST_TIMEOUT_S) -> None:
        super().__init__("control socket", path, line_s, mode=0o660)
        self._run_command = run_command
        self._group = path.parent.stat().st_gid
        self._requests: SimpleQueue[tuple[Command, str, socket.socket, float] | None] = SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="control worker", daemon=True)
        self._worker.start()
        self._thread.start()

    @property
    def keys(self) -> dict[str, GestureCommands]:
        """None: commands are given by name."""
        return {}

    def close(self) -> None:
        """Take no more commands; the one that is being carried out is finished."""
        super().close()
        self._requests.put(None)
        self._worker.join(CLOSE_TIMEOUT_S)

    def _accept_client(self, client: LineConnection) -> None:
        if not is_allowed(read_credentials(client.connection), self._group):
            raise NotAllowedError("you may not use this assistant; ask for a place in the group of its socket's folder")
        client.line_deadline = time.monotonic() + self._line_s  # a client that sends nothing must not stay connected

    def _handle_line(self, client: LineConnection, line: bytes) -> None:
        command, argument = parse_request(line)
        if client.has_more():  # it would be dropped without notice
            raise IPCError("one line only; nothing was done, send each command on a connection of its own")
        if self._requests.qsize() >= MAX_CLIENTS:
            raise IPCError("too many commands at once; try again")
        self._detach(client)
        self._requests.put((command, argument, client.connection, time.monotonic() + STALE_S))

    def _send_refusal(self, connection: socket.socket, error: IPCError) -> None:
        facts = {NOT_ALLOWED: True} if isinstance(error, NotAllowedError) else {}
        connection.send(encode_reply(Reply(False, str(error), facts)))

    def _work(self) -> None:
        while (item := self._requests.get()) is not None:
            command, argument, connection, stale_at = item
            is_stale = time.monotonic() >= stale_at
            reply = Reply(False, "too busy; try again") if is_stale else self._carry_out(command, argument)
            with connection, contextlib.suppress(OSError):  # a reply fits into the send buffer: this does not block
                connection.send(encode_reply(reply))

    def _carry_out(self, command: Command, argument: str) -> Reply:
        return run_safely(self._run_command, command, argument)


def parse_request(line: bytes) -> tuple[Command, str]:
    """The command that a line asks for, and its argument, empty where it has none. Raises IPCError if the line is not
    exactly one request."""
    if len(line) > MAX_LINE_BYTES:
        raise IPCError(f"a line of more than {MAX_LINE_BYTES} bytes")
    try:
        table = json.loads(line.decode("utf-8"), object_pairs_hook=_to_table)
    except (ValueError, RecursionError) as err:
        raise IPCError('this is not JSON; send one line: {"command": "status"}') from err
    if not isinstance(table, dict) or table.keys() not in ({"command"}, {"command", "argument"}):
        raise IPCError('send one line: {"command": "status"}')
    name = table["command"]
    if not isinstance(name, str) or name not in set(Command):
        raise IPCError(f"unknown command; known: {', '.join(Command)}")
    argument = table.get("argument", "")
    if not isinstance(argument, str) or not argument.isprintable() or len(argument) > MAX_CHARACTERS["argument"]:
        raise IPCError(f"an argument is a text of at most {MAX_CHARACTERS['argument']} characters, in one line")
    return Command(name), argument


def _to_table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object. Raises IPCError where a key comes twice, for it is ambiguous which of the two values is meant."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise IPCError('a key comes twice; send one line: {"command": "status"}')
    return table


def encode_reply(reply: Reply) -> bytes:
    """The reply as a line of at most MAX_LINE_BYTES: the text is cut, and facts that do not fit are left out."""
    text = " ".join(reply.text.split())[: MAX_CHARACTERS["text"]]
    table = {"ok": reply.ok, "text": text, "facts": dict(reply.facts)}
    line = _to_line(table)
    return line if len(line) <= MAX_LINE_BYTES else _to_line({**table, "facts": {}})


def _to_line(table: dict[str, object]) -> bytes:
    return json.dumps(table, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def read_credentials(connection: socket.socket) -> Credentials:
    """The user at the other end of a connection. Raises OSError if it is closed."""
    _, uid, gid = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    groups = {gid}
    with contextlib.suppress(OSError):  # more groups than fit here, or a kernel before 4.13
        content = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 1024)
        groups.update(struct.unpack(f"{len(content) // 4}I", content))
    return Credentials(uid, frozenset(groups))


def is_allowed(user: Credentials, group: int) -> bool:
    """Whether a user may give commands: root, our own user, and members of the group of the socket's folder."""
    return user.uid == 0 or user.uid == os.getuid() or (group != OVERFLOW_GID and group in user.groups)
