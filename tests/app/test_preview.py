"""`run --preview` in a real window, on a display of its own (Xvfb)."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.app.preview import check_available
from assistant.app.preview_window import WINDOW_CLASS, drawn
from assistant.errors import AssistantError
from assistant.phrases import load
from assistant.records import Box, Face, Frame, Track
from assistant.vision.overlay.draw import MarkedFace
from assistant.vision.overlay.lettering import Lettering
from assistant.vision.preview.feed import PreviewFeed
from assistant.vision.preview.message import Preview
from assistant.vision.step import Step
from tests.support.processes import process_ids

LIMIT_S = 60.0
"""Longest wait for anything here, seconds: a busy machine takes some to open a window."""
TWO = Step((Track(1, Face(Box(20, 40, 60, 60), 0.9)), Track(2, Face(Box(220, 40, 60, 60), 0.9))))


def until(condition: Callable[[], bool], what: str) -> None:
    deadline, never = time.monotonic() + LIMIT_S, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, what
        never.wait(0.05)


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib, as long as any XEvent."""

    _fields_ = (
        ("type", ctypes.c_int), ("serial", ctypes.c_ulong), ("send_event", ctypes.c_int), ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong), ("message_type", ctypes.c_ulong), ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5), ("rest", ctypes.c_long * 12),
    )  # fmt: skip


class Display:
    """A display without a screen, and hands on it."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "DISPLAY": self.name}

    def picture(self) -> NDArray[np.uint8]:
        from PIL import ImageGrab

        return np.asarray(ImageGrab.grab(xdisplay=self.name).convert("RGB"), np.uint8)

    def window(self) -> str:
        """The number of the window, once there is one."""
        found = self._hand("search", "--sync", "--class", WINDOW_CLASS)
        return found.split()[-1]

    def press(self, key: str) -> None:
        self._hand("windowfocus", "--sync", self.window(), "key", key)

    def close(self) -> None:
        """Close the window, as its corner does: a message of the window manager (ICCCM, WM_DELETE_WINDOW)."""
        library = ctypes.CDLL("libX11.so.6")
        library.XOpenDisplay.restype = ctypes.c_void_p
        library.XInternAtom.restype = ctypes.c_ulong
        server = ctypes.c_void_p(library.XOpenDisplay(self.name.encode()))
        protocols, delete = (
            library.XInternAtom(server, name.encode(), 0) for name in ("WM_PROTOCOLS", "WM_DELETE_WINDOW")
        )
        number = int(self.window())
        message = ClientMessage(33, 0, 1, None, number, protocols, 32, (ctypes.c_long * 5)(delete, 0, 0, 0, 0))
        library.XSendEvent(server, ctypes.c_ulong(number), 0, ctypes.c_long(0), ctypes.byref(message))
        library.XCloseDisplay(server)

    def shows(self, level: int) -> bool:
        """Whether much of what is to be seen has that grey level."""
        return bool((np.abs(self.picture().astype(int) - level).max(axis=2) < 8).mean() > 0.1)

    def boxes(self) -> int:
        """How many white boxes are seen."""
        lit = (self.picture().min(axis=2) > 250).any(axis=0)
        return int((np.diff(lit.astype(int), prepend=0) == 1).sum())

    def _hand(self, *arguments: str) -> str:
        done = subprocess.run(
            ["xdotool", *arguments], env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=True
        )
        return done.stdout


@pytest.fixture(scope="module")
def display() -> Iterator[Display]:
    pytest.importorskip("pygame")
    for program, package in (("Xvfb", "xvfb"), ("xdotool", "xdotool")):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed; the package {package} has it")
    receiver, sender = os.pipe()
    command = ["Xvfb", "-displayfd", str(sender), "-screen", "0", "800x700x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[sender], stderr=subprocess.DEVNULL) as server:
        os.close(sender)
        with open(receiver, "rb") as numbers:
            number = numbers.readline().decode().strip()
        try:
            yield Display(f":{number}")
        finally:
            server.terminate()


class Open:
    """A window with its feed."""

    def __init__(self, child: "subprocess.Popen[bytes]", feed: PreviewFeed) -> None:
        self.child, self.feed, self._count = child, feed, 0

    def show(self, level: int, step: Step = TWO) -> None:
        self._count += 1
        self.feed.offer(Frame(np.full((240, 320, 3), level, np.uint8), self._count / 10, self._count), step, None)


@pytest.fixture
def opened(display: Display, tmp_path: Path) -> Iterator[Open]:
    path = tmp_path / "preview.sock"
    environment = {**display.environment, "EMOTION_ASSISTANT_PREVIEW": str(path)}
    command = [sys.executable, "-m", "assistant", "preview", "--with-parent"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        feed = PreviewFeed(path, lambda: (), load("en"), 175)
        try:
            display.window()
            yield Open(child, feed)
            child.communicate(timeout=LIMIT_S)  # closes its input: if it has not ended yet, it ends with its parent
            assert child.returncode == 0
        finally:
            feed.close()
            child.kill()


def test_the_window_shows_what_vision_sees_and_q_ends_it(opened: Open, display: Display) -> None:
    def is_shown(level: int, boxes: int) -> bool:
        opened.show(level)
        return display.shows(level) and display.boxes() == boxes

    until(lambda: is_shown(90, 2), "the first picture")
    until(lambda: is_shown(140, 2), "the second picture")
    display.press("f")
    until(lambda: is_shown(140, 1), "one face")
    until(lambda: display.shows(70), "a picture that stands still is darkened")
    until(lambda: is_shown(120, 1), "the picture goes on")
    display.press("q")
    assert opened.child.wait(LIMIT_S) == 0
    opened.show(90)  # which nobody takes any more


def test_closing_the_window_ends_it(opened: Open, display: Display) -> None:
    display.close()
    assert opened.child.wait(LIMIT_S) == 0


def test_a_display_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("pygame")
    environment = {**os.environ, "DISPLAY": ":4711", "EMOTION_ASSISTANT_PREVIEW": str(tmp_path / "preview.sock")}
    done = subprocess.run(
        [sys.executable, "-m", "assistant", "preview"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("emotion-assistant: no window can be opened: ")


def test_without_display_or_pygame_the_assistant_says_so_and_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(AssistantError, match="no display here for --preview: neither DISPLAY nor WAYLAND_DISPLAY is"):
        check_available()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AssistantError, match=r"^pygame is not installed; pip install 'emotion-assistant\[preview\]'$"):
        check_available()


def test_the_death_of_the_window_ends_nothing_else(
    display: Display, tmp_path: Path, astronaut: NDArray[np.uint8]
) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "pictures").mkdir()
    cv2.imwrite(str(tmp_path / "pictures" / "face.png"), astronaut)
    command = [
        sys.executable, "-m", "assistant", "run", "--preview", "--faces", "one", "--voice", "printed",
        "--camera", "folder", "--source", str(tmp_path / "pictures"),
    ]  # fmt: skip
    environment = {
        **display.environment, "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "EMOTION_ASSISTANT_CONTROL": str(tmp_path / "control.sock"), "TMPDIR": "/tmp",
    }  # fmt: skip
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stderr
        try:
            display.window()
            until(lambda: len(np.unique(display.picture().reshape(-1, 3), axis=0)) > 1000, "the picture is shown")
            processes = process_ids(child.pid)
            os.kill(processes["preview"], signal.SIGKILL)
            assert "the preview's window has ended" in child.stderr.readline()
            asked = subprocess.run(
                [sys.executable, "-m", "assistant", "ask"], env=environment, capture_output=True, text=True, check=True
            )
            assert "neutral" in asked.stdout or "happy" in asked.stdout
            assert process_ids(child.pid) == {part: processes[part] for part in ("vision", "voice")}
            child.send_signal(signal.SIGTERM)
            assert child.wait(LIMIT_S) == 0
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()


@pytest.mark.parametrize("size", [(640, 720), (200, 160), (40, 30), (1200, 400), (1, 1)])
def test_the_picture_fits_into_any_window(size: tuple[int, int]) -> None:
    preview = Preview(np.full((240, 320), 90, np.uint8), (MarkedFace(Box(20, 40, 60, 60), "looks happy"),))
    picture = drawn(preview, "One person looks happy.", "all", size, Lettering())
    assert picture.shape[1] == size[1]
    assert picture.shape[0] <= max(size[0], 80)
