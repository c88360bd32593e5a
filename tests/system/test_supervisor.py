"""A supervised process is restarted when it ends or hangs, and ends with its supervisor."""

import os
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue

import pytest

from assistant.system import supervisor
from assistant.system.supervisor import ProcessSupervisor

pytestmark = pytest.mark.timed

WAIT_S = 10.0
CHILD = """#!{python} -IS
import os, signal, socket, subprocess, sys, time
place, how = os.environ["PLACE"], sys.argv[-1]
tell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
tell.connect(os.environ["NOTIFY_SOCKET"])
def note(text):
    with open(place, "a") as target:
        target.write(text + "\\n")
note(f"began {{os.getpid()}}")
if how == "ends":
    sys.exit(3)
if how == "asks for a restart":
    sys.exit(75)
if how == "stubborn":
    signal.signal(signal.SIGTERM, lambda *_: None)
    player = subprocess.Popen(["sleep", "1000"])
    note(f"player {{player.pid}}")
tell.send(b"READY=1")
while how != "falls silent":
    tell.send(b"WATCHDOG=1")
    time.sleep(0.05)
time.sleep(1000)
"""


class Bench:
    """A ProcessSupervisor of a script with a set behaviour, and what the supervisor calls."""

    def __init__(self, folder: Path, how: str) -> None:
        self.place = folder / "notes"
        self.place.touch()
        self.exits: SimpleQueue[str] = SimpleQueue()
        self.restarted = threading.Event()
        self.ready: SimpleQueue[str] = SimpleQueue()
        places = {"PLACE": str(self.place)}
        self.supervisor = ProcessSupervisor(
            "part", [how], places, folder, on_exit=self.exits.put, on_restart=self.restarted.set,
            on_ready=lambda: self.ready.put("ready"),
        )  # fmt: skip

    def notes(self, count: int) -> list[str]:
        """What the child noted, once there are so many lines."""
        until = time.monotonic() + WAIT_S
        while len(lines := self.place.read_text().splitlines()) < count or not self.supervisor.is_ready:
            assert time.monotonic() < until, lines
            os.sched_yield()
        return lines


def has_ended(process: int) -> bool:
    """Whether there is no such process any more, or nothing but its exit code."""
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "python"
    file.write_text(CHILD.format(python=sys.executable))
    file.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(file))
    monkeypatch.setattr(supervisor, "WATCHDOG_S", 0.5)
    return tmp_path


def test_a_process_that_ends_is_restarted_with_backoff(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "MIN_BACKOFF_S", 0.01)
    monkeypatch.setattr(supervisor, "MAX_BACKOFF_S", 0.04)
    bench = Bench(script, "ends")
    assert [bench.exits.get(timeout=WAIT_S) for _ in range(4)] == ["ended with exit code 3"] * 4
    assert bench.restarted.is_set()
    assert bench.supervisor.close(WAIT_S)
    assert len(bench.place.read_text().splitlines()) >= 4


def test_each_process_that_has_become_ready_is_told_once_and_at_once(script: Path) -> None:
    bench = Bench(script, "falls silent")
    assert [bench.ready.get(timeout=WAIT_S) for _ in range(2)] == ["ready", "ready"]
    assert len(bench.place.read_text().splitlines()) == 2
    bench.supervisor.close(0.0)


def test_a_process_that_asks_for_a_restart_gets_one_and_no_exit_is_reported(script: Path) -> None:
    bench = Bench(script, "asks for a restart")
    assert bench.restarted.wait(WAIT_S)
    bench.supervisor.close(0.0)
    assert bench.exits.empty()


def test_a_process_without_watchdog_messages_is_killed_and_restarted(script: Path) -> None:
    bench = Bench(script, "falls silent")
    assert bench.exits.get(timeout=WAIT_S).startswith("let nothing be heard for")
    assert bench.restarted.wait(WAIT_S)
    bench.supervisor.close(0.0)


def test_a_process_that_works_is_left_alone_and_ends_on_request(script: Path) -> None:
    bench = Bench(script, "works")
    bench.notes(1)
    assert bench.supervisor.is_working
    bench.supervisor.terminate()
    assert bench.supervisor.close(WAIT_S)
    assert bench.exits.empty()
    assert not bench.supervisor.is_working


def test_a_process_that_ignores_sigterm_is_killed_with_its_children(script: Path) -> None:
    bench = Bench(script, "stubborn")
    began, player = (int(line.split()[1]) for line in bench.notes(2))
    assert not bench.supervisor.close(0.0)
    until = time.monotonic() + WAIT_S  # a killed process that is not ours ends when the kernel comes to it
    while not all(map(has_ended, (began, player))):
        assert time.monotonic() < until
        os.sched_yield()
