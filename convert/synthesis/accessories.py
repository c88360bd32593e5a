"""What faces wear: glasses, sunglasses and beards, drawn where the landmarks say."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray


def glasses(random: Generator, grey: NDArray[np.uint8], points: NDArray[np.float32]) -> None:
    """Draw glasses, frames or dark lenses, over the eyes of a face with these landmarks [5, 2] into grey [H, W]."""
    right, left = points[0], points[1]
    apart = float(np.hypot(*(left - right)))
    angle = math.degrees(math.atan2(left[1] - right[1], left[0] - right[0]))
    size = apart * random.uniform(0.6, 0.9), apart * random.uniform(0.4, 0.75)
    ink, stroke = int(random.integers(0, 90)), max(1, round(apart * random.uniform(0.03, 0.1)))
    if random.random() < 0.15:
        ink = int(random.integers(150, 256))
    is_dark, is_round = random.random() < 0.25, random.random() < 0.5
    for eye in (right, left):
        shape = (tuple(map(float, eye)), size, angle)
        corners = np.rint(cv2.boxPoints(shape)).astype(np.int32)
        if is_round:
            cv2.ellipse(grey, shape, ink, -1 if is_dark else stroke)
        elif is_dark:
            cv2.fillPoly(grey, [corners], ink)
        else:
            cv2.polylines(grey, [corners], True, ink, stroke)
    inner = (size[0] / 2) * (left - right) / max(apart, 1e-6)
    start, end = np.rint(right + inner).astype(int), np.rint(left - inner).astype(int)
    cv2.line(grey, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), ink, stroke)


def beard(random: Generator, grey: NDArray[np.uint8], points: NDArray[np.float32]) -> None:
    """Darken the lower part of a face with these landmarks [5, 2], but for its mouth, in grey uint8 [H, W]."""
    eyes, nose, mouth = points[:2].mean(axis=0), points[2], points[3:].mean(axis=0)
    down = mouth - eyes
    length, wide = float(np.hypot(*down)), float(np.hypot(*(points[1] - points[0])))
    angle = math.degrees(math.atan2(-down[0], down[1]))
    share = np.zeros(grey.shape, np.float32)
    centre = mouth + 0.2 * down
    cv2.ellipse(share, (tuple(map(float, centre)), (1.7 * wide, 1.3 * length), angle), 1.0, -1)
    upper = (tuple(map(float, (eyes + nose) / 2)), (2.2 * wide, 1.1 * length), angle)
    cv2.ellipse(share, upper, 0.0, -1)
    cv2.ellipse(share, (tuple(map(float, mouth)), (0.8 * wide, 0.25 * length), angle), 0.0, -1)
    share = cv2.GaussianBlur(share, (0, 0), max(0.5, 0.08 * wide)) * random.uniform(0.4, 0.9)
    hair = random.uniform(10, 80) + random.uniform(0, 15) * random.standard_normal(grey.shape, np.float32)
    grey[:] = np.clip(np.rint(hair * share + grey * (1 - share)), 0, 255).astype(np.uint8)
