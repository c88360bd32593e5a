"""A photographed text, made ready for a reader: even light, dark on white, level lines, letters of a readable size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cv2
import numpy as np

from assistant.dataclass import dataclass
from assistant.skills.reading.deskew import (
    Glyphs,
    find_glyphs,
    glyph_lines,
    levelled,
    moved,
    rotation,
    skew,
)
from assistant.vision.faces.preprocess import to_grey

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.skills.reading.deskew import Homography

GLYPH_PX = 22.0
"""Letters are enlarged until their median height is so many pixels."""
SCALES = (0.4, 4.0)
"""Least and largest enlargement."""
MAX_SIDE_PX = 2600
"""No side of a page is longer: reading takes time by the area."""
WORKING_PX = 1280
"""Letters are looked for in a picture whose long side has at most so many pixels."""
BACKGROUND_PX, BACKGROUND_WINDOW = 160, 21
"""The light on the paper is estimated at this size (long side), as the median of so many pixels: more than a letter of
a sign, less than a shadow."""
PAPER = 235.0
"""Grey of the paper."""
DARKEST, NOISE = 24.0, 12.0
"""Paper that is darker than this, or than so many times the noise, is not raised further: noise would be taken for
ink."""
SMOOTHING_PX = 0.8
"""Letters are looked for in a picture that is blurred a little: else noise would join and divide them."""
MARGIN = 3.0
"""Around the lines that were found, in heights of a letter: for what stands beside them."""
INK = 0.16
"""A stroke differs by at least this share from the paper around it."""


class Corner(NamedTuple):
    """A point of a picture in pixels."""

    x: float
    y: float


@dataclass(frozen=True)
class Page:
    """A picture in which lines of text are level."""

    image: NDArray[np.uint8]
    """uint8 [H, W]: dark text on white paper."""
    to_page: Homography
    """float64 [3, 3], from pixels of the picture to those of `image`."""
    glyph_px: float
    """Median height of the letters in the picture; 0 where none were found."""

    def in_picture(self, x: float, y: float) -> Corner:
        """The point of the picture that lies at (x, y) of the page."""
        point = np.linalg.inv(self.to_page) @ (x, y, 1.0)
        return Corner(float(point[0] / point[2]), float(point[1] / point[2]))


def prepared(image: NDArray[np.uint8]) -> Page:
    """The page of a picture uint8 [H, W] or [H, W, 3] BGR, both sides at least one pixel: the part of it that has lines
    of text, or all of it where none were found."""
    relief = flattened(to_grey(image))
    height, width = relief.shape
    shrunk = min(1.0, WORKING_PX / max(height, width))
    size = max(1, round(width * shrunk)), max(1, round(height * shrunk))
    resized = cv2.resize(relief, size, interpolation=cv2.INTER_AREA)
    small = np.asarray(cv2.GaussianBlur(resized, (0, 0), SMOOTHING_PX), np.uint8)
    is_light, glyphs = _ink(small)
    matrix = rotation(skew(glyphs), small.shape)
    matrix = levelled(glyphs.moved(matrix), small.shape) @ matrix
    found = find_glyphs(_strokes(_warped(small, matrix, size), is_light=is_light))
    lines = glyph_lines(found)
    polygon = _text_area(found, lines) if lines else moved(_corners(*size), matrix)
    scale = float(np.clip(GLYPH_PX / found.height_px, *SCALES)) if lines else 1.0 / shrunk
    matrix, size = _fitted(matrix, polygon, scale)
    ink = np.asarray(PAPER - np.minimum(relief, PAPER), np.uint8) if is_light else relief
    to_page = matrix @ np.diag([shrunk, shrunk, 1.0])
    return Page(_whitened(_warped(ink, to_page, size)), to_page, found.height_px / shrunk if lines else 0.0)


def flattened(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same picture in even light, uint8 [H, W]: paper at half of PAPER, dark text darker, light text lighter."""
    height, width = picture.shape
    scale = min(1.0, BACKGROUND_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(cv2.medianBlur(small, BACKGROUND_WINDOW), (width, height), interpolation=cv2.INTER_LINEAR)
    lightness = paper.astype(np.float32)
    contrast = (picture.astype(np.float32) - lightness) / np.maximum(lightness, max(DARKEST, NOISE * noise(picture)))
    return np.asarray(np.clip((1 + contrast) * PAPER / 2, 0, 255), np.uint8)


def noise(picture: NDArray[np.uint8]) -> float:
    """Standard deviation of a picture's noise in grey levels, from what no edge and no slope explains (Immerkaer)."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(picture, cv2.CV_32F, kernel)))) / (6 * 0.6745)


def _ink(relief: NDArray[np.uint8]) -> tuple[bool, Glyphs]:
    """Whether the text is lighter than its paper, and its letters."""
    dark, light = (find_glyphs(_strokes(relief, is_light=is_light)) for is_light in (False, True))
    is_light = _likeness(light) > _likeness(dark)
    return is_light, light if is_light else dark


def _strokes(relief: NDArray[np.uint8], *, is_light: bool) -> NDArray[np.uint8]:
    """uint8 [H, W]: 1 where ink is."""
    middle, step = PAPER / 2, PAPER / 2 * INK
    return np.asarray(relief > middle + step if is_light else relief < middle - step, np.uint8)


def _likeness(glyphs: Glyphs) -> float:
    """How much spots look like text: many of one height."""
    if not len(glyphs.boxes):
        return 0.0
    heights = glyphs.boxes[:, 3]
    near = (heights > 0.6 * glyphs.height_px) & (heights < 1.7 * glyphs.height_px)
    return float(np.sum(glyphs.boxes[near, 2] * heights[near]))


def _corners(width: float, height: float, left: float = 0.0, top: float = 0.0) -> NDArray[np.float64]:
    """float64 [4, 2]: the corners of a rectangle, from the left upper one clockwise."""
    return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]], np.float64)


def _text_area(glyphs: Glyphs, lines: list[NDArray[np.int64]]) -> NDArray[np.float64]:
    """The corners of the rectangle that holds all lines and a margin, float64 [4, 2]."""
    boxes = glyphs.boxes[np.concatenate(lines)]
    margin = MARGIN * float(np.median(boxes[:, 3]))
    low = boxes[:, :2].min(axis=0) - margin
    high = (boxes[:, :2] + boxes[:, 2:]).max(axis=0) + margin
    return _corners(*(high - low), *low)


def _fitted(matrix: Homography, polygon: NDArray[np.float64], scale: float) -> tuple[Homography, tuple[int, int]]:
    """The matrix followed by an enlargement and a shift, so that the polygon [N, 2] fills the page; and its size."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    factor = min(scale, MAX_SIDE_PX / float(np.max(high - low)))
    shift: Any = np.array([[factor, 0, -factor * low[0]], [0, factor, -factor * low[1]], [0, 0, 1]])
    size = np.maximum(1, np.round((high - low) * factor)).astype(int)
    return shift @ matrix, (int(size[0]), int(size[1]))


def _warped(relief: NDArray[np.uint8], matrix: Homography, size: tuple[int, int]) -> NDArray[np.uint8]:
    """A picture in even light under a matrix; around it is paper."""
    level = cv2.warpPerspective(
        relief, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=PAPER / 2
    )
    return np.asarray(level, np.uint8)


def _whitened(relief: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Paper, at half of PAPER, becomes white, and ink keeps its contrast."""
    return np.asarray(np.clip(relief.astype(np.float32) * 2, 0, 255), np.uint8)
