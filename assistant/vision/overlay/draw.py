"""Boxes, words, bars and subtitles on a picture, readable at any size of it.

White on near-black, and a box with a dark rim: the contrast does not depend on the picture. Nothing is drawn over a
face if there is room beside it; bars that find none are left out. Subtitles stand in a strip below the picture.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.records import Box
from assistant.vision.overlay import placement
from assistant.vision.overlay.lettering import Lettering
from assistant.vision.overlay.subtitle import lines_of

Picture = NDArray[np.uint8]
"""uint8 [H, W, 3] BGR."""
Colour = tuple[int, int, int]

WHITE, BLACK, YELLOW, GREY = (255, 255, 255), (16, 16, 16), (64, 220, 255), (176, 176, 176)
"""BGR. Yellow is for the person whom the wearer is talking to, and for the bar of the expression that is told: both
differ from white in lightness too. The least contrast on BLACK is that of GREY, 8.5 to 1."""
BACKGROUND = 0.8
"""How much of a label's background hides the picture."""
TEXT_SHARE, MIN_TEXT_PX = 30, 14
"""Text is this part of the picture's shorter side high, but never less than that many pixels: 16 in 640x480."""
BAR_CHARACTERS = 6.0
"""Length of a full bar, in heights of the text."""
SUBTITLE_LINES = 2
"""Lines of the strip below the picture; a longer text is written smaller."""


@dataclass(frozen=True)
class MarkedFace:
    """A face with what is drawn to it."""

    box: Box
    """In pixels of the picture."""
    text: str = ""
    """The word at the box; empty: none."""
    bars: tuple[tuple[str, float], ...] = ()
    """Names and probabilities (0 to 1), from top to bottom."""
    told: str = ""
    """The name of the bar that is told as the person's state; empty: none."""
    is_partner: bool = False
    """Whether the wearer is talking to this person."""

    def moved(self, factor: float, left: float = 0.0, top: float = 0.0) -> "MarkedFace":
        """The face in a picture that was scaled by a factor and put so far from the left and the top."""
        box = self.box
        there = Box(box.x * factor + left, box.y * factor + top, box.width * factor, box.height * factor)
        return replace(self, box=there)


def text_size(picture: Picture) -> int:
    """Pixels of the text in a picture of that size."""
    return max(MIN_TEXT_PX, round(min(picture.shape[:2]) / TEXT_SHARE))


def in_colour(picture: NDArray[np.uint8]) -> Picture:
    """A copy of a picture uint8 [H, W] or [H, W, 3] as BGR."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8) if picture.ndim == 2 else picture.copy()


def draw_faces(picture: NDArray[np.uint8], faces: Sequence[MarkedFace], lettering: Lettering) -> Picture:
    """A copy of the picture, uint8 [H, W] or BGR [H, W, 3], with the boxes, words and bars of the faces."""
    drawn = in_colour(picture)
    size = text_size(drawn)
    height, width = drawn.shape[:2]
    gap = size / 3
    for face in faces:
        _box(drawn, face, max(2, round(size / 8)))
    taken = [face.box for face in faces]
    for face in faces:
        if face.text:
            shape = lettering.shape(face.text, size)
            room = (shape.shape[1] + size, shape.shape[0] + size // 4)
            place, _ = placement.best_place(placement.above_or_below(room, face.box, gap), taken, (width, height))
            taken.append(place)
            _background(drawn, place)
            colour = YELLOW if face.is_partner else WHITE
            _stamp(drawn, shape, round(place.x) + size // 2, round(place.y) + size // 8, colour)
    for face in faces:
        if face.bars:
            block = _Bars(face, lettering, size)
            place, is_free = placement.best_place(placement.beside(block.size, face.box, gap), taken, (width, height))
            if is_free and block.size[0] <= width and block.size[1] <= height:
                taken.append(place)
                block.draw(drawn, place)
    return drawn


def with_subtitle(picture: Picture, text: str, lettering: Lettering) -> Picture:
    """The picture above a strip with a text in it; the strip is as high without one."""
    width = picture.shape[1]
    size = text_size(picture) * 5 // 4
    strip = np.full((strip_height(picture, lettering), width, 3), BLACK, np.uint8)
    lines, size = lines_of(text, width - 2 * size, SUBTITLE_LINES, size, lettering)
    line_height = lettering.line_height(size)
    y = (strip.shape[0] - len(lines) * line_height) // 2
    for line in lines:
        shape = lettering.shape(line, size)
        _stamp(strip, shape, (width - shape.shape[1]) // 2, y, WHITE)
        y += line_height
    return np.vstack([picture, strip])


def strip_height(picture: Picture, lettering: Lettering) -> int:
    """Pixels of the strip for subtitles below a picture of that size."""
    size = text_size(picture) * 5 // 4
    return SUBTITLE_LINES * lettering.line_height(size) + size // 2


class _Bars:
    """The bars of one face: a line each."""

    def __init__(self, face: MarkedFace, lettering: Lettering, size: int) -> None:
        small = max(MIN_TEXT_PX - 2, size * 4 // 5)
        self._face, self._lettering, self._text_size = face, lettering, small
        self._line, self._edge = lettering.line_height(small), size // 3
        self._names = max(lettering.width(name, small) for name, _ in face.bars)
        self._length = round(BAR_CHARACTERS * small)
        self.size = (self._names + self._length + 3 * self._edge, len(face.bars) * self._line + 2 * self._edge)

    def draw(self, picture: Picture, place: Box) -> None:
        _background(picture, place)
        left, y = round(place.x) + self._edge, round(place.y) + self._edge
        for name, probability in self._face.bars:
            colour = YELLOW if name == self._face.told else GREY
            _stamp(picture, self._lettering.shape(name, self._text_size), left, y, colour)
            start, inset = left + self._names + self._edge, self._line // 4
            end = start + round(self._length * min(max(probability, 0.0), 1.0))
            cv2.line(picture, (start, y + self._line // 2), (start + self._length, y + self._line // 2), GREY, 1)
            cv2.rectangle(picture, (start, y + inset), (end, y + self._line - inset), colour, cv2.FILLED)
            y += self._line


def _box(picture: Picture, face: MarkedFace, thickness: int) -> None:
    first = (round(face.box.x), round(face.box.y))
    last = (round(face.box.x + face.box.width), round(face.box.y + face.box.height))
    cv2.rectangle(picture, first, last, BLACK, 2 * thickness)
    cv2.rectangle(picture, first, last, YELLOW if face.is_partner else WHITE, thickness)


def _background(picture: Picture, place: Box) -> None:
    region = _region(picture, round(place.x), round(place.y), round(place.width), round(place.height))
    region[:] = cv2.addWeighted(region, 1 - BACKGROUND, np.full_like(region, BLACK), BACKGROUND, 0)


def _stamp(picture: Picture, shape: NDArray[np.uint8], x: int, y: int, colour: Colour) -> None:
    """Paint a shape in a colour; what lies outside the picture is cut off."""
    region = _region(picture, x, y, shape.shape[1], shape.shape[0])
    top, left = max(0, -y), max(0, -x)
    part = shape[top : top + region.shape[0], left : left + region.shape[1], None].astype(np.float32) / 255
    region[:] = np.rint(region * (1 - part) + np.asarray(colour, np.float32) * part).astype(np.uint8)


def _region(picture: Picture, x: int, y: int, width: int, height: int) -> Picture:
    """The part of a picture in that rectangle, not copied."""
    return picture[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)]
