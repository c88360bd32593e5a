"""A process behind a socket is started by the first client, again after it has ended, and not without end."""

import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.system import socket_activation
from assistant.system.socket_activation import SocketActivatedProcess

CHILD = """#!{python} -IS
import os, socket, sys, time
with open(os.environ["PLACE"], "a") as target:
    target.write(f"{{os.getpid()}}\\n")
if os.environ.get("HOW") == "fails":
    sys.exit(3)
tell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
tell.connect(os.environ["NOTIFY_SOCKET"])
tell.send(b"READY=1")
listener = socket.socket(fileno=int(sys.argv[-1]))
while True:
    with listener.accept()[0] as client:
        asked = client.recv(100)
        client.sendall(str(os.getpid()).encode())
    if asked == b"end":
        sys.exit(0)
    if asked == b"hang":
        time.sleep(1000)
"""


class Bench:
    """A socket-activated script, and its clients."""

    def __init__(self, folder: Path, how: str = "") -> None:
        self.path, self.place = folder / "part.sock", folder / "notes"
        self.place.touch()
        self.process = SocketActivatedProcess("part", [], {"PLACE": str(self.place), "HOW": how}, self.path)

    def ask(self, what: bytes = b"hello") -> int:
        """The process id of whoever answers; 0: nobody has."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self.path))
            client.sendall(what)
            try:
                return int(client.recv(100) or 0)
            except ConnectionResetError:
                return 0

    @property
    def started(self) -> list[str]:
        return self.place.read_text().split()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "python"
    file.write_text(CHILD.format(python=sys.executable))
    file.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(file))
    monkeypatch.setattr(socket_activation, "RESTART_PAUSE_S", 0.01)
    return tmp_path


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_nothing_runs_before_the_first_client_and_one_process_serves_all(folder: Path) -> None:
    bench = Bench(folder)
    assert bench.started == []
    first, second = bench.ask(), bench.ask()
    assert first == second > 0
    assert bench.started == [str(first)]
    assert bench.path.stat().st_mode & 0o777 == 0o600
    bench.process.close()
    assert not is_alive(first)


@pytest.mark.parametrize("how", ["it ends", "it is killed", "it hangs"])
def test_after_its_end_the_next_client_starts_another(folder: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(socket_activation, "SHORT_LIFE_S", 0.0)
    monkeypatch.setattr(socket_activation, "WATCHDOG_S", 0.5)
    bench = Bench(folder)
    first = bench.ask({"it ends": b"end", "it hangs": b"hang"}.get(how, b"hello"))
    if how == "it is killed":
        os.kill(first, signal.SIGKILL)
    if how != "it hangs":  # one that is about to end could still take the next client
        with contextlib.suppress(ChildProcessError):  # it has been waited for already
            os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    assert bench.ask() not in (0, first)
    assert not is_alive(first)
    bench.process.close()


def test_who_waits_for_a_process_that_cannot_start_is_sent_away(folder: Path) -> None:
    bench = Bench(folder, "fails")
    began = time.monotonic()
    assert bench.ask() == 0
    assert time.monotonic() - began < 10
    count = len(bench.started)
    bench.process.close()
    assert len(bench.started) == count  # nobody has asked since
