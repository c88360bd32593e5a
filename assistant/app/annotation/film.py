"""The pictures of an annotated clip: each one fitted to the clip's size, drawn on, and written with its sound."""

from typing import NamedTuple

from assistant.app.annotation.clip_writer import ClipWriter
from assistant.app.annotation.soundtrack import Soundtrack
from assistant.records import Frame
from assistant.vision.overlay import draw
from assistant.vision.overlay.draw import MarkedFace, Picture
from assistant.vision.overlay.fitting import fitted
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
        moved = [face.moved(scale, left, top) for face in faces]
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
