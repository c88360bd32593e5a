"""The messages to the service manager: a real datagram socket at the other end, and real processes."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from assistant.errors import CameraError
from assistant.records import Frame
from assistant.system.sd_notify import Notifier
from assistant.vision.cameras.capture import OPEN_TIMEOUT_S, READ_TIMEOUT_S, Capture
from tests.support.standins import ScriptedCamera

pytestmark = pytest.mark.timed

WAIT_S = 30.0


class Manager:
    """Listens as systemd does. messages: those received so far."""

    def __init__(self, folder: Path, *, is_abstract: bool = False) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"@emotion-assistant-test-{os.getpid()}" if is_abstract else str(folder / "notify")
        self.socket.bind(f"\0{name[1:]}" if is_abstract else name)
        self.environment = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "2000000"}
        self.messages: list[str] = []

    def next(self, timeout_s: float = WAIT_S) -> str:
        self.socket.settimeout(timeout_s)
        try:
            self.messages.append(self.socket.recv(4096).decode())
        except TimeoutError:
            return ""
        return self.messages[-1]

    def until(self, wanted: str) -> None:
        end = time.monotonic() + WAIT_S
        while wanted not in self.messages:
            assert time.monotonic() < end, self.messages
            self.next()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(tmp_path)
    with contextlib.closing(made.socket):
        yield made


@pytest.mark.parametrize("is_abstract", [False, True])
def test_each_message_is_one_datagram_and_is_sent_once(tmp_path: Path, is_abstract: bool) -> None:
    manager, now = Manager(tmp_path, is_abstract=is_abstract), [0.0]
    with contextlib.closing(manager.socket):
        notifier = Notifier(manager.environment, lambda: now[0])
        for notify in (notifier.ready, notifier.ready, notifier.alive, notifier.alive):
            notify()
        for text in ("looking", "looking", "muted"):
            notifier.status(text)
        now[0] = 0.5
        notifier.alive()
        notifier.stopping()
        messages = [manager.next() for _ in range(6)]
        assert messages == ["READY=1", "WATCHDOG=1", "STATUS=looking", "STATUS=muted", "WATCHDOG=1", "STOPPING=1"]


@pytest.mark.parametrize(
    "environment",
    [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "/nowhere/at/all"}, {"NOTIFY_SOCKET": "/" + "x" * 300}],
)
def test_without_a_listener_nothing_happens(environment: dict[str, str]) -> None:
    notifier = Notifier(environment)
    for notify in (notifier.ready, notifier.alive, notifier.stopping):
        notify()
    notifier.status("looking")


def test_a_watchdog_of_another_process_is_not_ours(manager: Manager) -> None:
    assert Notifier(manager.environment | {"WATCHDOG_PID": "1"}).watchdog_s == 0
    assert Notifier(manager.environment | {"WATCHDOG_PID": str(os.getpid())}).watchdog_s == 2.0
    assert Notifier(manager.environment | {"WATCHDOG_USEC": "soon"}).watchdog_s == 0


@pytest.fixture
def start(manager: Manager, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `emotion-assistant ARGUMENTS` under the manager."""
    started = []

    def go(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant", *arguments],
            env=os.environ | manager.environment | {"XDG_RUNTIME_DIR": str(tmp_path)} | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return process

    yield go
    for process in started:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(WAIT_S)


def test_vision_is_ready_after_its_first_step_and_alive_only_while_it_works(
    manager: Manager, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    (tmp_path / "pictures").mkdir()
    grain = np.random.default_rng(1).integers(60, 200, (120, 160), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "pictures" / "1.png"), cv2.resize(grain, (640, 480)))
    process = start("vision", "--camera", "folder", "--source", str(tmp_path / "pictures"))
    manager.until("READY=1")
    manager.until("STATUS=looking")
    manager.until("WATCHDOG=1")
    process.send_signal(signal.SIGSTOP)
    while manager.next(0.5):
        """What was on its way."""
    assert manager.next(1.5) == ""
    manager.messages.clear()
    process.send_signal(signal.SIGCONT)
    manager.until("WATCHDOG=1")  # and perhaps, before it, that no picture has come for so long
    process.terminate()
    manager.until("STOPPING=1")


def test_without_a_camera_vision_is_ready_once_that_is_announced(
    manager: Manager, start: Callable[..., subprocess.Popen[str]]
) -> None:
    start("vision", "--camera", "opencv", "--source", "63")
    manager.until("READY=1")
    manager.until("STATUS=faults: camera, voice")
    manager.until("WATCHDOG=1")


def test_the_voice_is_ready_when_it_can_be_reached(
    manager: Manager, tmp_path: Path, start: Callable[..., subprocess.Popen[str]]
) -> None:
    start("voice", "--voice", "printed", EMOTION_ASSISTANT_SOCKET=str(tmp_path / "voice.sock"))
    manager.until("READY=1")
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "voice.sock"))
    manager.until("STATUS=without vision")
    manager.until("WATCHDOG=1")


@pytest.mark.parametrize(("hangs", "limit_s"), [("open", OPEN_TIMEOUT_S), ("read", READ_TIMEOUT_S)])
def test_a_driver_that_keeps_a_call_is_stuck(hangs: str, limit_s: float) -> None:
    now, inside, go_on = [0.0], threading.Event(), threading.Event()

    def hang() -> None:
        inside.set()
        go_on.wait(WAIT_S)

    class Camera(ScriptedCamera):
        def read(self) -> Frame | None:
            hang()
            raise CameraError("gone")

    def opening() -> ScriptedCamera:
        if hangs == "open":
            hang()
        return Camera([])

    capture = Capture(opening, clock=lambda: now[0], repeat=False).start()
    assert inside.wait(WAIT_S)
    now[0] = limit_s - 0.1
    assert not capture.is_stuck()
    now[0] = limit_s + 0.1
    assert capture.is_stuck()
    go_on.set()
    assert capture.close(WAIT_S)
    assert not capture.is_stuck()
