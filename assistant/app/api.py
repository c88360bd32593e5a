"""Helpers of the Python API, see `assistant`: pictures from a recording, and announcements as a stream."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

from assistant.config.settings import CameraSettings, Settings
from assistant.errors import CameraError, ModelError
from assistant.records import Fate, Frame, Utterance
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.cameras.picture_file import is_picture

FRAME_WAIT_S = 0.25
"""Longest wait for a frame of a live camera before the capture is asked whether it has ended."""


def with_source(settings: Settings, source: str | Path) -> Settings:
    """The same settings with pictures from a recording: a video file, a picture or a folder of pictures."""
    name = str(source)
    driver = "folder" if Path(name).is_dir() or is_picture(Path(name)) else "opencv"
    if driver == "opencv" and os.sep not in name:  # else a file named "0" would be taken for a camera
        name = f".{os.sep}{name}"
    return dataclasses.replace(settings, camera=dataclasses.replace(settings.camera, driver=driver, source=name))


def watch(settings: Settings | None = None) -> Iterator[Utterance]:
    """Open the camera and yield what the assistant says unasked: announcements, and sentences about its lens.

    Of a live camera the newest frame is taken each time, until the caller stops; a recording is read frame by frame to
    its end. An utterance counts as spoken once the next one is asked for. settings: default: Settings().

    Raises CameraError, DetectorError, ModelError or LocaleError.
    """
    settings = settings or Settings()
    parts = factory.parts(settings)
    pipeline = parts.pipeline(settings)
    for frame in frames(settings.camera, colour=parts.needs_colour):
        step = pipeline.step(frame)
        if (failure := pipeline.status.model_failure) is not None:
            raise ModelError(failure.error)
        for utterance in (*step.status, *step.utterances):
            yield utterance
            pipeline.ended(utterance, Fate.SPOKEN)


def frames(settings: CameraSettings, *, colour: bool) -> Iterator[Frame]:
    """Every frame of a recording, or the newest frames of a live camera. Raises CameraError."""
    camera = open_camera(settings, colour=colour)
    if not camera.is_live:
        with contextlib.closing(camera):
            while (frame := camera.read()) is not None:
                yield frame
        return
    with contextlib.closing(Capture(lambda: camera, rotate_deg=settings.rotate, repeat=False).start()) as capture:
        while not capture.has_ended:
            if (newest := capture.take(FRAME_WAIT_S)) is not None:
                yield newest
        raise CameraError(capture.error or "the camera has ended")
