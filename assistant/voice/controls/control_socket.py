"""The control socket: one JSON line in, {"command": "describe"}, one out, {"ok": true, "text": …, "facts": {…}}."""

import contextlib
import json
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from assistant.errors import IPCError
from assistant.ipc.line_connection import Peer
from assistant.ipc.line_server import MAX_CLIENTS, Host
from assistant.ipc.messages import LENGTHS, MAX_LINE
from assistant.voice.controls import COMMANDS, Do, Reply, ask

LINE_S = 1.0
STALE_S = 1.5
"""Whoever has waited so long for a turn believes that nobody answers: the command is not done any more."""
END_S = 1.2
"""`close` waits so long for a command that is being done."""
SO_PEERGROUPS = 59
"""Of <asm-generic/socket.h>; Python has no name for it."""
NOBODY = 65534
"""What the kernel calls users and groups that the unit's user namespace (PrivateUsers=) does not know."""


@dataclass(frozen=True)
class Credentials:
    """Who is at the other end, as the kernel knows it. groups: all of them."""

    uid: int
    groups: frozenset[int]


class Door(Host):
    """Takes commands at `path` and has them done, one after the other, on a thread of its own.

    One request a connection, at most 4 KiB, finished within `line_s` of connecting, with nothing behind it; from root,
    from our own user, or from the group of the socket's folder. Anything else is refused with its reason, and counted
    in `refused`. Raises IPCError if another assistant listens there, or the folder is not ours.
    """

    def __init__(self, path: Path, do: Do, *, line_s: float = LINE_S) -> None:
        super().__init__("control socket", path, line_s, mode=0o660)
        self._do = do
        self._group = path.parent.stat().st_gid
        self._requests: SimpleQueue[tuple[str, socket.socket, float] | None] = SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="control worker", daemon=True)
        self._worker.start()
        self._thread.start()

    def close(self) -> None:
        """Take no more commands; one that is being done is finished."""
        super().close()
        self._requests.put(None)
        self._worker.join(END_S)

    def _welcome(self, peer: Peer) -> None:
        if not may(credentials(peer.connection), self._group):
            raise IPCError("you may not use this assistant; ask for a place in the group of its socket's folder")
        peer.late_at = time.monotonic() + self._line_s  # whoever connects and says nothing holds a place, too

    def _take(self, peer: Peer, line: bytes) -> None:
        command = request(line)
        if peer.has_more():  # it would be dropped without a word
            raise IPCError("one line only; nothing was done, send each command on a connection of its own")
        if self._requests.qsize() >= MAX_CLIENTS:
            raise IPCError("too many commands at once; try again")
        self._let_go(peer)
        self._requests.put((command, peer.connection, time.monotonic() + STALE_S))

    def _dismiss(self, connection: socket.socket, why: str) -> None:
        connection.send(encode(Reply(False, why)))

    def _work(self) -> None:
        while (item := self._requests.get()) is not None:
            command, connection, stale_at = item
            is_late = time.monotonic() >= stale_at
            reply = Reply(False, "too busy; try again") if is_late else ask(self._do, command)
            with connection, contextlib.suppress(OSError):  # a reply fits into what the system keeps for the other side
                connection.send(encode(reply))


def request(line: bytes) -> str:
    """The command that a line asks for. Raises IPCError if it is not exactly one of COMMANDS."""
    if len(line) > MAX_LINE:
        raise IPCError(f"a line of more than {MAX_LINE} bytes")
    try:
        table = json.loads(line.decode("utf-8"), object_pairs_hook=_table)
    except (ValueError, RecursionError) as err:
        raise IPCError('this is not JSON; send one line: {"command": "status"}') from err
    if not isinstance(table, dict) or table.keys() != {"command"}:
        raise IPCError('send one line: {"command": "status"}')
    command = table["command"]
    if not isinstance(command, str) or command not in COMMANDS:
        raise IPCError(f"unknown command; known: {', '.join(COMMANDS)}")
    return command


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON. Raises IPCError where a key comes twice: which of the two was meant, nobody knows."""
    table = dict(pairs)
    if len(table) < len(pairs):
        raise IPCError('a key comes twice; send one line: {"command": "status"}')
    return table


def encode(reply: Reply) -> bytes:
    """The reply as a line of at most MAX_LINE bytes: the text is cut, and facts that do not fit are left out."""
    table = {"ok": reply.ok, "text": " ".join(reply.text.split())[: LENGTHS["text"]], "facts": dict(reply.facts)}
    line = _line(table)
    return line if len(line) <= MAX_LINE else _line({**table, "facts": {}})


def _line(table: dict[str, object]) -> bytes:
    return json.dumps(table, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def credentials(connection: socket.socket) -> Credentials:
    """Who has connected. Raises OSError if they are gone."""
    _, uid, gid = struct.unpack("iII", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    groups = {gid}
    with contextlib.suppress(OSError):  # more groups than fit here, or a kernel before 4.13
        content = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 1024)
        groups.update(struct.unpack(f"{len(content) // 4}I", content))
    return Credentials(uid, frozenset(groups))


def may(who: Credentials, group: int) -> bool:
    """Whether somebody may use the assistant: root, our own user, members of the group of the socket's folder."""
    return who.uid == 0 or who.uid == os.getuid() or (group != NOBODY and group in who.groups)
