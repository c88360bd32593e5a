"""Glasses, sunglasses and beards, drawn on faces at their landmarks."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray


def draw_glasses(random: Generator, grey: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> None:
    """Draw glasses or sunglasses over the eyes of a face with landmarks [5, 2] into grey uint8 [H, W], in place."""
    right, left = landmarks[0], landmarks[1]
    eye_distance = float(np.hypot(*(left - right)))
    angle = math.degrees(math.atan2(left[1] - right[1], left[0] - right[0]))
    size = eye_distance * random.uniform(0.6, 0.9), eye_distance * random.uniform(0.4, 0.75)
    ink, stroke = int(random.integers(0, 90)), max(1, round(eye_distance * random.uniform(0.03, 0.1)))
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
    inner = (size[0] / 2) * (left - right) / max(eye_distance, 1e-6)
    start, end = np.rint(right + inner).astype(int), np.rint(left - inner).astype(int)
    cv2.line(grey, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), ink, stroke)


def draw_beard(random: Generator, grey: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> None:
    """Draw a beard on the face with landmarks [5, 2] into grey uint8 [H, W], in place."""
    eyes, nose, mouth = landmarks[:2].mean(axis=0), landmarks[2], landmarks[3:].mean(axis=0)
    down = mouth - eyes
    length, wide = float(np.hypot(*down)), float(np.hypot(*(landmarks[1] - landmarks[0])))
    angle = math.degrees(math.atan2(-down[0], down[1]))
    alpha = np.zeros(grey.shape, np.float32)
    centre = mouth + 0.2 * down
    cv2.ellipse(alpha, (tuple(map(float, centre)), (1.7 * wide, 1.3 * length), angle), 1.0, -1)
    upper = (tuple(map(float, (eyes + nose) / 2)), (2.2 * wide, 1.1 * length), angle)
    cv2.ellipse(alpha, upper, 0.0, -1)
    cv2.ellipse(alpha, (tuple(map(float, mouth)), (0.8 * wide, 0.25 * length), angle), 0.0, -1)
    alpha = cv2.GaussianBlur(alpha, (0, 0), max(0.5, 0.08 * wide)) * random.uniform(0.4, 0.9)
    hair = random.uniform(10, 80) + random.uniform(0, 15) * random.standard_normal(grey.shape, np.float32)
    grey[:] = np.clip(np.rint(hair * alpha + grey * (1 - alpha)), 0, 255).astype(np.uint8)
