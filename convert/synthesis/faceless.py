"""Drawn things without a face that resemble one: wheels, shields, candles, logos, sockets, windows, pots, textures. The
face detector is trained on none of them."""

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Canvas = NDArray[np.uint8]
SIDE = 160
"""Side in pixels of the square in which a thing is drawn."""
MIDDLE = SIDE // 2


def draw(random: Generator, kind: str, background: Canvas) -> Canvas:
    """A thing of one of KINDS, once to four times, before a background uint8 [H, W] of the same size."""
    made = background.copy()
    height, width = made.shape
    for _ in range(int(random.integers(1, 5))):
        side = int(min(height, width) * random.uniform(0.15, 0.6))
        left, top = int(random.integers(0, width - side)), int(random.integers(0, height - side))
        thing, mask = _thing(random, kind, side)
        part = made[top : top + side, left : left + side].astype(np.float32)
        made[top : top + side, left : left + side] = np.rint(part + mask * (thing - part)).astype(np.uint8)
    return made


def backdrop(random: Generator, height: int, width: int) -> Canvas:
    """A wall in uneven light with a rough surface, uint8 [H, W]."""
    coarse = random.uniform(60, 200) + random.normal(0, 25, (4, 5))
    wall = cv2.resize(coarse.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    rough = cv2.GaussianBlur(random.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 2.0) * random.uniform(
        0, 30
    )
    return np.clip(np.rint(wall + rough), 0, 255).astype(np.uint8)


def _thing(random: Generator, kind: str, side: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A thing, float32 [side, side] in grey levels, and its matte in [0, 1]."""
    grey, mask = np.full((SIDE, SIDE), int(random.integers(40, 220)), np.uint8), np.zeros((SIDE, SIDE), np.uint8)
    KINDS[kind](random, grey, mask)
    shade = random.uniform(0.7, 1.15, (3, 3)).astype(np.float32)
    lit = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0) * cv2.resize(shade, (SIDE, SIDE))
    matte = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 1.0)
    turn = cv2.getRotationMatrix2D((MIDDLE, MIDDLE), random.uniform(-20, 20), side / SIDE)
    turn[:, 2] += side / 2 - MIDDLE
    made = [cv2.warpAffine(each, turn, (side, side), flags=cv2.INTER_AREA) for each in (np.clip(lit, 0, 255), matte)]
    return made[0].astype(np.float32), made[1].astype(np.float32)


def _tone(random: Generator) -> int:
    return int(random.integers(0, 256))


def _wheel(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """A tyre with spokes or holes around a hub."""
    cv2.circle(mask, (MIDDLE, MIDDLE), 74, 255, -1)
    cv2.circle(grey, (MIDDLE, MIDDLE), 74, int(random.integers(10, 60)), -1)
    rim, hole = int(random.integers(120, 230)), int(random.integers(10, 90))
    cv2.circle(grey, (MIDDLE, MIDDLE), 56, rim, -1)
    spokes, first, reach = int(random.integers(3, 9)), random.uniform(0, 2 * math.pi), int(random.integers(24, 40))
    for spoke in range(spokes):
        angle = first + 2 * math.pi * spoke / spokes
        at = round(MIDDLE + reach * math.cos(angle)), round(MIDDLE + reach * math.sin(angle))
        cv2.circle(grey, at, int(random.integers(5, 14)), hole, -1)
    cv2.circle(grey, (MIDDLE, MIDDLE), int(random.integers(5, 14)), _tone(random), -1)


def _shield(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """A coat of arms: a shield with figures in its quarters."""
    outline = np.array([[20, 14], [140, 14], [140, 86], [80, 150], [20, 86]], np.int32)
    cv2.fillPoly(mask, [outline], 255)
    cv2.fillPoly(grey, [outline], _tone(random))
    ink = _tone(random)
    for x in (52, 108):
        cv2.circle(grey, (x, int(random.integers(44, 62))), int(random.integers(7, 17)), ink, -1)
    if random.random() < 0.6:
        cv2.line(grey, (MIDDLE, 30), (MIDDLE, 100), ink, int(random.integers(2, 9)))
    if random.random() < 0.7:
        cv2.ellipse(grey, (MIDDLE, 104), (int(random.integers(10, 30)), 7), 0, 0, 360, ink, -1)
    cv2.polylines(grey, [outline], True, _tone(random), 5)


def _candle(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """A round candle or lamp: a bright middle that fades, with a wick and drops."""
    y, x = np.mgrid[:SIDE, :SIDE]
    far = np.hypot(x - MIDDLE, (y - MIDDLE) / random.uniform(1.0, 1.4)) / 62
    mask[far < 1] = 255
    grey[:] = np.clip(random.uniform(180, 255) * (1 - 0.6 * far**2), 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(2, 6))):
        at = int(random.integers(45, 116)), int(random.integers(45, 116))
        cv2.circle(grey, at, int(random.integers(4, 10)), int(random.integers(30, 130)), -1)
    cv2.line(grey, (MIDDLE, 55), (MIDDLE + int(random.integers(-8, 9)), 95), int(random.integers(0, 80)), 4)


def _logo(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """A badge with a few geometric figures, symmetric about its vertical axis."""
    cv2.ellipse(
        mask, (MIDDLE, MIDDLE), (int(random.integers(50, 75)), int(random.integers(55, 75))), 0, 0, 360, 255, -1
    )
    grey[:] = _tone(random)
    for _ in range(int(random.integers(2, 5))):
        x, y, size, ink = (
            int(random.integers(0, 45)),
            int(random.integers(30, 130)),
            int(random.integers(5, 18)),
            _tone(random),
        )
        for side in (-x, x):
            if random.random() < 0.5:
                cv2.circle(grey, (MIDDLE + side, y), size, ink, -1)
            else:
                cv2.rectangle(
                    grey, (MIDDLE + side - size, y - size // 2), (MIDDLE + side + size, y + size // 2), ink, -1
                )


def _socket(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """A mains socket, a switch or a plate with holes and screws."""
    cv2.rectangle(mask, (18, 18), (142, 142), 255, -1)
    plate = int(random.integers(150, 250))
    grey[:] = plate
    cv2.circle(grey, (MIDDLE, MIDDLE), int(random.integers(38, 58)), max(0, plate - int(random.integers(10, 60))), -1)
    hole, apart = int(random.integers(0, 70)), int(random.integers(16, 30))
    for x in (MIDDLE - apart, MIDDLE + apart):
        cv2.ellipse(grey, (x, int(random.integers(62, 82))), (7, int(random.integers(5, 14))), 0, 0, 360, hole, -1)
    cv2.ellipse(grey, (MIDDLE, int(random.integers(96, 118))), (int(random.integers(6, 22)), 6), 0, 0, 360, hole, -1)


def _front(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """The front of a vehicle or a house: two lights or windows above a grille or a door."""
    cv2.rectangle(mask, (12, 24), (148, 140), 255, -1)
    grey[:] = _tone(random)
    light, size = _tone(random), int(random.integers(10, 22))
    for x in (44, 116):
        cv2.circle(grey, (x, 64), size, light, -1)
        cv2.circle(grey, (x, 64), size // 2, _tone(random), -1)
    for y in range(98, 98 + int(random.integers(8, 32)), 7):
        cv2.line(grey, (46, y), (114, y), int(random.integers(0, 90)), 3)


def _pottery(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """A round pot or bun, lit from a side, with dents."""
    axes = int(random.integers(50, 72)), int(random.integers(58, 76))
    cv2.ellipse(mask, (MIDDLE, MIDDLE), axes, 0, 0, 360, 255, -1)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    away = np.hypot(x - random.uniform(-0.2, 0.2), y + random.uniform(0, 0.2))
    grey[:] = np.clip(random.uniform(150, 240) * (1.05 - 1.3 * away), 0, 255).astype(np.uint8)
    for _ in range(int(random.integers(3, 7))):
        at = int(random.integers(50, 111)), int(random.integers(50, 125))
        dent = (int(random.integers(4, 16)), int(random.integers(3, 8)))
        cv2.ellipse(grey, at, dent, float(random.uniform(-30, 30)), 0, 360, int(random.integers(20, 120)), -1)


def _texture(random: Generator, grey: Canvas, mask: Canvas) -> None:
    """Blotches of any size: bark, stone, foliage."""
    mask[:] = 255
    blotches = cv2.GaussianBlur(random.normal(0, 1, (SIDE, SIDE)).astype(np.float32), (0, 0), random.uniform(3, 14))
    spread = float(blotches.std()) or 1.0
    grey[:] = np.clip(128 + blotches / spread * random.uniform(25, 60), 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[[Generator, Canvas, Canvas], None]] = {
    "wheel": _wheel, "shield": _shield, "candle": _candle, "logo": _logo, "socket": _socket, "front": _front,
    "pottery": _pottery, "texture": _texture,
}  # fmt: skip
"""The kinds of things: functions that draw one on a canvas and its matte, both uint8 [SIDE, SIDE]."""
