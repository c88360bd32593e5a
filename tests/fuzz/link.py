"""The link: any input at the voice's socket is accepted, or its sender is disconnected, and the voice process goes on.

The same lines go through the parser alone: a message that it accepts can be encoded and decoded again to an equal one.
"""

import contextlib
import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from assistant.errors import IPCError
from assistant.ipc.commands import QUESTIONS, SKILL_QUESTIONS
from assistant.ipc.line_connection import LineConnection
from assistant.ipc.messages import MESSAGE_TYPES, decode, encode
from assistant.ipc.socket_paths import MAX_LINE_BYTES
from assistant.phrases import load
from assistant.records import Fate, Priority
from tests.fuzz import damage
from tests.fuzz.engine import Attack, must_be_one_line
from tests.fuzz.voice_sockets import opened

UTTERANCE: dict[str, Any] = {
    "text": "One person looks happy.", "priority": "CHANGE", "topic": "person 1", "expires_at": None, "log_note": "",
    "earcon": "happy", "is_over": False, "kind": "announcement",
}  # fmt: skip
VALID: tuple[dict[str, Any], ...] = (
    {"type": "utterance", **UTTERANCE},
    {"type": "utterance", **UTTERANCE, "priority": "FAULT", "earcon": "", "kind": "fault", "expires_at": 1e9},
    {"type": "fault", "name": "camera", "at": 1.0, "detail": "unplugged", "is_over": False},
    {"type": "fault", "name": "camera", "at": 2.0, "detail": "", "is_over": True},
    {"type": "heartbeat", "at": 12.5, "is_camera_open": True, "faults": ["blurred"], "is_lens_covered": False},
    {"type": "answer", "question_id": 1, "utterance": UTTERANCE},
    {"type": "withdraw", "topic": "person 1"},
    {"type": "stop"},
    {"type": "utterance_ended", "utterance": UTTERANCE, "fate": "spoken", "at": 3.5},
    {"type": "question", "question_id": 1, "command": "ask", "argument": ""},
    {"type": "question", "question_id": 2, "command": "find", "argument": "cup"},
    {"type": "skill_answer", "question_id": 2, "utterance": UTTERANCE, "is_last": False, "has_failed": False},
    {"type": "skill_answer", "question_id": 2, "utterance": None, "is_last": True, "has_failed": True},
    {"type": "skill_press", "press": "yes"},
    {"type": "skill_cancel"},
)
TOKENS = (
    b"\n", b'"', b"\\u0000", b"\\ud83d", b"{", b"}", b"[", b",", b":", b"null", b"NaN", b"Infinity", b"1e999",
    b"9" * 4400,
    b"-1", b"\xff", b"\xed\xa0\x80", b'"type":"stop"', b'"type":"heartbeat"', b'"is_over":1',
    *(kind.encode() for kind in MESSAGE_TYPES),
    *(fate.encode() for fate in Fate), *(each.name.encode() for each in Priority),
    *(what.encode() for what in (*QUESTIONS, *SKILL_QUESTIONS)),
)  # fmt: skip


def lines(valid: Sequence[dict[str, Any]] = VALID, tokens: Sequence[bytes] = TOKENS) -> st.SearchStrategy[bytes]:
    """A line: a message with other values, damaged bytes, depth, noise, or much too long."""
    whole = tuple(json.dumps(each).encode() for each in valid)
    return st.one_of(
        damage.trees(valid).map(lambda tree: json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")),
        st.builds(
            lambda content, steps: damage.damaged(content, steps, tokens), st.sampled_from(whole), damage.changes()
        ),
        st.builds(damage.nested, st.integers(0, 2), st.integers(1, 1500)),
        st.binary(max_size=30),
        st.integers(MAX_LINE_BYTES - 2, MAX_LINE_BYTES + 2).map(lambda length: b"x" * length),
    )


def parts(line: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    """Lines that are sent at once, or pieces of lines, with their ends or without."""
    return st.lists(
        st.builds(lambda each, end: each + end, line, st.sampled_from((b"\n", b"\n", b"\n\n", b""))), max_size=3
    )


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    valid = (*VALID, *({**VALID[2], "name": name} for name in load("en").tables["faults"]))

    def check(sent: list[bytes]) -> None:
        for line in b"".join(sent).split(b"\n"):
            _parse(line)
        _as_vision(sent)
        sockets.exchange(sockets.link, sent)

    with opened() as sockets:
        yield Attack(parts(lines(valid)), check)


def _parse(line: bytes) -> None:
    try:
        message = decode(line)
    except IPCError as err:
        must_be_one_line(err)
        return
    assert decode(encode(message)) == message


def _as_vision(sent: list[bytes]) -> None:
    """Input that a hostile voice process could send to vision, whose thread catches these errors and connects again."""
    ours, theirs = socket.socketpair()
    with ours, theirs, contextlib.suppress(IPCError, ConnectionResetError):
        peer = LineConnection(ours, 1.0)
        for number, part in enumerate(sent):
            theirs.sendall(part)
            while True:
                before = bytes(peer._received)
                for line in peer.receive(number / 4):
                    _parse(line)
                if bytes(peer._received) == before:
                    break
