"""The control socket: any input is answered by one line, or by none where there was no request. And the client: any
answer of another program at that path is parsed to a reply or an error."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.commands import Command
from assistant.ipc.socket_paths import MAX_LINE_BYTES
from tests.fuzz.engine import Attack
from tests.fuzz.link import lines, parts
from tests.fuzz.voice_sockets import opened

VALID: tuple[dict[str, Any], ...] = (
    *({"command": command} for command in Command),
    {"command": "status", "more": 1},
    {"command": "find", "argument": "cell phone"},
    {"ok": True, "text": "It runs.", "facts": {"vision": True, "volume": 100}},
)
TOKENS = (
    b"\n", b'"', b"\\u0000", b"\\ud83d", b"{", b"}", b"[", b",", b":", b"null", b"NaN", b"9" * 4400,
    b"\xff", b"\xed\xa0\x80", b'"command"', b'"command":"status"', b"__class__", b"do",
    *(command.encode() for command in Command),
)  # fmt: skip


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    def check(sent: list[bytes]) -> None:
        answer = sockets.exchange(sockets.control, sent)
        assert len(answer) <= MAX_LINE_BYTES, len(answer)
        if answer:
            assert answer.endswith(b"\n"), answer
            assert answer.count(b"\n") == 1, answer
            reply = control_client._parse_reply(answer, Path("control.sock"))
            assert reply.ok or reply.text, answer
        for line in sent:
            with contextlib.suppress(IPCError):
                json.dumps(control_client._parse_reply(line, Path("control.sock")).facts)

    with opened() as sockets:
        yield Attack(parts(lines(VALID, TOKENS)), check)
