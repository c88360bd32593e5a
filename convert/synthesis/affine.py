"""Affine maps float64 [2, 3] of pictures, boxes and landmarks; face crops enlarged for a detector."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

CROP_SCALE = 4
"""Factor by which face crops are enlarged before a detector is run on them."""


def interpolation_for(factor: float) -> int:
    """OpenCV's interpolation flag for resizing by `factor`: averaging if the picture shrinks, bilinear if it grows."""
    return cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR


def warp(
    grey: NDArray[np.uint8], matrix: NDArray[np.float64], width: int, height: int, border: int = cv2.BORDER_REPLICATE
) -> NDArray[np.uint8]:
    """Apply an affine map to a grey picture uint8 [H, W]; the result has `width` by `height` pixels.

    border: OpenCV's border mode for pixels from outside of the picture.
    """
    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2])))
    if scale < 0.6:  # warpAffine does not average: shrink the picture first, to avoid aliasing
        small = (
            cv2.resize(grey, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA) if scale < 0.5 else grey
        )
        ratio = np.diag([grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0]])
        half = (ratio @ np.array([0.5, 0.5])) - 0.5
        matrix = np.column_stack([matrix[:, :2] @ ratio, matrix[:, 2] + matrix[:, :2] @ half])
        grey = small
    return cv2.warpAffine(grey, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)


def transform_landmarks(landmarks: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Apply an affine map to landmarks [n, 5, 2]; if it mirrors, left and right landmarks are swapped."""
    points = landmarks @ matrix[:, :2].T + matrix[:, 2]
    if np.linalg.det(matrix[:, :2]) < 0:
        points = points[:, [1, 0, 2, 4, 3]]
    return points.astype(np.float32).reshape(-1, 5, 2)


def transform_boxes(boxes: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """Apply an affine map to `boxes` [n, 4]: the bounding boxes of the mapped ellipses inscribed in them."""
    centres = (boxes[:, :2] + boxes[:, 2:] / 2) @ matrix[:, :2].T + matrix[:, 2]
    halves = np.sqrt((boxes[:, 2:] / 2) ** 2 @ (matrix[:, :2] ** 2).T)
    return np.concatenate([centres - halves, 2 * halves], axis=1).astype(np.float32)


def enlarge_crop(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """A face crop uint8 [S, S] prepared for a detector: enlarged by CROP_SCALE, with a margin of repeated edges.

    Returns the picture, and the width of the margin in its pixels.
    """
    large = cv2.resize(image, None, fx=CROP_SCALE, fy=CROP_SCALE, interpolation=cv2.INTER_CUBIC)
    margin = large.shape[0] // 3
    padded = cv2.copyMakeBorder(large, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
    return np.asarray(padded, np.uint8), margin
