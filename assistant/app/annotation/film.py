"""The pictures of an annotated clip: each one fitted to the clip's size, drawn on, and written with its sound."""

import dataclasses
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.app.annotation.clip_writer import ClipWriter
from assistant.app.annotation.soundtrack import Soundtrack
from assistant.records import Box, Frame
from assistant.vision.overlay import draw
from assistant.vision.overlay.draw import MarkedFace, Picture
from assistant.vision.overlay.lettering import Lettering

MIN_LONG_SIDE, MAX_LONG_SIDE = 640, 3840
"""Pixels. Smaller pictures are enlarged, so that words can be read on them; larger ones, which few players show, are
made smaller."""
HOLD_STEP_S = 0.1
"""Interval of the pictures while the last one is held until the last word was heard."""


class _Drawn(NamedTuple):
    """A picture with its faces, without the sentence."""

    picture: Picture
    at: float


class Film:
    """Takes a recording's frames. A picture is written once the next one has come: by then it is known what is said
    meanwhile."""

    def __init__(self, writer: ClipWriter, soundtrack: Soundtrack, lettering: Lettering) -> None:
        self._writer, self._soundtrack, self._lettering = writer, soundtrack, lettering
        self._size: tuple[int, int] | None = None
        self._held: _Drawn | None = None

    def add(self, frame: Frame, faces: list[MarkedFace]) -> None:
        """The next frame, with the faces in its pixels."""
        if self._held is not None:
            self._write(*self._held)
        self._size = self._size or clip_size(frame.image.shape[:2])
        picture, scale, left, top = fitted(frame.image, self._size)
        moved = [dataclasses.replace(face, box=_moved(face.box, scale, left, top)) for face in faces]
        self._held = _Drawn(draw.draw_faces(picture, moved, self._lettering), frame.at)

    def finish(self) -> None:
        """Write the last picture, hold it until the last word was heard, and end the file."""
        if self._held is not None:
            picture, at = self._held
            self._write(picture, at)
            while at < self._soundtrack.ends_at:
                at += HOLD_STEP_S
                self._write(picture, at)
            self._writer.write_sound(self._soundtrack.take(at + HOLD_STEP_S))
        self._writer.finish()

    def _write(self, picture: Picture, at: float) -> None:
        text = self._soundtrack.text_at(at)
        self._writer.write(draw.with_subtitle(picture, text, self._lettering), at)
        self._writer.write_sound(self._soundtrack.take(at))


def clip_size(shape: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a clip of pictures like one of that height and width."""
    long_side = max(shape)
    factor = min(max(long_side, MIN_LONG_SIDE), MAX_LONG_SIDE) / long_side
    return max(1, round(shape[0] * factor)), max(1, round(shape[1] * factor))


def fitted(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[NDArray[np.uint8], float, int, int]:
    """The image, uint8 [H, W] or [H, W, 3], scaled to fit into that height and width, in the middle of black; with the
    factor, and the left and top edge of it there."""
    height, width = image.shape[:2]
    factor = min(size[0] / height, size[1] / width)
    inner = (min(size[0], max(1, round(height * factor))), min(size[1], max(1, round(width * factor))))
    if inner != (height, width):
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        image = np.asarray(cv2.resize(image, (inner[1], inner[0]), interpolation=how), np.uint8)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    if inner != size:
        below, right = size[0] - inner[0] - top, size[1] - inner[1] - left
        image = np.asarray(cv2.copyMakeBorder(image, top, below, left, right, cv2.BORDER_CONSTANT), np.uint8)
    return image, factor, left, top


def _moved(box: Box, factor: float, left: int, top: int) -> Box:
    return Box(box.x * factor + left, box.y * factor + top, box.width * factor, box.height * factor)
