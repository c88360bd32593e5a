"""Cameras, one file each, behind one small protocol. A new one is a new file and a line in `open_camera`."""

import importlib.util
import time
from collections.abc import Callable
from typing import Protocol

from assistant.config.settings import CameraSettings
from assistant.records import Frame

Clock = Callable[[], float]


class Camera(Protocol):
    """An open source of frames. The constructor opens it."""

    is_live: bool
    """Of a live camera unread frames are lost, and `Frame.at` is the clock's time. Of a recording every frame is read
    in turn, and `Frame.at` counts from 0 in the recording's own time."""

    def read(self) -> Frame | None:
        """Wait for the next frame; None: the recording has ended. Raises CameraError."""
        ...

    def close(self) -> None:
        """Release the device; may be called twice."""
        ...


def expected_frames(camera: Camera) -> int | None:
    """About how many frames a recording has; None where that is not known."""
    count: int | None = getattr(camera, "expected_frames", None)
    return count


def driver_of(settings: CameraSettings) -> str:
    """The driver that the settings name; for "auto" picamera2 where it is installed and no source is named, else
    OpenCV."""
    if settings.driver != "auto":
        return settings.driver
    return "picamera2" if not settings.source and importlib.util.find_spec("picamera2") else "opencv"


def open_camera(settings: CameraSettings, clock: Clock = time.monotonic, *, colour: bool = False) -> Camera:
    """Open the camera that the settings name. colour: ask for BGR pictures where grey ones would be cheaper.

    Raises CameraError, and SourceError where trying again cannot help.
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

    return open_opencv(settings, clock, colour=colour)
