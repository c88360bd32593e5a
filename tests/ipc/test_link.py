"""The link: messages arrive unchanged, everything else is refused, and neither side waits for the other."""

import contextlib
import json
import socket
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import IPCError
from assistant.ipc.commands import QUESTIONS, SKILL_QUESTIONS, Command
from assistant.ipc.control_client import send_command
from assistant.ipc.line_connection import LineConnection
from assistant.ipc.line_server import MAX_CLIENTS
from assistant.ipc.link import MAX_PENDING, LinkClient, LinkServer
from assistant.ipc.messages import (
    AimEnded,
    AimPosition,
    Answer,
    Heartbeat,
    Message,
    Press,
    Question,
    SkillAnswer,
    SkillCancel,
    SkillPress,
    Stop,
    UtteranceEnded,
    Withdraw,
    decode,
    encode,
)
from assistant.ipc.socket_paths import MAX_LINE_BYTES, control_socket, runtime_socket
from assistant.records import Fate, Fault, FaultName, Priority, Utterance, UtteranceKind

pytestmark = pytest.mark.timed

WAIT_S = 5.0
HELLO = Utterance("Looks happy.", Priority.CHANGE, "person 1", 12.5, "why")
BEAT = b'{"type": "heartbeat", "is_camera_open": false, "faults": [], "is_lens_covered": false, "at": %s}'
FAULT = Utterance("Camera lost.", Priority.FAULT, "fault camera")

clean = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=60)
numbers = st.floats(-1e9, 1e9)
utterances = st.builds(
    Utterance,
    clean,
    st.sampled_from(Priority),
    clean,
    st.none() | numbers,
    clean,
    clean,
    st.booleans(),
    st.sampled_from(UtteranceKind),
)
fault_names = st.lists(st.sampled_from(FaultName), unique=True).map(tuple)
messages = st.one_of(
    utterances,
    st.builds(Fault, st.sampled_from(FaultName), numbers, clean, st.booleans()),
    st.builds(Heartbeat, numbers, st.booleans(), fault_names, st.booleans()),
    st.builds(Answer, st.integers(0, 10**9), utterances),
    st.builds(Withdraw, clean),
    st.builds(Stop),
    st.builds(UtteranceEnded, utterances, st.sampled_from(Fate), numbers),
    st.builds(Question, st.integers(0, 10**9), st.sampled_from((*QUESTIONS, *SKILL_QUESTIONS)), clean),
    st.builds(SkillAnswer, st.integers(0, 10**9), utterances, st.booleans()),
    st.builds(SkillAnswer, st.integers(0, 10**9), st.none(), st.just(True)),
    st.builds(SkillPress, st.sampled_from(Press)),
    st.builds(SkillCancel),
    st.builds(AimPosition, st.none() | numbers, st.none() | numbers),
    st.builds(AimEnded, utterances),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(messages)
def test_a_message_survives_encoding_and_decoding(message: Message) -> None:
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert len(line) <= MAX_LINE_BYTES
    assert decode(line) == message


@given(st.text(max_size=2000), st.text(max_size=2000), st.text(max_size=200))
def test_any_text_is_cut_and_cleaned_to_what_the_receiver_accepts(text: str, why: str, topic: str) -> None:
    for message in (
        Utterance(text, Priority.FAULT, topic, None, why),
        UtteranceEnded(Utterance(text, Priority.FAULT, topic, None, why), Fate.SPOKEN, 1.0),
        Fault(FaultName.CAMERA, 1.0, why),
    ):
        assert len(encode(message)) <= MAX_LINE_BYTES


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_hostile_lines_are_refused_by_an_ipc_error(line: bytes) -> None:
    with pytest.raises(IPCError):
        decode(line)


@given(messages, st.data())
def test_a_message_with_one_field_changed_is_valid_or_refused(message: Message, data: st.DataObject) -> None:
    table = json.loads(encode(message))
    table[data.draw(st.sampled_from([*table, "other"]))] = data.draw(json_values)
    with contextlib.suppress(IPCError):
        encode(decode(json.dumps(table).encode()))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"[" * 4000, "not JSON: "),
        (BEAT % b"NaN", "heartbeat: a wrong value of at"),
        (BEAT % b"1e999", "heartbeat: a wrong value of at"),
        (BEAT % b"true", "heartbeat: a wrong value of at"),
        (BEAT % (b"1" + b"0" * 4000), "heartbeat: a wrong value of at"),
        (
            b'{"type": "heartbeat", "at": 1, "is_camera_open": 1, "faults": [], "is_lens_covered": false}',
            "heartbeat: a wrong value of is_camera_open",
        ),
        (
            b'{"type": "heartbeat", "at": 1, "is_camera_open": true, "faults": "black", "is_lens_covered": true}',
            "heartbeat: a wrong value of faults",
        ),
        (
            BEAT.replace(b"[]", b'["black", "dog"]') % b"1",
            "heartbeat: a wrong value of faults",
        ),
        (
            BEAT.replace(b"[]", b'["black", "black"]') % b"1",
            "heartbeat: a wrong value of faults",
        ),
        (
            b'{"type": "fault", "name": "no such fault", "at": 1, "detail": "", "is_over": false}',
            "fault: a wrong value of name",
        ),
        (
            b'{"type": "heartbeat", "at": 1, "is_camera_open": true, "faults": [], "is_lens_covered": 0}',
            "heartbeat: a wrong value of is_lens_covered",
        ),
        (
            b'{"type": "heartbeat", "at": 1}',
            "heartbeat: its fields must be at, faults, is_camera_open, is_lens_covered",
        ),
        (b'{"type": "stop", "now": 1}', "stop: its fields must be none"),
        (b'{"type": "exec", "text": "rm"}', "unknown type; known: utterance, fault"),
        (b'{"type": ["stop"]}', "unknown type"),
        (
            b'{"type": "question", "question_id": 1.5, "command": "why", "argument": ""}',
            "question: a wrong value of question_id",
        ),
        (
            b'{"type": "question", "question_id": -1, "command": "why", "argument": ""}',
            "question: a wrong value of question_id",
        ),
        (
            b'{"type": "question", "question_id": 1, "command": "../x", "argument": ""}',
            "question: a wrong value of command",
        ),
        (b'{"type": "answer", "question_id": 1, "utterance": 3}', "answer: its fields must be earcon, expires_at"),
        (b"\xff\xfe", "not JSON: UnicodeDecodeError"),
        (b'"' + b"x" * MAX_LINE_BYTES + b'"', "more than 4096 bytes"),
    ],
)
def test_the_error_names_the_mistake(line: bytes, message: str) -> None:
    with pytest.raises(IPCError, match=message):
        decode(line)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), 1e13])
def test_what_the_receiver_would_refuse_is_not_encoded(at: float) -> None:
    with pytest.raises(IPCError, match="at"):
        encode(Heartbeat(at))


# real sockets


class Bench:
    """A server that stores the messages it receives, and everything that a test opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.received: SimpleQueue[Message] = SimpleQueue()
        self.opened = contextlib.ExitStack()

    def serve(self, line_s: float = WAIT_S) -> LinkServer:
        server = LinkServer(self.path, line_s=line_s)
        self.opened.callback(server.close)
        server.start(self.received.put)
        return server

    def client(self) -> tuple[LinkClient, "SimpleQueue[Message]"]:
        received: SimpleQueue[Message] = SimpleQueue()
        client = LinkClient(self.path, received.put)
        self.opened.callback(client.close)
        return client, received

    def raw(self) -> socket.socket:
        connection = self.opened.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(WAIT_S)
        connection.connect(str(self.path))
        return connection

    def next(self) -> Message:
        return self.received.get(timeout=WAIT_S)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "run" / "voice.sock")
    with bench.opened:
        yield bench


def is_cut_off(connection: socket.socket) -> bool:
    with contextlib.suppress(ConnectionResetError):
        return connection.recv(1) == b""
    return True


def test_messages_arrive_in_order_both_ways(bench: Bench) -> None:
    server = bench.serve()
    client, received = bench.client()
    client.speak(HELLO)
    client.stop()
    client.heartbeat(1.0)
    assert [bench.next(), bench.next(), bench.next()] == [HELLO, Stop(), Heartbeat(1.0)]
    for message in (Question(1, Command.ASK), UtteranceEnded(HELLO, Fate.SPOKEN, 2.0)):
        server.send(message)
        assert received.get(timeout=WAIT_S) == message


def test_all_clients_receive_what_the_server_sends(bench: Bench) -> None:
    server = bench.serve()
    clients = [bench.client() for _ in range(3)]
    for client, _ in clients:
        client.speak(HELLO)
        assert bench.next() == HELLO
    server.send(Stop())
    assert [received.get(timeout=WAIT_S) for _, received in clients] == [Stop()] * 3


def test_only_the_owner_may_use_the_socket(bench: Bench) -> None:
    bench.serve()
    assert stat.S_IMODE(bench.path.stat().st_mode) == 0o600, "the folder is open to a group, for the commands beside it"
    assert stat.S_IMODE(bench.path.parent.stat().st_mode) == 0o750


def test_messages_from_before_the_voice_process_listens_are_not_lost(bench: Bench) -> None:
    client, _ = bench.client()
    began = time.monotonic()
    client.speak(FAULT)
    assert time.monotonic() - began < 0.1
    bench.serve()
    assert bench.next() == FAULT


def test_the_client_reconnects_to_a_restarted_voice_process(bench: Bench) -> None:
    first = bench.serve()
    client, _ = bench.client()
    client.speak(HELLO)
    assert bench.next() == HELLO
    first.close()
    assert not bench.path.exists()
    client.speak(FAULT)
    bench.serve()
    assert bench.next() == FAULT


def test_while_disconnected_the_newest_messages_and_all_faults_are_kept(bench: Bench) -> None:
    client, _ = bench.client()
    client.speak(FAULT)
    sent_utterances = [Utterance(f"{number}", Priority.CHANGE, "topic") for number in range(MAX_PENDING + 10)]
    for utterance in sent_utterances:
        client.speak(utterance)
    assert client.dropped == 11
    bench.serve()
    assert [bench.next() for _ in range(MAX_PENDING)] == [FAULT, *sent_utterances[11:]]


def test_only_the_newest_heartbeat_waits_to_be_sent(bench: Bench) -> None:
    client, _ = bench.client()
    for at in range(500):
        client.heartbeat(float(at))
    client.speak(HELLO)
    bench.serve()
    assert [bench.next(), bench.next()] == [Heartbeat(499.0), HELLO]
    assert client.dropped == 0


def test_close_sends_what_waits(bench: Bench) -> None:
    bench.serve()
    client, _ = bench.client()
    client.speak(HELLO)
    assert bench.next() == HELLO
    client.stop()
    client.close()
    assert bench.next() == Stop()


def test_the_last_messages_of_a_client_that_has_closed_are_read(bench: Bench) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def take(message: Message) -> None:
        bench.received.put(message)
        arrived.set()
        go_on.wait(WAIT_S)

    server = LinkServer(bench.path, line_s=WAIT_S)
    bench.opened.callback(server.close)
    bench.opened.callback(go_on.set)
    server.start(take)
    client = bench.raw()
    client.sendall(encode(HELLO))
    assert arrived.wait(WAIT_S)
    server.send(Heartbeat(1.0))  # waits to be sent, and its receiver will be gone
    last = [Utterance(f"{number} {'x' * 200}", Priority.CHANGE, "topic") for number in range(40)]
    client.sendall(b"".join(encode(utterance) for utterance in last))  # more than is read at a time
    client.close()
    go_on.set()
    assert [bench.next() for _ in range(41)] == [HELLO, *last]
    assert server.refused == 0


def test_close_does_not_wait_without_a_voice_process(bench: Bench) -> None:
    client, _ = bench.client()
    client.speak(HELLO)
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("line", [b"\n", b"{}\n", b"\xff\n", b"x" * (MAX_LINE_BYTES + 1)])
def test_a_malformed_line_cuts_off_only_its_client_and_is_counted(bench: Bench, line: bytes) -> None:
    server = bench.serve()
    good, bad = bench.raw(), bench.raw()
    bad.sendall(encode(HELLO) + line)
    assert is_cut_off(bad)
    assert bench.next() == HELLO
    good.sendall(encode(FAULT))
    assert bench.next() == FAULT
    assert server.refused == 1


def test_a_line_may_come_in_pieces_within_its_time_limit(bench: Bench) -> None:
    server = bench.serve(line_s=0.2)
    slow = bench.raw()
    line = encode(HELLO)
    slow.sendall(line + line[:10])
    assert bench.next() == HELLO
    slow.sendall(line[10:] + b'{"type')
    assert bench.next() == HELLO
    assert is_cut_off(slow)
    assert server.refused == 1


def test_a_client_beyond_the_maximum_is_refused(bench: Bench) -> None:
    bench.serve()
    clients = [bench.raw() for _ in range(MAX_CLIENTS)]
    for client in clients:
        client.sendall(encode(HELLO))
        assert bench.next() == HELLO
    assert is_cut_off(bench.raw())
    clients[0].sendall(encode(FAULT))
    assert bench.next() == FAULT


def test_a_client_that_does_not_read_is_cut_off_without_delaying_others(bench: Bench) -> None:
    server = bench.serve()
    silent = bench.raw()
    silent.sendall(encode(HELLO))
    assert bench.next() == HELLO
    long = UtteranceEnded(Utterance("x" * 300, Priority.CHANGE, "t", None, "y" * 300), Fate.SPOKEN, 1.0)
    for _ in range(20 * MAX_PENDING * MAX_LINE_BYTES // len(encode(long))):  # far more than the kernel's buffers hold
        server.send(long)
    while silent.recv(MAX_LINE_BYTES):  # the data that the kernel had buffered, and then the end
        pass
    assert server.refused == 1


def test_the_send_buffer_of_a_stalled_connection_stops_growing() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection, line = LineConnection(ours, WAIT_S), b"x" * MAX_LINE_BYTES
        for _ in range(3 * MAX_PENDING):
            connection.put(line)
        assert connection.is_stalled
        assert len(connection.unsent) == (MAX_PENDING + 1) * MAX_LINE_BYTES


def test_the_message_handler_may_refuse_a_message(bench: Bench) -> None:
    def refuse(message: Message) -> None:
        raise IPCError("not for me")

    server = LinkServer(bench.path, line_s=WAIT_S)
    bench.opened.callback(server.close)
    server.start(refuse)
    client = bench.raw()
    client.sendall(encode(Stop()))
    assert is_cut_off(client)
    assert server.refused == 1


def test_the_client_reconnects_after_a_malformed_line(bench: Bench) -> None:
    bench.path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(WAIT_S)
        server.bind(str(bench.path))
        server.listen()
        _client, received = bench.client()
        first, _ = server.accept()
        first.sendall(b"nonsense\n")
        second, _ = server.accept()
        second.sendall(encode(Stop()))
        assert received.get(timeout=WAIT_S) == Stop()
        first.close()
        second.close()


def test_a_second_assistant_and_an_unsuitable_path_are_refused(bench: Bench, tmp_path: Path) -> None:
    bench.serve()
    with pytest.raises(IPCError, match="another assistant is running; stop that one first"):
        LinkServer(bench.path)
    client = bench.raw()
    client.sendall(encode(HELLO))
    assert bench.next() == HELLO
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(IPCError, match="open: others may write here"):
        LinkServer(tmp_path / "open" / "voice.sock")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(IPCError, match="file: this is no socket"):
        LinkServer(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"
    with pytest.raises(IPCError, match="cannot listen here"):
        LinkServer(tmp_path / "file" / "voice.sock")
    with pytest.raises(IPCError, match="cannot listen here: AF_UNIX path too long; name a shorter one"):
        LinkServer(tmp_path / ("x" * 200))
    with pytest.raises(IPCError, match="too long for a socket; name a shorter one: EMOTION_ASSISTANT_SOCKET"):
        send_command("ask", tmp_path / ("x" * 200))


def test_a_socket_left_by_a_crash_is_replaced(bench: Bench) -> None:
    bench.path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(bench.path))
    bench.serve()
    client, _ = bench.client()
    client.speak(HELLO)
    assert bench.next() == HELLO
    with pytest.raises(Empty):
        bench.received.get_nowait()


def test_where_the_voice_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EMOTION_ASSISTANT_SOCKET", "RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", "/tmp/short")
    monkeypatch.setattr("os.getuid", lambda: 1234)
    assert runtime_socket() == Path("/tmp/short/emotion-assistant-1234") / "voice.sock"
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1234")
    assert runtime_socket() == Path("/run/user/1234/emotion-assistant/voice.sock")
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/run/emotion-assistant:/run/other")
    assert runtime_socket() == Path("/run/emotion-assistant/voice.sock")
    monkeypatch.setenv("EMOTION_ASSISTANT_SOCKET", "/there")
    assert runtime_socket() == Path("/there")


def test_where_commands_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EMOTION_ASSISTANT_CONTROL", raising=False)
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1234")
    assert control_socket() == Path("/run/user/1234/emotion-assistant/control.sock")
    monkeypatch.setenv("EMOTION_ASSISTANT_SOCKET", "/run/emotion-assistant/voice.sock")
    assert control_socket() == Path("/run/emotion-assistant/control.sock")
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", "/there")
    assert control_socket() == Path("/there")


def test_a_voice_process_that_sends_nothing_is_disconnected_and_reported(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.ipc.link.VOICE_TIMEOUT_S", 0.3)
    monkeypatch.setattr("assistant.ipc.link.POLL_S", 0.05)
    bench.path.parent.mkdir(mode=0o700)
    with socket.socket(socket.AF_UNIX) as server:
        server.settimeout(WAIT_S)
        server.bind(str(bench.path))
        server.listen()
        client, received = bench.client()
        first, _ = server.accept()
        first.sendall(encode(Heartbeat(1.0)) + encode(Stop()))
        assert received.get(timeout=WAIT_S) == Stop(), "a heartbeat is for the link alone"
        assert client.is_voice_alive
        assert client.is_working
        second, _ = server.accept()  # the client connects again because the first connection has sent nothing
        assert not client.is_voice_alive
        assert client.is_working
        first.close()
        second.close()
