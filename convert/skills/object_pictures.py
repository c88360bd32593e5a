"""The pictures with which the skill of things is measured: what is on them, which half they are of, and two looks.

The pictures are single stills, and the assistant takes two looks a second apart. The second look of a wearer is made up
here: each look is the picture turned, shifted and enlarged a little, with other light, blur and noise. It shows what
such changes of the picture do, and not what a second does in which people move.
"""

import csv
import functools
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import AssistantError
from assistant.records import Box
from assistant.skills.things.agreement import agreeing
from assistant.skills.things.detection import Thing, ThingDetector
from assistant.skills.things.labels import COCO
from assistant.vision.cameras.picture_file import read_picture

HALVES = ("tuning", "report")
LOWEST_SCORE = 0.01
"""Of the things of the unchanged picture, for the average precision."""
LOOK_SCORE = 0.2
"""Of the things of a look, as `looking.LOWEST_SCORE`."""
MAX_TURN_DEG, MAX_SHIFT, MAX_ZOOM, MAX_LIGHT, NOISE = 2.0, 0.03, 1.08, 0.15, 3.0
"""How far a look differs: turned either way; shifted by a share of the picture; enlarged up to this factor; lighter or
darker by a share; noise in grey levels."""


@dataclass(frozen=True)
class Truth:
    """A thing that is on a picture."""

    label: str
    box: Box


@dataclass(frozen=True)
class Observed:
    """A picture with what is on it and what a detector has found in it and in two looks at it."""

    name: str
    half: str
    """One of HALVES, by the hash of the file."""
    width: int
    truth: list[Truth]
    found: list[Thing]
    """In the unchanged picture."""
    looks: tuple[list[Thing], list[Thing]]
    second_truth: list[Truth]
    """Where the things are in the second look."""

    @functools.cached_property
    def agreed(self) -> list[Thing]:
        """What both looks agree on, the highest score first."""
        return agreeing(*self.looks)


def read_boxes(folder: Path) -> dict[str, list[Truth]]:
    """The things on each picture, by its file name, from boxes.csv. Raises AssistantError."""
    file = folder / "boxes.csv"
    try:
        with open(file, newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table))
        truth: dict[str, list[Truth]] = {}
        for row in rows:
            if row["class"] not in COCO:
                raise ValueError(f"{row['class']!r} is none of COCO's classes")
            truth.setdefault(row["image"], []).append(Truth(row["class"], Box(*(float(row[key]) for key in "xywh"))))
    except (OSError, KeyError, ValueError) as err:
        raise AssistantError(f"{file}: not the boxes of the pictures: {err}") from err
    return truth


def observe(folder: Path, detector: ThingDetector) -> list[Observed]:
    """All pictures of a folder with boxes.csv and images/. Raises AssistantError."""
    truth = read_boxes(folder)
    return [_observed(folder / "images" / name, truth[name], detector) for name in sorted(truth)]


def half_of(content: bytes) -> str:
    """One of HALVES, by the hash of a picture's file."""
    return HALVES[hashlib.sha256(content).digest()[0] & 1]


def _observed(file: Path, truth: list[Truth], detector: ThingDetector) -> Observed:
    try:
        digest = hashlib.sha256(file.read_bytes()).digest()
    except OSError as err:
        raise AssistantError(f"{file}: cannot be read: {err.strerror}") from err
    image = read_picture(file, colour=True)
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    (first, _), (second, turn) = look(image, random), look(image, random)
    shape = image.shape[0], image.shape[1]
    return Observed(
        file.name,
        HALVES[digest[0] & 1],
        shape[1],
        truth,
        detector.find(image, LOWEST_SCORE),
        (detector.find(first, LOOK_SCORE), detector.find(second, LOOK_SCORE)),
        [Truth(each.label, _moved(each.box, turn, shape)) for each in truth],
    )


def look(image: NDArray[np.uint8], random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A look at an image uint8 [H, W, 3], of the same shape, and the affine matrix float64 [2, 3] from the image's
    pixels to the look's."""
    height, width = image.shape[:2]
    degrees, zoom = random.uniform(-MAX_TURN_DEG, MAX_TURN_DEG), random.uniform(1.0, MAX_ZOOM)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, zoom)
    turn[:, 2] += random.uniform(-MAX_SHIFT, MAX_SHIFT, 2) * (width, height)
    turned = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    if random.random() < 0.5:
        turned = cv2.GaussianBlur(turned, (0, 0), random.uniform(0.3, 0.8))
    light = turned * random.uniform(1 - MAX_LIGHT, 1 + MAX_LIGHT)
    return np.clip(light + random.normal(0, NOISE, image.shape), 0, 255).astype(np.uint8), np.asarray(turn, np.float64)


def _moved(box: Box, turn: NDArray[np.float64], shape: tuple[int, int]) -> Box:
    """A box in the look: around the moved centre and of its enlarged size, cut off at the edges."""
    zoom = math.hypot(turn[0, 0], turn[0, 1])
    x, y = turn @ (*box.center, 1.0)
    left, right = np.clip((x - box.width * zoom / 2, x + box.width * zoom / 2), 0, shape[1])
    top, bottom = np.clip((y - box.height * zoom / 2, y + box.height * zoom / 2), 0, shape[0])
    return Box(float(left), float(top), float(right - left), float(bottom - top))
