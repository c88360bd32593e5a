"""Annotated face boxes: the `boxes.csv` of a folder of pictures, its held-out split, and IoU of boxes.

Boxes are (left, top, width, height) in pixels, float32.
"""

import csv
import hashlib
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data.fer2013_labels import DatasetError

LANDMARK_COLUMNS = ("re", "le", "nose", "rm", "lm")
"""Column prefixes of the landmarks: the subject's right eye, left eye, nose, right and left mouth corner."""
IGNORED_SOURCE = "ignore"
"""Value of the column `source` for a region that may or may not be a face: neither expected nor a false positive."""
NEGATIVE_SOURCE = "negative"
"""Value of the column `source` for a picture without faces."""
ROOM_PREFIX = "ho_"
"""Prefix of the file names of pictures of rooms without people."""
DATASET_TERMS = {
    "fm": "Kaggle face-mask detection: CC0 as recollected",
    "yt": "frames of YouTube Faces with checked landmarks: research terms",
    "th": "Roboflow face-detection-mgde2: CC BY 4.0",
    "hs": "Human-Segmentation-Dataset: no terms given",
    "in": "ImageNet sample pictures: non-commercial research",
    "crops": "FER-2013 Training pictures: ICML 2013 challenge (Goodfellow et al.), for research",
    "ho": "Houses dataset (Ahmed and Moustafa 2016): to be cited",
}
"""Terms of use, as far as known, of each origin of training pictures; the origin is the prefix of a file's name."""


@dataclass(frozen=True)
class AnnotatedPicture:
    """A picture file and the faces annotated in it."""

    path: Path
    boxes: NDArray[np.float32]
    """[n, 4], in pixels of the file."""
    sources: tuple[str, ...]
    """Source of each box (data set or annotator); IGNORED_SOURCE for a region to be ignored."""
    landmarks: NDArray[np.float32]
    """[n, 5, 2] in pixels (x, y), in the order of LANDMARK_COLUMNS; NaN where unknown."""

    @property
    def is_face(self) -> NDArray[np.bool_]:
        """Whether each box is a face, bool [n]; the others are regions to be ignored."""
        return np.array([source != IGNORED_SOURCE for source in self.sources], bool)


def read_annotations(folder: Path) -> list[AnnotatedPicture]:
    """All pictures in the `boxes.csv` of a folder, in its order; a picture without faces has no boxes.

    Regions to be ignored are included, with their source. Raises DatasetError, which names the file and line.
    """
    file = folder / "boxes.csv"
    rows: dict[str, list[tuple[str, list[float], list[float]]]] = {}
    try:
        with open(file, newline="", encoding="utf-8") as table:
            for line, row in enumerate(csv.DictReader(table), 2):
                try:
                    is_negative = row["source"] == NEGATIVE_SOURCE
                    face = None if is_negative else (row["source"], _box(row), _landmarks(row))
                    rows.setdefault(row["image"], []).extend([face] if face else [])
                except (KeyError, TypeError, ValueError) as err:
                    raise DatasetError(f"{file}: line {line}: expected image,x,y,w,h,source,...: {err}") from err
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise DatasetError(f"{file}: cannot read the faces: {err}") from err
    if not rows:
        raise DatasetError(f"{file}: names no picture")
    return [
        AnnotatedPicture(
            folder / name,
            np.array([box for _, box, _ in faces], np.float32).reshape(-1, 4),
            tuple(source for source, _, _ in faces),
            np.array([points for _, _, points in faces], np.float32).reshape(-1, 5, 2),
        )
        for name, faces in rows.items()
    ]


def is_held_out(name: str) -> bool:
    """Whether a picture belongs to the held-out tenth of the training pictures. name: its file name.

    Pictures of one person are on the same side of the split, as far as the file name identifies the person.
    """
    stem = Path(name).stem
    group = re.sub(r"_?\d+$", "", stem) if stem.startswith("yt_") else stem
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:4]) % 10 == 0


def intersection_areas(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Areas float32 [n] of the intersections of a box [4] with each of boxes [n, 4], in square pixels."""
    corner = np.maximum(box[:2], boxes[:, :2])
    far = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    return np.asarray(np.prod(np.maximum(0, far - corner), axis=1), np.float32)


def iou(box: NDArray[np.float32], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union float32 [n] of a box [4] with each of boxes [n, 4]."""
    common = intersection_areas(box, boxes)
    return np.asarray(common / (np.prod(box[2:]) + np.prod(boxes[:, 2:], axis=1) - common), np.float32)


def is_overlapping(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    """Whether two boxes [4] share any area."""
    return bool(np.all(a[:2] < b[:2] + b[2:]) and np.all(b[:2] < a[:2] + a[2:]))


def _box(row: dict[str, str]) -> list[float]:
    box = [float(row[column]) for column in "xywh"]
    if not all(map(math.isfinite, box)) or min(box[2:]) <= 0:
        raise ValueError(f"the box is {box}")
    return box


def _landmarks(row: dict[str, str]) -> list[float]:
    return [float(row.get(f"{point}_{axis}") or "nan") for point in LANDMARK_COLUMNS for axis in "xy"]
