"""Pictures, boxes and points under an affine map."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from convert.face_detector.pictures import Picture


def how(factor: float) -> int:
    """OpenCV's interpolation for a change of size by `factor`: averaging where it shrinks."""
    return cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR


def warp(
    grey: NDArray[np.uint8], move: NDArray[np.float64], width: int, height: int, border: int = cv2.BORDER_REPLICATE
) -> NDArray[np.uint8]:
    """A grey picture under a map float64 [2, 3] in a frame of that size; what comes in from outside is `border`."""
    scale = math.sqrt(abs(np.linalg.det(move[:, :2])))
    if scale < 0.6:  # warpAffine samples: shrink by averaging first
        small = (
            cv2.resize(grey, None, fx=2 * scale, fy=2 * scale, interpolation=cv2.INTER_AREA) if scale < 0.5 else grey
        )
        grown = np.diag([grey.shape[1] / small.shape[1], grey.shape[0] / small.shape[0]])
        half = (grown @ np.array([0.5, 0.5])) - 0.5
        move = np.column_stack([move[:, :2] @ grown, move[:, 2] + move[:, :2] @ half])
        grey = small
    return cv2.warpAffine(grey, move, (width, height), flags=cv2.INTER_LINEAR, borderMode=border)


def moved(
    picture: Picture, move: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Boxes, landmarks and ignored regions of a picture where a map puts them."""
    points = picture.landmarks @ move[:, :2].T + move[:, 2]
    if np.linalg.det(move[:, :2]) < 0:  # mirrored: who is right becomes left
        points = points[:, [1, 0, 2, 4, 3]]
    return (
        turned(picture.boxes, move), points.astype(np.float32).reshape(-1, 5, 2), turned(picture.ignored, move)
    )  # fmt: skip


def turned(boxes: NDArray[np.float32], move: NDArray[np.float64]) -> NDArray[np.float32]:
    """The boxes around the ellipses that fill `boxes`, after a map: a head is no rectangle."""
    centres = (boxes[:, :2] + boxes[:, 2:] / 2) @ move[:, :2].T + move[:, 2]
    halves = np.sqrt((boxes[:, 2:] / 2) ** 2 @ (move[:, :2] ** 2).T)
    return np.concatenate([centres - halves, 2 * halves], axis=1).astype(np.float32)


def intersect(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Whether two boxes [4] share any area."""
    return bool(np.all(a[:2] < b[:2] + b[2:]) and np.all(b[:2] < a[:2] + a[2:]))
