"""Synthetic occlusions of a face (mask, scarf, hand, object, brow), drawn at its landmarks, at three strengths."""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

KINDS = ("mask", "scarf", "hand", "object", "brow")
"""A mask over mouth and nose; a scarf up to the cheeks; fingers over the mouth; a cup or phone; a hand, hat or
newspaper from above down over the eyes."""
STRENGTHS = (1, 2, 3)
"""Extent of the occlusion: 1 the mouth; 2 mouth and nose; 3 up to the eyes."""
PRINT_PROBABILITY = 0.35
"""Share of the occlusions with a printed picture on them, if pictures to print are given."""
PRINT_WIDTH_RANGE = (2.0, 9.0)
"""Smallest and largest width of a printed picture, in distances between the eyes."""
Points = NDArray[np.float32]


def draw_occlusion(
    random: Generator, grey: NDArray[np.uint8], landmarks: Points, kind: str, strength: int,
    *, prints: Sequence[NDArray[np.uint8]] = (),
) -> None:  # fmt: skip
    """Draw an occlusion over the face with landmarks [5, 2] (right eye, left eye, nose, right and left mouth corner)
    into grey uint8 [H, W], in place.

    kind: one of KINDS. strength: one of STRENGTHS; "brow" starts at the second. prints: pictures uint8 [h, w] that may
    be printed on the occlusion, as on scarves, cups and newspapers.
    """
    alpha = np.zeros(grey.shape, np.float32)
    drawers = {"mask": _mask, "scarf": _scarf, "hand": _hand, "object": _object, "brow": _brow}
    face = _FaceFrame(landmarks)
    drawers[kind](random, alpha, face, strength)
    if prints and random.random() < PRINT_PROBABILITY:
        paint = _print(random, grey.shape, prints[int(random.integers(len(prints)))], face)
    else:
        skin = float(np.median(_skin(grey, landmarks)))
        cloth = random.uniform(20, 235) if kind != "hand" else np.clip(skin * random.uniform(0.75, 1.2), 15, 240)
        paint = _texture(random, grey.shape, float(cloth), 4.0 if kind == "hand" else random.uniform(1, 12), face)
    soft = cv2.GaussianBlur(alpha, (0, 0), max(0.6, 0.02 * face.down))
    grey[:] = np.clip(np.rint(paint * soft + grey * (1 - soft)), 0, 255).astype(np.uint8)


class _FaceFrame:
    """Coordinates of a face. Origin: the point between the eyes. x: to the picture's right, in distances between the
    eyes. y: down the face, in distances from eyes to mouth."""

    def __init__(self, landmarks: Points) -> None:
        self.eyes, self.mouth = landmarks[:2].mean(axis=0), landmarks[3:].mean(axis=0)
        axis = self.mouth - self.eyes
        self.down = max(1.0, float(np.hypot(*axis)))
        self.axis = axis / self.down
        self.across = np.array([self.axis[1], -self.axis[0]])
        self.wide = max(0.9 * self.down, float(np.hypot(*(landmarks[1] - landmarks[0]))))
        self.angle = math.degrees(math.atan2(self.across[1], self.across[0]))

    def to_pixels(self, x: float, y: float) -> NDArray[np.float32]:
        return np.asarray(self.eyes + x * self.wide * self.across + y * self.down * self.axis, np.float32)

    def polygon(self, corners: list[tuple[float, float]]) -> NDArray[np.int32]:
        return np.rint(np.array([self.to_pixels(x, y) for x, y in corners])).astype(np.int32)


def _mask(random: Generator, alpha: NDArray[np.float32], face: _FaceFrame, strength: int) -> None:
    top = {1: 0.72, 2: 0.5, 3: 0.3}[strength] + random.uniform(-0.06, 0.06)
    side, chin = random.uniform(0.85, 1.15), random.uniform(1.55, 1.9)
    corners = [(-side, top + 0.18), (-0.3, top + 0.03), (0, top - 0.08), (0.3, top + 0.03), (side, top + 0.18),
               (0.85 * side, 1.15), (0.45, chin), (-0.45, chin), (-0.85 * side, 1.15)]  # fmt: skip
    cv2.fillPoly(alpha, [face.polygon(corners)], 1.0)
    if random.random() < 0.7:  # the ear loops
        for edge in (-1, 1):
            start, end = face.polygon([(edge * side, top + 0.2), (edge * 1.6, top - random.uniform(0, 0.3))])
            cv2.line(alpha, tuple(map(int, start)), tuple(map(int, end)), 1.0, max(1, round(0.03 * face.wide)))


def _scarf(random: Generator, alpha: NDArray[np.float32], face: _FaceFrame, strength: int) -> None:
    top = {1: 0.7, 2: 0.48, 3: 0.28}[strength] + random.uniform(-0.05, 0.05)
    wave = [(x, top + random.uniform(-0.06, 0.06)) for x in np.linspace(-1.8, 1.8, 7)]
    cv2.fillPoly(alpha, [face.polygon([*wave, (1.8, 2.6), (-1.8, 2.6)])], 1.0)


def _hand(random: Generator, alpha: NDArray[np.float32], face: _FaceFrame, strength: int) -> None:
    """Four fingers side by side from one side, and the palm behind them."""
    side = random.choice((-1, 1))
    tip = {1: 0.55, 2: 0.75, 3: 0.95}[strength]
    first = {1: 0.75, 2: 0.5, 3: 0.3}[strength] + random.uniform(-0.05, 0.05)
    width = {1: 0.17, 2: 0.22, 3: 0.32}[strength]
    slope = random.uniform(-0.25, 0.25)
    for finger in range(4):
        y = first + finger * width
        start, end = face.polygon([(-side * tip * random.uniform(0.8, 1.1), y), (side * 1.7, y + slope)])
        stroke = max(2, round(width * face.down * random.uniform(0.85, 1.0)))
        cv2.line(alpha, tuple(map(int, start)), tuple(map(int, end)), random.uniform(0.9, 1.0), stroke)
    palm = face.to_pixels(side * 1.5, first + 1.5 * width + slope)
    cv2.ellipse(alpha, (tuple(map(float, palm)), (1.4 * face.wide, 5 * width * face.down), face.angle), 1.0, -1)


def _object(random: Generator, alpha: NDArray[np.float32], face: _FaceFrame, strength: int) -> None:
    width, height = {1: (1.1, 0.75), 2: (1.5, 1.1), 3: (1.9, 1.4)}[strength]
    middle = face.to_pixels(random.uniform(-0.1, 0.1), {1: 1.05, 2: 1.0, 3: 0.95}[strength])
    tilt = face.angle + random.uniform(-20, 20)
    size = width * face.wide * random.uniform(0.95, 1.15), height * face.down * random.uniform(0.95, 1.15)
    cv2.fillPoly(alpha, [np.rint(cv2.boxPoints((tuple(map(float, middle)), size, tilt))).astype(np.int32)], 1.0)


def _brow(random: Generator, alpha: NDArray[np.float32], face: _FaceFrame, strength: int) -> None:
    """A hand, a hat or a newspaper down over the eyes, to the nose or to the mouth."""
    low = {1: 0.35, 2: 0.45, 3: 0.8}[strength] + random.uniform(-0.05, 0.05)
    edge = [(x, low + random.uniform(-0.05, 0.05)) for x in np.linspace(1.5, -1.5, 6)]
    cv2.fillPoly(alpha, [face.polygon([(-1.5, -1.3), (1.5, -1.3), *edge])], 1.0)


def _skin(grey: NDArray[np.uint8], landmarks: Points) -> NDArray[np.uint8]:
    """The part of the picture inside the bounding box of the landmarks."""
    (left, top), (right, bottom) = landmarks.min(axis=0).astype(int), landmarks.max(axis=0).astype(int) + 1
    height, width = grey.shape
    return grey[min(max(0, top), height - 1) : max(1, bottom), min(max(0, left), width - 1) : max(1, right)]


def _texture(
    random: Generator, shape: tuple[int, ...], grey: float, grain_std: float, face: _FaceFrame
) -> NDArray[np.float32]:
    """Texture of cloth or skin, float32 [H, W]: a grey level with folds, grain, light from one side and some
    stripes."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    x, y = (columns - face.mouth[0]) / face.wide, (rows - face.mouth[1]) / face.down
    light = random.uniform(-25, 25) * x + random.uniform(-25, 25) * y - random.uniform(0, 25) * x**2
    folds = random.uniform(0, 14) * np.sin(
        random.uniform(4, 14) * (y + random.uniform(-0.5, 0.5) * x) + 6.28 * random.random()
    )
    grain = grain_std * random.standard_normal(shape, np.float32)
    stripes = 0.0
    if random.random() < 0.2:
        stripes = random.uniform(20, 60) * (np.sin(random.uniform(8, 30) * (x + random.uniform(-1, 1) * y)) > 0)
    return np.asarray(grey + light + folds + cv2.GaussianBlur(grain, (0, 0), 0.7) + stripes, np.float32)


def _print(
    random: Generator, shape: tuple[int, ...], picture: NDArray[np.uint8], face: _FaceFrame
) -> NDArray[np.float32]:
    """Texture of a printed picture, float32 [H, W], with a random point of it at the mouth, mirrored at its edges."""
    scale = random.uniform(*PRINT_WIDTH_RANGE) * face.wide / picture.shape[1]
    interpolation = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    size = (max(1, round(scale * picture.shape[1])), max(1, round(scale * picture.shape[0])))
    small = cv2.resize(picture, size, interpolation=interpolation)
    left, top = face.mouth - random.uniform(0, 1, 2) * size
    matrix = np.array([[1, 0, left], [0, 1, top]])
    placed = cv2.warpAffine(small, matrix, shape[::-1], borderMode=cv2.BORDER_REFLECT)
    return np.asarray(placed, np.float32)
