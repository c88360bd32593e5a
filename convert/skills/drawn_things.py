"""Twelve things that a wearer may want to teach ("my keys"), drawn: the set for `convert.skills.taught_things`.

They are flat and drawn, with letters, seams and buttons where the real things have them. A real bunch of keys is shiny,
changes its shape and shows another side each time: what does not find these does not find those.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 240, 160
GRAIN = 4.0
"""Standard deviation of the grain of each surface, grey levels."""


@dataclass(frozen=True)
class Drawn:
    """A thing as it is seen from the front."""

    image: NDArray[np.uint8]
    """uint8 [160, 240, 3] BGR."""
    mask: NDArray[np.uint8]
    """uint8 [160, 240]: 255 where the thing is, else 0."""


def drawn_things() -> dict[str, Drawn]:
    """The things by their names."""
    made = {"keys": _keys(), "glasses_case": _glasses_case(), "charger": _charger()}
    for name, (ground, draw) in CARDS.items():
        image = _surface(ground, name)
        draw(image)
        made[name] = Drawn(image, np.full((HEIGHT, WIDTH), 255, np.uint8))
    return made


def _surface(ground: tuple[int, int, int], name: str) -> NDArray[np.uint8]:
    random = np.random.default_rng(sum(name.encode()))
    plain = np.full((HEIGHT, WIDTH, 3), ground, np.float64)
    return np.clip(plain + random.normal(0, GRAIN, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8)


def _keys() -> Drawn:
    image, mask = _surface((120, 122, 126), "keys"), np.zeros((HEIGHT, WIDTH), np.uint8)
    for x, y, colour in ((62, 56, (170, 176, 182)), (70, 104, (90, 150, 184))):
        for target, fill in ((image, colour), (mask, (255,))):
            cv2.circle(target, (x, y), 28, fill, -1)
            cv2.rectangle(target, (x + 20, y - 6), (x + 130, y + 6), fill, -1)
            for tooth in range(5):
                cv2.rectangle(target, (x + 70 + 12 * tooth, y), (x + 76 + 12 * tooth, y + 10 + 5 * tooth % 9), fill, -1)
        cv2.circle(mask, (x - 8, y), 9, (0,), -1)
    cv2.circle(mask, (38, 80), 34, (255,), 4)
    return Drawn(image, mask)


def _glasses_case() -> Drawn:
    image, mask = _surface((40, 42, 46), "glasses_case"), np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (120, 80), (118, 46), 0, 0, 360, (255,), -1)
    cv2.line(image, (4, 84), (236, 84), (70, 72, 78), 2)
    return Drawn(image, mask)


def _charger() -> Drawn:
    image, mask = _surface((232, 232, 230), "charger"), np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.rectangle(mask, (60, 20), (180, 140), (255,), -1)
    cv2.rectangle(image, (112, 126), (128, 138), (60, 60, 60), -1)
    return Drawn(image, mask)


def _text(image: NDArray[np.uint8], text: str, at: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 2, cv2.LINE_AA)


def _wallet(image: NDArray[np.uint8]) -> None:
    for x in range(12, 228, 8):
        for y in (12, 148):
            cv2.line(image, (x, y), (x + 4, y), (150, 170, 190), 1)
    cv2.line(image, (120, 0), (120, HEIGHT), (20, 35, 55), 2)


def _pills(image: NDArray[np.uint8]) -> None:
    _text(image, "IBUPROFEN", (14, 60), 1.1, (140, 30, 20))
    _text(image, "400 mg", (60, 110), 1.0, (20, 20, 20))
    cv2.rectangle(image, (0, 130), (WIDTH, HEIGHT), (180, 60, 30), -1)


def _bank_card(image: NDArray[np.uint8]) -> None:
    _text(image, "4929 1183 0021", (10, 70), 0.8, (230, 230, 230))
    cv2.circle(image, (160, 115), 28, (0, 160, 240), -1)
    cv2.circle(image, (190, 115), 28, (0, 80, 220), -1)


def _remote(image: NDArray[np.uint8]) -> None:
    for column in range(9):
        for row in range(4):
            cv2.circle(image, (30 + 22 * column, 35 + 30 * row), 7, (90, 90, 95), -1)
    cv2.circle(image, (22, 20), 7, (40, 40, 200), -1)


def _book(image: NDArray[np.uint8]) -> None:
    _text(image, "MOBY DICK", (20, 50), 1.2, (220, 230, 240))
    cv2.ellipse(image, (120, 110), (80, 28), 8, 0, 360, (200, 180, 150), -1)
    cv2.circle(image, (70, 104), 4, (20, 20, 20), -1)


def _purse(image: NDArray[np.uint8]) -> None:
    for x in range(0, WIDTH, 24):
        for y in range(0, HEIGHT, 24):
            if (x + y) // 24 % 2:
                cv2.rectangle(image, (x, y), (x + 23, y + 23), (60, 60, 190), -1)


def _tin(image: NDArray[np.uint8]) -> None:
    for y in (20, 40, 120, 140):
        cv2.line(image, (0, y), (WIDTH, y), (30, 90, 190), 6)
    _text(image, "TEA", (80, 95), 1.6, (40, 40, 40))


def _passport(image: NDArray[np.uint8]) -> None:
    _text(image, "PASSPORT", (40, 40), 1.0, (90, 190, 220))
    for radius in (12, 22, 32):
        cv2.circle(image, (120, 100), radius, (90, 190, 220), 2)


def _drops(image: NDArray[np.uint8]) -> None:
    cv2.rectangle(image, (20, 30), (220, 130), (245, 245, 240), -1)
    _text(image, "eye drops 10 ml", (28, 85), 0.75, (120, 60, 20))


CARDS: dict[str, tuple[tuple[int, int, int], Callable[[NDArray[np.uint8]], None]]] = {
    "wallet": ((30, 55, 90), _wallet),
    "pills": ((240, 245, 245), _pills),
    "bank_card": ((110, 50, 30), _bank_card),
    "remote": ((35, 35, 38), _remote),
    "book": ((90, 60, 20), _book),
    "purse": ((150, 150, 215), _purse),
    "tin": ((150, 200, 220), _tin),
    "passport": ((40, 30, 110), _passport),
    "drops": ((170, 120, 60), _drops),
}
"""The things with four corners: the colour of the ground, and what is drawn on it."""
