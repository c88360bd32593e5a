"""The frames that the pipeline's cost is measured on: those of a clip, or of one that is made of two photographs."""

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2

from assistant.app.api import with_source
from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.records import Frame
from assistant.vision.cameras import open_camera

RENDERED = "photographs.mp4"
"""Name of the clip that is made of the demo's photographs: two people, and moments without a face."""


@contextlib.contextmanager
def recording(clip: Path | None, settings: Settings) -> Iterator[Path]:
    """The clip, or one that is rendered from the photographs that `emotion-assistant demo` shows, which is removed at
    the end. Raises AssistantError, with what to install where the photographs are missing."""
    if clip is not None:
        yield clip
        return
    with tempfile.TemporaryDirectory(prefix="emotion-convert-") as folder:
        made = Path(folder) / RENDERED
        _render(made, settings)
        yield made


def _render(to: Path, settings: Settings) -> None:
    camera = open_camera(dataclasses.replace(settings.camera, driver="demo"))
    size = settings.camera.width, settings.camera.height
    writer = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"mp4v"), settings.camera.fps, size)
    if not writer.isOpened():
        raise AssistantError(f"{to}: OpenCV cannot write it; give a CLIP")
    while (frame := camera.read()) is not None:
        writer.write(frame.image)
    writer.release()


def decoded(clip: Path, settings: Settings, most: int) -> list[Frame]:
    """The first frames of a clip, `most` at most. Raises AssistantError."""
    taken: list[Frame] = []
    with contextlib.closing(open_camera(with_source(settings, clip).camera)) as camera:
        while len(taken) < most and (frame := camera.read()) is not None:
            taken.append(frame)
    return taken
