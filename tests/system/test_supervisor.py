"""A process of ours is kept alive: it is started again when it ends or hangs, and goes when we go."""

import os
import sys
import threading
import time
from pathlib import Path
from queue import SimpleQueue

import pytest

from assistant.system import supervisor
from assistant.system.supervisor import Keeper

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
if how == "is full":
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
    """A keeper of a script that behaves as it is told, and what the keeper calls."""

    def __init__(self, folder: Path, how: str) -> None:
        self.place = folder / "notes"
        self.place.touch()
        self.ends: SimpleQueue[str] = SimpleQueue()
        self.returned = threading.Event()
        places = {"PLACE": str(self.place)}
        self.keeper = Keeper("part", [how], places, folder, on_end=self.ends.put, on_return=self.returned.set)

    def notes(self, count: int) -> list[str]:
        """What the child noted, once there are so many lines."""
        until = time.monotonic() + WAIT_S
        while len(lines := self.place.read_text().splitlines()) < count or not self.keeper.is_ready:
            assert time.monotonic() < until, lines
            os.sched_yield()
        return lines


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "python"
    file.write_text(CHILD.format(python=sys.executable))
    file.chmod(0o755)
    monkeypatch.setattr("assistant.system.supervisor.sys.executable", str(file))
    monkeypatch.setattr(supervisor, "HANGS_S", 0.5)
    return tmp_path


def test_one_that_ends_is_started_again_after_growing_pauses(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(supervisor, "LAST_RETRY_S", 0.04)
    bench = Bench(script, "ends")
    assert [bench.ends.get(timeout=WAIT_S) for _ in range(4)] == ["ended with exit code 3"] * 4
    assert bench.returned.is_set()
    assert bench.keeper.close(WAIT_S)
    assert len(bench.place.read_text().splitlines()) >= 4


def test_one_that_wants_to_be_started_afresh_is_and_nothing_is_told(script: Path) -> None:
    bench = Bench(script, "is full")
    assert bench.returned.wait(WAIT_S)
    bench.keeper.close(0.0)
    assert bench.ends.empty()


def test_one_that_falls_silent_is_killed_and_started_again(script: Path) -> None:
    bench = Bench(script, "falls silent")
    assert bench.ends.get(timeout=WAIT_S).startswith("let nothing be heard for")
    assert bench.returned.wait(WAIT_S)
    bench.keeper.close(0.0)


def test_one_that_works_is_left_alone_and_ends_when_told(script: Path) -> None:
    bench = Bench(script, "works")
    bench.notes(1)
    assert bench.keeper.is_working
    bench.keeper.terminate()
    assert bench.keeper.close(WAIT_S)
    assert bench.ends.empty()
    assert not bench.keeper.is_working


def test_one_that_does_not_end_is_killed_with_all_that_it_started(script: Path) -> None:
    bench = Bench(script, "stubborn")
    began, player = (int(line.split()[1]) for line in bench.notes(2))
    assert not bench.keeper.close(0.0)
    for number in (began, player):
        state = Path(f"/proc/{number}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"
