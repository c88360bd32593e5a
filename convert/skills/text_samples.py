"""Text to choose on: letters, packs and signs, drawn and then "photographed"; the shared samples only report.

Fonts come from matplotlib, so that every machine draws the same; they have no Hindi.
"""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 640, 480
"""Pixels of a frame of the camera."""
FONTS = {
    "letter": ("DejaVuSerif.ttf", "STIXGeneral.ttf", "DejaVuSans.ttf", "DejaVuSansMono.ttf"),
    "pack": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "STIXGeneral.ttf"),
    "sign": ("DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf", "STIXGeneralBol.ttf"),
}
"""The files in matplotlib's folder of fonts that each kind is drawn with."""
COLOURS = {
    "letter": (((40, 36, 34), (226, 228, 230)), ((70, 50, 30), (205, 222, 228))),
    "pack": (((30, 30, 30), (214, 214, 210)), ((120, 40, 30), (230, 230, 230)), ((235, 235, 235), (90, 60, 120))),
    "sign": (((245, 245, 245), (120, 60, 30)), ((20, 20, 20), (40, 200, 235)), ((240, 240, 240), (60, 120, 40))),
}
"""(ink, paper) in BGR."""


@dataclass(frozen=True)
class Sample:
    """A picture of a text, and the text."""

    name: str
    locale: str
    kind: str
    image: NDArray[np.uint8]
    """uint8 [480, 640, 3] BGR."""
    truth: str


def samples(views: int = 2, hard: bool = False) -> Iterator[Sample]:
    """Each text of text_samples.toml as `views` photographs, the same on each call. hard: turned farther, with more
    noise and more blur."""
    texts = tomllib.loads(resources.files("convert.skills").joinpath("text_samples.toml").read_text("utf-8"))
    for locale, entries in texts.items():
        for number, (kind, text) in enumerate((entry["kind"], entry["text"]) for entry in entries):
            for view in range(views):
                rng = np.random.default_rng([number, view, int(hard), *locale.encode()])
                image = photographed(drawn(kind, text, rng), rng, hard=hard)
                yield Sample(f"{locale}-{kind}-{number}-{view}", locale, kind, image, " ".join(text.split()))


def drawn(kind: str, text: str, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A text on its paper, straight from above: uint8 [480, 640, 3] BGR."""
    from PIL import Image, ImageDraw

    ink, paper = COLOURS[kind][rng.integers(len(COLOURS[kind]))]
    sheet = Image.new("RGB", (WIDTH, HEIGHT), tuple(reversed(paper)))
    draw = ImageDraw.Draw(sheet)
    family = FONTS[kind][rng.integers(len(FONTS[kind]))]
    y = 60 if kind != "letter" else 34
    for number, line in enumerate(text.split("\n")):
        size = {"letter": 21, "pack": 21 if number == 0 else 15, "sign": 60 if number == 0 else 38}[kind]
        font = _font(family, size + int(rng.integers(0, 3)))
        per_line = max(8, int(560 / max(1.0, font.getlength(line)) * len(line)))
        for piece in textwrap.wrap(line, per_line):
            draw.text((40, y), piece, font=font, fill=tuple(reversed(ink)))
            y += int(size * (2.0 if kind == "letter" else 1.9))
    return np.ascontiguousarray(np.asarray(sheet)[..., ::-1])


def photographed(sheet: NDArray[np.uint8], rng: np.random.Generator, *, hard: bool = False) -> NDArray[np.uint8]:
    """The sheet as a camera that is worn sees it: turned, in perspective, unevenly lit, blurred and noisy."""
    turn = rng.uniform(9, 16) if hard else rng.uniform(0, 8)
    turn *= rng.choice([-1, 1])
    lean = rng.uniform(0.08, 0.16) if hard else rng.uniform(0.0, 0.08)
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], np.float32)
    seen = (corners - (WIDTH / 2, HEIGHT / 2)) * rng.uniform(0.84, 0.94)
    seen[:2, 0] *= 1 - lean
    seen[1:3, 1] *= 1 - lean * rng.uniform(0, 1)
    angle = np.deg2rad(turn)
    seen = seen @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen += (WIDTH / 2, HEIGHT / 2)
    warp = cv2.getPerspectiveTransform(corners, seen.astype(np.float32))
    desk = float(rng.uniform(50, 110))
    image = cv2.warpPerspective(sheet, warp, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderValue=(desk, desk, desk))
    x, y = np.meshgrid(np.linspace(-1, 1, WIDTH), np.linspace(-1, 1, HEIGHT))
    direction = rng.uniform(0, 2 * np.pi)
    light = 0.8 + rng.uniform(0.1, 0.3) * (x * np.cos(direction) + y * np.sin(direction))
    blurred = cv2.GaussianBlur(image.astype(np.float32) * light[..., None], (0, 0), 1.0 if hard else 0.7)
    noisy: Any = blurred + rng.normal(0, 9 if hard else 4, blurred.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _font(name: str, size: int) -> Any:
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts/ttf", name)), size)
