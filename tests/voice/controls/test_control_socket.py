"""The control socket: allowed users are answered; everything else is refused and counted, and delays nothing."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.settings import ControlSettings
from assistant.doctor.running_assistant import RunningAssistant
from assistant.errors import IPCError
from assistant.ipc import control_client
from assistant.ipc.commands import Command, Reply
from assistant.ipc.line_server import MAX_CLIENTS
from assistant.ipc.messages import MAX_CHARACTERS
from assistant.ipc.socket_paths import MAX_LINE_BYTES
from assistant.voice import controls
from assistant.voice.controls import control_socket
from assistant.voice.controls.control_socket import (
    OVERFLOW_GID,
    ControlSocket,
    Credentials,
    encode_reply,
    is_allowed,
    parse_request,
)
from tests.support.command_handler_standin import OUT_OF_ORDER, WAIT_S, CommandHandlerStandin
from tests.voice.test_commands import Bench as CommandsBench

pytestmark = pytest.mark.timed

ROOT = Path(__file__).parents[3]
STATUS = b'{"command": "status"}\n'

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("command"), inner, max_size=3),
    max_leaves=6,
)


class Bench:
    """A control socket with a command handler behind it."""

    def __init__(self, path: Path) -> None:
        self.path, self.handler, self.stack = path, CommandHandlerStandin(), contextlib.ExitStack()

    def serve(self, line_s: float = WAIT_S) -> ControlSocket:
        opened = ControlSocket(self.path, self.handler.handle, line_s=line_s)
        self.stack.callback(opened.close)
        return opened

    def raw(self) -> socket.socket:
        connection = self.stack.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(WAIT_S)
        connection.connect(str(self.path))
        return connection


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path / "run" / "control.sock")
    with bench.stack:
        yield bench
        bench.handler.open.set()


def answer(connection: socket.socket) -> dict[str, object]:
    """Everything that is received until the server closes the connection: one line."""
    content = b""
    with contextlib.suppress(ConnectionResetError):
        while part := connection.recv(MAX_LINE_BYTES):
            content += part
    assert content.count(b"\n") == 1, content
    assert content.endswith(b"\n")
    return dict(json.loads(content))


def test_every_command_is_carried_out_and_answered(bench: Bench) -> None:
    opened = bench.serve()
    for command in Command:
        reply = control_client.send_command(command, bench.path)
        facts = {"muted": True, "volume": 80} if command == "status" else {}
        assert reply == Reply(command != "wrong", f"{command}!", facts)
        assert bench.handler.next() == command
    assert opened.refused == 0


def test_the_command_handler_carries_out_every_command_that_vision_does_not_answer() -> None:
    actions = CommandsBench().handler._actions
    assert actions.keys() == {each for each in Command if not (each.is_answered_by_vision or each.is_about_skills)}


FULL = STATUS[:-1].ljust(MAX_LINE_BYTES - 1) + b"\n"
"""A request as long as the longest line."""


@pytest.mark.parametrize("line", [STATUS, FULL])
@pytest.mark.parametrize("behind", [b'{"command": "mute"}\n', b'{"comm', b"\n", b"\0", FULL])
def test_a_request_with_something_behind_its_line_is_refused(bench: Bench, line: bytes, behind: bytes) -> None:
    opened = bench.serve()
    client = bench.raw()
    client.sendall(line + behind)
    refusal = answer(client)
    assert refusal["ok"] is False
    assert str(refusal["text"]).startswith("one line only; nothing was done")
    assert opened.refused == 1
    assert bench.handler.asked.empty()
    assert control_client.send_command("status", bench.path).ok


def test_a_request_may_fill_its_four_kibibytes(bench: Bench) -> None:
    opened = bench.serve()
    client = bench.raw()
    client.sendall(FULL)
    assert answer(client) == {"ok": True, "text": "status!", "facts": {"muted": True, "volume": 80}}
    assert opened.refused == 0


def test_a_client_that_closes_only_its_sending_side_is_answered(bench: Bench) -> None:
    bench.serve()
    client = bench.raw()
    client.sendall(STATUS)
    client.shutdown(socket.SHUT_WR)
    assert answer(client)["ok"] is True


def test_socket_and_folder_are_open_to_owner_and_group_only(bench: Bench) -> None:
    opened = bench.serve()
    assert stat.S_IMODE(bench.path.stat().st_mode) == 0o660
    assert stat.S_IMODE(bench.path.parent.stat().st_mode) == 0o750
    opened.close()
    assert not bench.path.exists()
    bench.path.parent.chmod(0o700)
    bench.serve()
    assert stat.S_IMODE(bench.path.parent.stat().st_mode) == 0o700, "an existing folder stays as it is"


def test_a_narrow_umask_does_not_exclude_the_group(bench: Bench) -> None:
    before = os.umask(0o077)
    try:
        bench.serve()
    finally:
        os.umask(before)
    assert stat.S_IMODE(bench.path.parent.stat().st_mode) == 0o750
    assert stat.S_IMODE(bench.path.stat().st_mode) == 0o660


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"\n", "not JSON"),
        (b"status\n", "not JSON"),
        (b"\x00\xff\xfe\x80\n", "not JSON"),
        (b'{"command": "status"\n', "not JSON"),
        (b"[" * 4000 + b"\n", "not JSON"),
        (b'{"command": ' + b'{"a":' * 700 + b"\n", "not JSON"),
        (b"[" * 1500 + b"]" * 1500 + b"\n", "JSON|send one line"),
        (b"1" * 4000 + b"\n", "send one line|not JSON"),
        (b"{}\n", "send one line"),
        (b'"status"\n', "send one line"),
        (b'{"command": "status", "command2": 1}\n', "send one line"),
        (b'{"command": "rm -rf /"}\n', "unknown command; known: ask, more, repeat"),
        (b'{"command": "Status"}\n', "unknown command"),
        (b'{"command": ["status"]}\n', "unknown command"),
        (b'{"command": {"command": "status"}}\n', "unknown command"),
        (b'{"command": NaN}\n', "unknown command"),
        (b'{"command": "status", "command": "mute"}\n', "a key comes twice"),
        (b'{"command": "mute", "command": "mute"}\n', "a key comes twice"),
        (b'{"command": "mute", "c\\u006fmmand": "mute"}\n', "a key comes twice"),
        (b"x" * MAX_LINE_BYTES, "a line of more than 4096 bytes"),
        (b"x" * 10 * MAX_LINE_BYTES, "a line of more than 4096 bytes"),
    ],
)
def test_hostile_lines_are_refused_with_a_reason_and_counted(bench: Bench, line: bytes, why: str) -> None:
    opened = bench.serve()
    client = bench.raw()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(line)
    refusal = answer(client)
    assert (refusal["ok"], refusal["facts"]) == (False, {})
    assert any(part in str(refusal["text"]) for part in why.split("|")), refusal
    assert opened.refused == 1
    assert bench.handler.asked.empty()
    assert control_client.send_command("status", bench.path).ok


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_a_known_command_or_refused(line: bytes) -> None:
    with contextlib.suppress(IPCError):
        command, argument = parse_request(line)
        assert command in Command
        assert len(argument) <= MAX_CHARACTERS["argument"]


def test_a_command_may_have_an_argument(bench: Bench) -> None:
    assert parse_request(b'{"command": "find", "argument": "cell phone"}') == (Command.FIND, "cell phone")
    for wrong in ('"a\\nb"', f'"{61 * "x"}"', "7", "null"):
        with pytest.raises(IPCError, match="an argument is a text"):
            parse_request(f'{{"command": "find", "argument": {wrong}}}'.encode())


@given(st.text(max_size=2000), st.dictionaries(st.text(max_size=500), st.text(max_size=2000) | st.floats(), max_size=5))
def test_any_reply_is_encoded_as_one_short_line(text: str, facts: dict[str, str | float]) -> None:
    line = encode_reply(Reply(True, text, facts))
    assert len(line) <= MAX_LINE_BYTES
    assert line.count(b"\n") == 1
    assert json.loads(line)["ok"] is True


def test_a_client_that_sends_nothing_or_does_not_finish_is_cut_off(bench: Bench) -> None:
    opened = bench.serve(line_s=0.2)
    silent, slow = bench.raw(), bench.raw()
    slow.sendall(b'{"comm')
    for client in (silent, slow):
        assert "not finished within 0.2 s" in str(answer(client)["text"])
    assert opened.refused == 2
    drip = bench.raw()
    began = time.monotonic()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while time.monotonic() < began + WAIT_S:
            drip.sendall(b" ")
    assert time.monotonic() - began < 2, "a byte now and then does not extend the time limit"


def test_a_client_beyond_the_maximum_is_refused_and_the_others_are_served(bench: Bench) -> None:
    opened = bench.serve()
    clients = [bench.raw() for _ in range(MAX_CLIENTS)]
    late = bench.raw()
    assert answer(late) == {"ok": False, "text": "too many clients at once; try again", "facts": {}}
    for client in clients:
        client.sendall(STATUS)
        assert answer(client)["ok"] is True
    assert opened.refused == 1


def test_thousands_of_connections_cost_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    opened = bench.serve()
    files = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(2000):
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(bench.path))
            if number % 2:
                with contextlib.suppress(OSError):
                    client.sendall(b"nonsense\n")
    assert control_client.send_command("status", bench.path).ok
    assert len(list(Path("/proc/self/fd").iterdir())) <= files + MAX_CLIENTS
    assert len(caplog.records) < 15, "nor does the log fill"
    assert opened.refused == 1000


def test_a_slow_command_delays_neither_refusals_nor_close(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_socket, "STALE_S", WAIT_S)
    opened = bench.serve()
    bench.handler.open.clear()
    first = bench.raw()
    first.sendall(STATUS)
    assert bench.handler.next() == "status"
    waiting = []
    for _ in range(MAX_CLIENTS):
        client = bench.raw()
        client.sendall(b'{"command": "louder"}\n')
        waiting.append(client)
    bad = bench.raw()
    bad.sendall(b"nonsense\n")
    assert "not JSON" in str(answer(bad)["text"])
    one_more = bench.raw()
    one_more.sendall(STATUS)
    assert "too many commands" in str(answer(one_more)["text"])
    bench.handler.open.set()
    assert answer(first)["ok"] is True
    assert all(answer(client)["text"] == "louder!" for client in waiting)
    began = time.monotonic()
    opened.close()
    assert time.monotonic() - began < 1.0


def test_a_command_that_has_waited_too_long_is_not_carried_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_socket, "STALE_S", 0.0)
    bench.serve()
    assert control_client.send_command("mute", bench.path) == Reply(False, "too busy; try again")
    assert bench.handler.asked.empty()


@pytest.mark.parametrize("failure", OUT_OF_ORDER)
def test_a_command_that_fails_is_reported_and_the_socket_stays_open(bench: Bench, failure: Exception) -> None:
    bench.serve()
    bench.handler.failure = failure
    reply = control_client.send_command("ask", bench.path)
    assert not reply.ok
    assert str(failure) in reply.text or "unexpected ZeroDivisionError" in reply.text
    bench.handler.failure = None
    assert control_client.send_command("ask", bench.path).ok


def test_a_client_that_has_disconnected_does_no_harm(bench: Bench) -> None:
    bench.serve()
    bench.handler.open.clear()
    client = bench.raw()
    client.sendall(STATUS)
    assert bench.handler.next() == "status"
    client.close()
    bench.handler.open.set()
    assert control_client.send_command("status", bench.path).ok


# who may


def test_root_the_owner_and_the_group_are_allowed_and_no_others() -> None:
    me = os.getuid()
    assert is_allowed(Credentials(0, frozenset({0})), 500)
    assert is_allowed(Credentials(me, frozenset({me})), 500)
    assert is_allowed(Credentials(me + 1, frozenset({me + 1, 500})), 500)
    assert not is_allowed(Credentials(me + 1, frozenset({me + 1, 501})), 500)
    assert not is_allowed(Credentials(me + 1, frozenset({OVERFLOW_GID})), OVERFLOW_GID), (
        "nobody is whom the kernel does not know"
    )


def test_the_credentials_come_from_the_kernel() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        who = control_socket.read_credentials(ours)
    assert who.uid == os.getuid()
    assert who.groups >= {os.getgid(), *os.getgroups()}


def test_other_users_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        control_socket, "read_credentials", lambda connection: Credentials(os.getuid() + 1, frozenset({OVERFLOW_GID}))
    )
    opened = bench.serve()
    assert "you may not use this assistant" in str(answer(bench.raw())["text"])
    for number in range(20):
        reply = control_client.send_command("mute", bench.path)
        assert not reply.ok
        assert "you may not use this assistant" in reply.text
        assert reply.facts == {"not_allowed": True}
        assert opened.refused == number + 2
    assert bench.handler.asked.empty()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can ask as another user")
@pytest.mark.parametrize(("groups", "is_allowed"), [("4321", True), ("4322", False), ("", False)])
def test_another_real_user_needs_the_group_of_the_folder(bench: Bench, groups: str, is_allowed: bool) -> None:
    bench.path.parent.mkdir()
    os.chown(bench.path.parent, 0, 4321)
    bench.path.parent.chmod(0o711)
    opened = bench.serve()
    bench.path.chmod(0o666)  # else the file system refuses already
    code = (
        "import os, socket, sys\n"
        "os.setgroups([int(group) for group in sys.argv[1].split()]); os.setgid(1234); os.setuid(1234)\n"
        "connection = socket.socket(socket.AF_UNIX); connection.connect('control.sock')\n"
        "try: connection.sendall(sys.argv[2].encode() + b'\\n')\n"
        "except BrokenPipeError: pass\n"
        "print(connection.recv(4096).decode())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, groups, STATUS.decode().strip()],
        capture_output=True, text=True, timeout=60, check=False, cwd=bench.path.parent,
    )  # fmt: skip
    assert json.loads(done.stdout)["ok"] is is_allowed, done
    assert opened.refused == (not is_allowed)


def test_a_second_assistant_reports_that_and_works_without_the_socket(tmp_path: Path) -> None:
    path, settings = tmp_path / "control.sock", ControlSettings(keys="off")
    first, _ = controls.make(settings, CommandHandlerStandin().handle, path)
    second, faults = controls.make(settings, CommandHandlerStandin().handle, path)
    assert second == ()
    assert "another assistant is running" in faults["control_socket"]
    assert control_client.send_command("status", path).ok
    first[0].close()


# the client


def test_without_an_assistant_the_error_is_that_it_is_not_running(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    expected = f"not running (no {path}); start it with: emotion-assistant run"
    with pytest.raises(IPCError) as caught:
        control_client.send_command("mute", path)
    assert str(caught.value) == expected
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(IPCError, match="not running"):
        control_client.send_command("mute", path)


def test_a_full_queue_of_connections_is_reported_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(str(path))
        server.listen(0)
        with contextlib.suppress(BlockingIOError):
            for _ in range(20):
                client = stack.enter_context(socket.socket(socket.AF_UNIX))
                client.setblocking(False)
                client.connect(str(path))
        with pytest.raises(IPCError, match="the assistant is busy; try again"):
            control_client.send_command("mute", path, limit_s=0.1)
        with pytest.raises(IPCError, match="another assistant is running"):
            ControlSocket(path, CommandHandlerStandin().handle)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "the assistant hung up: closed without an answer"),
        (b"nonsense\n", "what listens there is no assistant"),
        (b"[]\n", "what listens there is no assistant"),
        (b'{"ok": 1, "text": "", "facts": {}}\n', "what listens there is no assistant"),
        (b"[" * 100_000, "what listens there is no assistant"),
        (None, "does not answer within 0.2 s"),
    ],
)
def test_a_malformed_or_missing_reply_is_reported_in_one_line(tmp_path: Path, sent: bytes | None, message: str) -> None:
    path, asked = tmp_path / "control.sock", threading.Event()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        server.settimeout(WAIT_S)

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                if sent is None:
                    asked.wait(WAIT_S)
                else:
                    connection.recv(MAX_LINE_BYTES)
                    with contextlib.suppress(OSError):
                        connection.sendall(sent)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(IPCError, match=message):
            control_client.send_command("mute", path, limit_s=0.2 if sent is None else WAIT_S)
        asked.set()
        thread.join(WAIT_S)


def test_the_assistant_of_the_user_is_preferred_to_the_installed_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own, installed = tmp_path / "own.sock", tmp_path / "unit" / "control.sock"
    monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(own))
    monkeypatch.setattr(control_client, "UNIT_SOCKET", installed)
    assert control_client.find_socket() == own
    installed.parent.mkdir()
    assert control_client.find_socket() == installed
    own.touch()
    assert control_client.find_socket() == own


@pytest.mark.parametrize("whose", ["own", "unit"])
def test_a_folder_without_access_is_reported_as_such(monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, elsewhere = Path(place) / "assistant", Path(place) / "none" / "control.sock"
        monkeypatch.setenv("EMOTION_ASSISTANT_CONTROL", str(folder / "control.sock" if whose == "own" else elsewhere))
        monkeypatch.setattr(control_client, "UNIT_SOCKET", folder / "control.sock" if whose == "unit" else elsewhere)
        folder.mkdir()
        Path(place).chmod(0o755)
        folder.chmod(0o000)
        us = os.geteuid()
        try:
            if us == 0:  # to whom no folder is closed
                os.seteuid(65534)
            with pytest.raises(IPCError, match=r"control\.sock: you may not use this assistant; join the group"):
                control_client.send_command("status")
            assert not RunningAssistant.find().is_allowed
            assert "you may not" in RunningAssistant.find().error
        finally:
            os.seteuid(us)
            folder.chmod(0o755)


def test_a_command_from_another_process(bench: Bench) -> None:
    bench.serve()
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "louder"],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env={**os.environ, "EMOTION_ASSISTANT_CONTROL": str(bench.path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "louder!\n", "")
    assert bench.handler.next() == "louder"
