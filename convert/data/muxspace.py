"""muxspace: labelled face pictures from the web (`data/legend.csv`), on which no expression model is trained."""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data import picture_files
from convert.data.fer2013_labels import DatasetError

EXPRESSIONS = {
    "anger": "angry",
    "contempt": "contempt",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprise",
}
"""Labels of the legend, in lower case, to expressions of this project."""


@dataclass(frozen=True)
class Picture:
    """A picture of one face with a small margin."""

    name: str
    """Name of its file."""
    grey: NDArray[np.uint8]
    """Uint8 [H, W]."""
    expression: str
    """One of the values of EXPRESSIONS."""


HALVES = ("tuning", "report")
"""The half for tuning, and the half for published figures alone; no person is in both."""


def person_of(name: str) -> str:
    """The person in a picture: its file name up to the number."""
    return re.sub(r"[-_ ]*\d+[^/]*$", "", name)


def person_hash(name: str) -> float:
    """A hash of the person in a picture, uniform in [0, 1). name: the picture's file name."""
    return int.from_bytes(hashlib.sha256(person_of(name).encode()).digest()[:6], "big") / 2**48


def half_of(name: str) -> str:
    """The one of HALVES to which a picture belongs. name: its file name."""
    return HALVES[int(person_hash(name) * 997 % 1 * 2)]


def load(folder: Path, expressions: Sequence[str], limit: int, *, half: str = "") -> list[Picture]:
    """Up to `limit` pictures of each of the expressions, evenly spaced in the legend.

    half: only pictures of this one of HALVES; "" for all. Raises DatasetError.
    """
    legend = folder / "data" / "legend.csv"
    names: dict[str, list[str]] = {expression: [] for expression in expressions}
    try:
        with open(legend, newline="", encoding="utf-8") as table:
            for row in csv.DictReader(table):
                expression = EXPRESSIONS.get(row["emotion"].lower(), "")
                if expression in names and (not half or half_of(row["image"]) == half):
                    names[expression].append(row["image"])
    except (OSError, KeyError, AttributeError, UnicodeDecodeError) as err:
        raise DatasetError(f"{legend}: not muxspace's legend: {err}") from err
    made = []
    for expression, known in names.items():
        if not known:
            raise DatasetError(f"{legend}: names no picture of {expression}")
        chosen = np.linspace(0, len(known) - 1, min(limit, len(known))).round().astype(int)
        files = [folder / "images" / known[index] for index in chosen]
        made += [Picture(file.name, picture_files.grey(file), expression) for file in files]
    return made
