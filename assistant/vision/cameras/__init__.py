"""Cameras, one file each, behind one small protocol. A new one is a new file and a line in `open_camera`."""

import importlib.util
import time
from collections.abc import Callable
from typing import Protocol

from assistant.config.settings import CameraSettings
from assistant.records import Frame

Clock = Callable[[], float]


class Camera(Protocol):
    """An open source of pictures. Opening is the constructor's work; `close` may be called twice.

    is_live   a picture that nobody fetched is gone, and `at` is the clock's time; else every picture waits its turn
              and `at` counts from 0, the clip's own time
    """

    is_live: bool

    def read(self) -> Frame | None:
        """The next picture, waiting for it if need be; None: the clip has ended. Raises CameraError."""
        ...

    def close(self) -> None: ...


def driver_of(settings: CameraSettings) -> str:
    """The driver that the settings name, or come down to on this machine."""
    if settings.driver != "auto":
        return settings.driver
    return "picamera2" if not settings.source and importlib.util.find_spec("picamera2") else "opencv"


def open_camera(settings: CameraSettings, clock: Clock = time.monotonic, *, colour: bool = False) -> Camera:
    """The camera that the settings name. colour: ask for BGR pictures where grey would be cheaper.

    Raises CameraError, SourceError where no other try can help.
    """
    driver = driver_of(settings)
    if driver == "picamera2":
        from assistant.vision.cameras.picamera2 import PiCamera

        return PiCamera(settings, clock, colour=colour)
    if driver == "folder":
        from assistant.vision.cameras.folder import FolderCamera

        return FolderCamera(settings)
    if driver == "demo":
        from assistant.vision.cameras.demo import DemoCamera

        return DemoCamera(settings)
    from assistant.vision.cameras.opencv import open_opencv

    return open_opencv(settings, clock)
