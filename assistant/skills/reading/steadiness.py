"""Whether a picture is sharp and the box still, so that reading is worth the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from assistant.dataclass import dataclass
from assistant.vision.faces.preprocess import to_grey

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE_PX = 320
"""Pictures are compared at this size, long side."""
MAX_SHIFT = 0.012
"""Between two looks the picture may move by this share of its longer side: at 640 pixels, eight."""
MIN_SHARPNESS = 0.145
"""Photographed text has 0.16 to 0.26; blurred by two pixels (sigma) 0.15, by three, where nobody reads it, 0.14."""
MIN_RESPONSE, MIN_CHANGE = 0.05, 6.0
"""A picture has become another one where a shift explains less of its change than MIN_RESPONSE (peak of the phase
correlation, 0 to 1), and its grey levels change by more than MIN_CHANGE in the mean, which noise does not."""


@dataclass(frozen=True)
class Steadiness:
    """How a look compares with the one before it."""

    sharpness: float
    """From 0, all is blurred, to 1: how steep the steepest edges are for their contrast."""
    shift: float
    """How far the picture has moved since the look before, as a share of its longer side."""

    @property
    def is_steady(self) -> bool:
        return self.sharpness >= MIN_SHARPNESS and self.shift <= MAX_SHIFT


def small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture [H, W] or [H, W, 3] BGR as uint8 [h, w] with a long side of SIDE_PX."""
    plain = to_grey(image)
    height, width = plain.shape
    scale = SIDE_PX / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(plain, size, interpolation=cv2.INTER_AREA), np.uint8)


def sharpness(image: NDArray[np.uint8]) -> float:
    """How steep the steepest edges of a picture are for its contrast, from 0 to 1; 0 for a picture without edges."""
    plain = to_grey(image)
    if min(plain.shape) < 3:
        return 0.0
    smooth = cv2.GaussianBlur(plain, (0, 0), 0.8).astype(np.float32)
    across, down = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125)
    steepest = float(np.percentile(np.hypot(across, down), 99))
    window = np.ones((9, 9), np.uint8)
    contrast = float(np.percentile(cv2.dilate(smooth, window) - cv2.erode(smooth, window), 99))
    return min(1.0, steepest / contrast) if contrast > 8 else 0.0


def shift(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> float:
    """How far the second of two small pictures has moved, as a share of its longer side; 1 where they have different
    sizes."""
    if before.shape != after.shape:
        return 1.0
    window = cv2.createHanningWindow((before.shape[1], before.shape[0]), cv2.CV_32F) if min(before.shape) > 1 else None
    (x, y), response = cv2.phaseCorrelate(before.astype(np.float32), after.astype(np.float32), window)
    if response < MIN_RESPONSE and float(np.mean(cv2.absdiff(before, after))) > MIN_CHANGE:
        return 1.0
    return float(np.hypot(x, y)) / max(before.shape)


def steadiness(before: NDArray[np.uint8] | None, image: NDArray[np.uint8]) -> Steadiness:
    """Of a look, after the small picture of the look before it; None: there was none."""
    return Steadiness(sharpness(image), shift(before, small(image)) if before is not None else 1.0)
