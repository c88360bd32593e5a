"""muxspace: faces in the wild that no model of ours has seen, with the labels of their `data/legend.csv`."""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data import picture_files
from convert.data.fer2013 import DatasetError

WORDS = {
    "anger": "angry",
    "contempt": "contempt",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprise",
}
"""Its labels, whose case varies, in this project's words."""


@dataclass(frozen=True)
class Picture:
    """Grey uint8 [H, W] of one face and a little around it, and its expression."""

    name: str
    grey: NDArray[np.uint8]
    expression: str


HALVES = ("tuning", "report")
"""What thresholds may be chosen on, and what only figures are made of; nobody is in both."""


def person(name: str) -> str:
    """Who is in a picture: the file's name up to its number."""
    return re.sub(r"[-_ ]*\d+[^/]*$", "", name)


def share(name: str) -> float:
    """A number in [0, 1) that all pictures of a person have in common, and that says nothing else of them."""
    return int.from_bytes(hashlib.sha256(person(name).encode()).digest()[:6], "big") / 2**48


def half_of(name: str) -> str:
    """To which of HALVES a picture belongs."""
    return HALVES[int(share(name) * 997 % 1 * 2)]


def load(folder: Path, expressions: Sequence[str], most: int, *, half: str = "") -> list[Picture]:
    """Up to `most` pictures of each of these expressions, spread evenly over the legend; half: only of one of HALVES.

    Raises DatasetError.
    """
    legend = folder / "data" / "legend.csv"
    names: dict[str, list[str]] = {expression: [] for expression in expressions}
    try:
        with open(legend, newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                expression = WORDS.get(row["emotion"].lower(), "")
                if expression in names and (not half or half_of(row["image"]) == half):
                    names[expression].append(row["image"])
    except (OSError, KeyError, AttributeError, UnicodeDecodeError) as err:
        raise DatasetError(f"{legend}: not muxspace's legend: {err}") from err
    made = []
    for expression, known in names.items():
        if not known:
            raise DatasetError(f"{legend}: names no picture of {expression}")
        chosen = np.linspace(0, len(known) - 1, min(most, len(known))).round().astype(int)
        files = [folder / "images" / known[index] for index in chosen]
        made += [Picture(file.name, picture_files.grey(file), expression) for file in files]
    return made
