"""Random lighting and camera defects: exposure, contrast, light from one side, blur, noise, JPEG compression."""

import math

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray


def vary_lighting(random: Generator, grey: NDArray[np.uint8], max_gamma: float, max_noise: float) -> NDArray[np.uint8]:
    """A grey picture uint8 [H, W] with random lighting and camera defects.

    max_gamma: the largest exponent on grey levels in [0, 1]; the smallest is its inverse. max_noise: the largest
    standard deviation of the noise, in grey levels.
    """
    values = grey.astype(np.float32) / 255
    if random.random() < 0.25:  # a brightness gradient, as of a window at one side
        height, width = grey.shape
        angle, strength = random.uniform(0, 2 * math.pi), random.uniform(0.2, 0.7)
        ramp = np.linspace(-0.5, 0.5, width, dtype=np.float32)[None, :] * math.cos(angle)
        ramp = ramp + np.linspace(-0.5, 0.5, height, dtype=np.float32)[:, None] * math.sin(angle)
        values = values * (1 - strength / 2 + strength * ramp)
    contrast = random.uniform(0.5, 1.3)
    values = np.clip((values - 0.5) * contrast + 0.5 + random.uniform(-0.2, 0.2), 0, 1)
    reach = math.log(max_gamma)
    if random.random() < 0.5:
        values = values ** np.float32(math.exp(random.uniform(-reach, reach)))
    draw = random.random()
    if draw < 0.15:
        values = cv2.GaussianBlur(values, (0, 0), random.uniform(0.5, 1.8))
    elif draw < 0.3:
        values = cv2.filter2D(values, -1, _motion_blur_kernel(random))
    if random.random() < 0.4:
        values = values + random.standard_normal(grey.shape, np.float32) * (random.uniform(0, max_noise) / 255)
    result = np.clip(np.rint(values * 255), 0, 255).astype(np.uint8)
    if random.random() < 0.1:
        _, packed = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(20, 70))])
        result = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return result


def _motion_blur_kernel(random: Generator) -> NDArray[np.float32]:
    """Motion blur as a kernel [9, 9] that sums to 1: a straight line of 3 to 9 pixels."""
    length, angle = int(random.integers(3, 10)), random.uniform(0, math.pi)
    kernel = np.zeros((9, 9), np.float32)
    reach = np.array([math.cos(angle), math.sin(angle)]) * (length - 1) / 2
    start, end = np.rint(4 - reach).astype(int), np.rint(4 + reach).astype(int)
    cv2.line(kernel, (int(start[0]), int(start[1])), (int(end[0]), int(end[1])), 1.0)
    return kernel / kernel.sum()
