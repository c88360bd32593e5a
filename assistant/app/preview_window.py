"""The window of `run --preview`: a process of its own, which shows the newest frame that vision sends, drawn on.

It holds nothing but that frame, and plays no part in the assistant: where it ends, for whatever reason, the assistant
goes on.
"""

import contextlib
import os
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from assistant.config.settings import Settings
from assistant.errors import AssistantError, IPCError
from assistant.vision import factory, marks
from assistant.vision.overlay import draw
from assistant.vision.overlay.draw import Picture
from assistant.vision.overlay.fitting import fitted
from assistant.vision.overlay.lettering import Lettering
from assistant.vision.preview.message import Preview, read

TITLE, WINDOW_CLASS = "emotion-assistant preview", "emotion-assistant"
SIZE = (720, 640)
"""Height and width of the window at first, pixels."""
POLL_MS = 20
"""How often keys and new frames are looked for."""
STALE_S = 2.0
"""A frame that is older is marked as such: a picture that stands still looks like a person who does."""
NICENESS = 10
"""The window gives way to the assistant wherever both want the processor."""


class PreviewError(AssistantError):
    """There can be no window."""


class _Newest(NamedTuple):
    preview: Preview
    at: float
    """Monotonic seconds at which it came."""


class Receiver:
    """Takes what vision sends on a socket, and keeps the newest of it. Vision may end and come again."""

    def __init__(self, path: Path) -> None:
        """path: where the socket is made. Raises OSError."""
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(1)
        self.newest: _Newest | None = None
        threading.Thread(target=self._run, name="receiver", daemon=True).start()

    def _run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection, connection.makefile("rb") as stream, contextlib.suppress(OSError, IPCError):
                while (preview := read(stream)) is not None:
                    self.newest = _Newest(preview, time.monotonic())


def show(settings: Settings, path: Path, faces: str, stop: threading.Event) -> int:
    """Show what comes on the socket at `path` until the window is closed, q or Escape is pressed, or `stop` is set;
    returns the exit code. f switches between one face and all.

    faces: which are drawn at first, one of `marks.FACES`.

    Raises PreviewError where there can be no window, and LetteringError.
    """
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    phrases = factory.load_phrases(settings)
    lettering = Lettering(settings.announcements.locale, marks.letters_of(phrases))
    pygame = _open_window()
    receiver = Receiver(path)
    shown: tuple[object, ...] = ()
    try:
        while not stop.is_set():
            for event in [pygame.event.wait(POLL_MS), *pygame.event.get()]:
                if event.type == pygame.QUIT or (
                    event.type == pygame.KEYDOWN and event.key in (pygame.K_q, pygame.K_ESCAPE)
                ):
                    return 0
                if event.type == pygame.KEYDOWN and event.key == pygame.K_f:
                    faces = "all" if faces == "one" else "one"
            surface, newest = pygame.display.get_surface(), receiver.newest
            if newest is None:
                continue
            age = int(time.monotonic() - newest.at)
            is_stale = age >= STALE_S
            state = (surface.get_size(), newest.at, faces, age if is_stale else 0)
            if state == shown:
                continue
            shown = state
            said = f"No picture for {age} s" if is_stale else newest.preview.said
            picture = drawn(newest.preview, said, faces, surface.get_size()[::-1], lettering)
            if is_stale:
                picture //= 2
            image = pygame.image.frombuffer(picture.tobytes(), picture.shape[1::-1], "BGR")
            surface.fill((0, 0, 0))
            surface.blit(image, (0, 0))
            pygame.display.flip()
    finally:
        pygame.display.quit()
    return 0


def drawn(preview: Preview, said: str, faces: str, size: tuple[int, int], lettering: Lettering) -> Picture:
    """The picture as the window shows it, no larger than that height and width."""
    height, width = max(size[0], 1), max(size[1], 1)
    strip = draw.strip_height(np.empty((height, width, 3), np.uint8), lettering)
    picture, factor, left, top = fitted(preview.picture, (max(height - strip, 1), width))
    found = [face.moved(factor, left, top) for face in marks.chosen(preview.faces, faces)]
    return draw.with_subtitle(draw.draw_faces(picture, found, lettering), said, lettering)


def _open_window() -> Any:
    """pygame, with an open window. Raises PreviewError."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEO_X11_WMCLASS", WINDOW_CLASS)
    if sys.platform == "linux":  # never the console of a board without a desktop
        os.environ.setdefault("SDL_VIDEODRIVER", "x11" if os.environ.get("DISPLAY") else "wayland")
    try:
        import pygame
    except ImportError as err:
        raise PreviewError("pygame is not installed; pip install 'emotion-assistant[preview]'") from err
    try:
        pygame.display.init()
        pygame.display.set_caption(TITLE)
        pygame.display.set_mode(SIZE[::-1], pygame.RESIZABLE)
    except pygame.error as err:
        raise PreviewError(f"no window can be opened: {err}; is the display that DISPLAY names there?") from err
    return pygame
