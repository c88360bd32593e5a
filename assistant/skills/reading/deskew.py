"""Levels the lines of text in a picture, by where the letters stand; none of them has been read yet. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from assistant.dataclass import dataclass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Homography = NDArray[np.float64]
    """float64 [3, 3]: takes (x, y, 1) in pixels of one picture to those of another."""

MIN_PX, MAX_SHARE = 4, 0.3
"""Height of a letter: at least so many pixels, at most such a share of the picture's height."""
MAX_GLYPHS = 4000
"""A picture of gravel has more spots; the largest of them suffice."""
MAX_TURN_DEG, STEP_DEG = 22.0, 0.5
"""Angles that are tried, on both sides of level."""
MIN_GLYPHS, MIN_LINE_GLYPHS = 6, 3
"""With fewer letters no angle is measured; with fewer in a row they are no line."""
SAME_LINE, NEXT_LETTER = 0.55, 2.5
"""In heights of a letter: how far its neighbour in the line may lie above or below it, and to the right of it."""
MAX_LEAN = 0.7
"""The slopes of lines may differ by so much from the top of a picture to its bottom; more is no paper."""


@dataclass(frozen=True)
class Glyphs:
    """The spots of a picture that may be letters."""

    boxes: NDArray[np.float64]
    """float64 [N, 4]: left, top, width, height in pixels."""

    @property
    def height_px(self) -> float:
        """Median height; 0 where there are none."""
        return float(np.median(self.boxes[:, 3])) if len(self.boxes) else 0.0

    @property
    def feet(self) -> NDArray[np.float64]:
        """float64 [N, 2]: the middle of each one's lower edge."""
        return np.stack([self.boxes[:, 0] + self.boxes[:, 2] / 2, self.boxes[:, 1] + self.boxes[:, 3]], axis=1)

    def moved(self, matrix: Homography) -> Glyphs:
        """The letters where the matrix takes their feet; their sizes stay."""
        feet, sizes = moved(self.feet, matrix), self.boxes[:, 2:]
        return Glyphs(np.concatenate([feet - sizes * (0.5, 1.0), sizes], axis=1))


def moved(points: NDArray[np.float64], matrix: Homography) -> NDArray[np.float64]:
    """Points float64 [N, 2] where the matrix takes them."""
    seen = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    return np.asarray(seen[:, :2] / seen[:, 2:], np.float64)


def rotation(degrees: float, shape: tuple[int, ...]) -> Homography:
    """Turns a picture [H, W] about its middle so that lines which fall by so many degrees are level."""
    turn: Any = np.eye(3)
    turn[:2] = cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 2), degrees, 1.0)
    return turn


def find_glyphs(strokes: NDArray[np.uint8]) -> Glyphs:
    """The letters among the spots of a mask, uint8 [H, W], nonzero where ink is."""
    height, width = strokes.shape
    _, _, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8)
    left, top, wide, high, area = (stats[1:, each].astype(np.float64) for each in range(5))
    tall = np.maximum(wide, high)
    is_glyph = (
        (high >= MIN_PX) & (tall <= MAX_SHARE * max(height, width)) & (wide <= 8 * high) & (high <= 12 * wide)
        & (area >= 0.08 * wide * high) & (left > 0) & (top > 0) & (left + wide < width) & (top + high < height)
    )  # fmt: skip
    boxes = np.stack([left, top, wide, high], axis=1)[is_glyph]
    if len(boxes) > MAX_GLYPHS:
        boxes = boxes[np.argsort(-area[is_glyph], kind="stable")[:MAX_GLYPHS]]
    return Glyphs(boxes)


def skew(glyphs: Glyphs) -> float:
    """Degrees by which lines fall to the right (counted as in pictures, y downwards); 0 where there are few letters."""
    if len(glyphs.boxes) < MIN_GLYPHS:
        return 0.0
    feet, bin_px = glyphs.feet, max(1.0, glyphs.height_px / 4)
    angles = np.arange(-MAX_TURN_DEG, MAX_TURN_DEG + STEP_DEG / 2, STEP_DEG)
    sharpness = []
    for angle in np.deg2rad(angles):
        offsets = feet[:, 1] * np.cos(angle) - feet[:, 0] * np.sin(angle)
        counts = np.bincount(((offsets - offsets.min()) / bin_px).astype(np.int64)).astype(np.float64)
        counts = np.convolve(counts, (0.5, 1.0, 0.5))
        sharpness.append(float(np.sum(counts**2)))
    best = np.array(sharpness)
    weights = np.clip(best - 0.9 * best.max(), 0, None)  # the middle of the peak, finer than the steps
    near = np.abs(angles - angles[best.argmax()]) <= 1.5
    return float(np.sum(angles * weights * near) / np.sum(weights * near))


def glyph_lines(glyphs: Glyphs) -> list[NDArray[np.int64]]:
    """The letters of each line, from left to right, as indices; of lines that are nearly level."""
    boxes, feet = glyphs.boxes, glyphs.feet
    order = np.argsort(boxes[:, 0], kind="stable")
    following: dict[int, int] = {}
    preceded: set[int] = set()
    for place, here in enumerate(order):
        high = boxes[here, 3]
        for there in order[place + 1 :]:
            gap = boxes[there, 0] - (boxes[here, 0] + boxes[here, 2])
            if gap > NEXT_LETTER * high:
                break
            alike = 0.4 < boxes[there, 3] / high < 2.5
            if alike and there not in preceded and abs(feet[there, 1] - feet[here, 1]) < SAME_LINE * high:
                following[int(here)] = int(there)
                preceded.add(int(there))
                break
    lines = []
    for start in (int(each) for each in order if each not in preceded):
        line = [start]
        while line[-1] in following:
            line.append(following[line[-1]])
        if len(line) >= MIN_LINE_GLYPHS:
            lines.append(np.array(line))
    return lines


def levelled(glyphs: Glyphs, shape: tuple[int, ...]) -> Homography:
    """What levels the lines of a picture [H, W] whose skew is small already, where they run to a common point."""
    height, width = shape[:2]
    feet, middle_x, middle_y = glyphs.feet, width / 2, height / 2
    found: list[tuple[float, float, float]] = []
    for line in glyph_lines(glyphs):
        x, y = feet[line, 0] - middle_x, feet[line, 1] - middle_y
        if np.ptp(x) < 0.12 * width or len(line) < MIN_GLYPHS:
            continue
        slope, offset = _straight(x, y)
        found.append((slope, offset, float(np.ptp(x)) * len(line) ** 0.5))
    rest: Any = np.eye(3)
    if not found:
        return rest
    slopes, offsets, weights = (np.array(each) for each in zip(*found, strict=True))
    for _ in range(4):  # reweighted: one wrong line bends nothing
        wide = len(found) > 2 and np.ptp(offsets) > 0.1 * height
        base, lean = (
            _straight_weighted(offsets, slopes, weights) if wide else (np.average(slopes, weights=weights), 0.0)
        )
        error = np.abs(slopes - base - lean * offsets)
        weights = weights / (1 + (error / 0.01) ** 2)
    lean = float(np.clip(lean, -MAX_LEAN / height, MAX_LEAN / height))
    centre: Any = np.array([[1, 0, -middle_x], [0, 1, -middle_y], [0, 0, 1]], np.float64)
    level: Any = np.array([[1, 0, 0], [-base, 1, 0], [lean, 0, 1]], np.float64)
    return np.linalg.inv(centre) @ level @ centre


def _straight(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and offset of the feet of a line: letters that reach below it, and commas, count little."""
    weights = np.ones(len(x))
    slope = offset = 0.0
    for _ in range(5):
        offset, slope = _straight_weighted(x, y, weights)
        error = y - offset - slope * x
        weights = 1 / (1 + (error / max(0.7, float(np.median(np.abs(error))))) ** 2)
    return slope, offset


def _straight_weighted(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[float, float]:
    """Offset and slope of the straight line through weighted points."""
    middle_x, middle_y = np.average(x, weights=weights), np.average(y, weights=weights)
    spread = float(np.sum(weights * (x - middle_x) ** 2))
    slope = float(np.sum(weights * (x - middle_x) * (y - middle_y))) / spread if spread > 0 else 0.0
    return float(middle_y - slope * middle_x), slope
