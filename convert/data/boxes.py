"""Which faces are in which picture: the `boxes.csv` of a folder of face pictures."""

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.fer2013 import DatasetError

POINTS = ("re", "le", "nose", "rm", "lm")
"""Column prefixes of the landmarks: the subject's right eye, left eye, nose, right and left mouth corner."""
IGNORE, NEGATIVE = "ignore", "negative"
"""Sources that are no face: a region nobody is sure of, and a picture without faces."""


@dataclass(frozen=True)
class Annotated:
    """A picture file and its faces. boxes float32 [n, 4]: left, top, width, height in pixels; sources: who says so of
    each; landmarks float32 [n, 5, 2] in pixels, NaN where unknown."""

    path: Path
    boxes: NDArray[np.float32]
    sources: tuple[str, ...]
    landmarks: NDArray[np.float32]


def read(folder: Path) -> list[Annotated]:
    """Every picture that `boxes.csv` names, in its order; a picture without faces has no boxes.

    Boxes of the source "ignore" are kept as such. Raises DatasetError with the file and line at fault.
    """
    file = folder / "boxes.csv"
    rows: dict[str, list[tuple[str, list[float], list[float]]]] = {}
    try:
        with open(file, newline="", encoding="utf-8") as table:
            for number, row in enumerate(csv.DictReader(table), 2):
                try:
                    face = None if row["source"] == NEGATIVE else (row["source"], _box(row), _points(row))
                    rows.setdefault(row["image"], []).extend([face] if face else [])
                except (KeyError, TypeError, ValueError) as err:
                    raise DatasetError(f"{file}: line {number}: expected image,x,y,w,h,source,...: {err}") from err
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise DatasetError(f"{file}: cannot read the faces: {err}") from err
    if not rows:
        raise DatasetError(f"{file}: names no picture")
    return [
        Annotated(
            folder / name,
            np.array([box for _, box, _ in faces], np.float32).reshape(-1, 4),
            tuple(source for source, _, _ in faces),
            np.array([points for _, _, points in faces], np.float32).reshape(-1, 5, 2),
        )
        for name, faces in rows.items()
    ]


def _box(row: dict[str, str]) -> list[float]:
    box = [float(row[column]) for column in "xywh"]
    if not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
        raise ValueError(f"the box is {box}")
    return box


def _points(row: dict[str, str]) -> list[float]:
    return [float(row.get(f"{point}_{axis}") or "nan") for point in POINTS for axis in "xy"]
