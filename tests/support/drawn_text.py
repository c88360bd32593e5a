"""Text that is drawn with OpenCV's own letters: the same on every machine, and no font is needed."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray


def drawn_text(
    lines: Sequence[str],
    *,
    paper: int = 225,
    ink: int = 30,
    size: float = 0.8,
    x: int = 50,
    y: int = 80,
    step: int = 50,
) -> NDArray[np.uint8]:
    """uint8 [480, 640, 3] BGR: lines of text, 17 pixels high at size 0.8, on paper of an even grey."""
    picture = np.full((480, 640, 3), paper, np.uint8)
    for number, line in enumerate(lines):
        place = (x, y + number * step)
        cv2.putText(
            picture, line, place, cv2.FONT_HERSHEY_SIMPLEX, size, (ink,) * 3, max(1, round(2 * size)), cv2.LINE_AA
        )
    return picture


def seen(picture: NDArray[np.uint8], degrees: float = 0.0, lean: float = 0.0) -> NDArray[np.uint8]:
    """The picture turned clockwise by so many degrees, with its upper edge shorter by a share, on a dark desk."""
    height, width = picture.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    middle = np.array([width / 2, height / 2])
    moved = (corners - middle) * 0.85
    moved[:2, 0] *= 1 - lean
    angle = np.deg2rad(degrees)
    moved = moved @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + middle
    warp = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return np.asarray(cv2.warpPerspective(picture, warp, (width, height), borderValue=(60, 60, 60)), np.uint8)
