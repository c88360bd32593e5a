"""The movement of a face from one still to another of the same person, by their landmarks. Pure.

Both stills are warped to landmarks in between, and then cross-faded: the corners of the mouth move, where a cross-fade
alone would show two mouths.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]

REACH_PX = 18.0
"""Standard deviation of the Gaussian by which the skin around a landmark follows it; the eyes are 50 pixels apart."""


def morph(
    before: Picture, after: Picture, points_before: NDArray[np.float64], points_after: NDArray[np.float64], share: float
) -> Picture:
    """The face at `share` (0 to 1) of the way. before, after: float32 [H, W, C]. points: landmarks [5, 2], pixels."""
    between = (1 - share) * points_before + share * points_after
    one, other = move(before, points_before, between), move(after, points_after, between)
    return np.asarray((1 - share) * one + share * other, np.float32)


def move(face: Picture, start: NDArray[np.float64], end: NDArray[np.float64]) -> Picture:
    """A face whose landmarks are moved from `start` to `end` ([5, 2], pixels), with the skin around them."""
    height, width = face.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    weights = np.stack([_nearness(columns, rows, point) for point in end])
    weights /= np.maximum(weights.sum(axis=0), 1.0)
    dx, dy = (np.tensordot((end - start)[:, axis].astype(np.float32), weights, axes=1) for axis in (0, 1))
    moved = cv2.remap(face, columns - dx, rows - dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _nearness(columns: Picture, rows: Picture, point: NDArray[np.float64]) -> Picture:
    distance2 = (columns - np.float32(point[0])) ** 2 + (rows - np.float32(point[1])) ** 2
    return np.asarray(np.exp(-distance2 / np.float32(2 * REACH_PX**2)), np.float32)
