"""Small data sets in the forms of the real ones, on which every example of training runs in seconds.

With $EMOTION_DATA they are a few real pictures of each kind, without it drawn ones; the drawn ones have neither
muxspace nor the detector's training pictures.
"""

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from convert.data import muxspace
from convert.data.boxes import ROOM_PREFIX, is_held_out
from convert.data.fer2013 import Faces, load
from convert.data.fer2013_labels import LABELS, SPLITS
from tests.support import drawn_faces, drawn_pictures

FACES_PER_CLASS = 10
"""FER-2013 pictures of each class in each split."""
MUXSPACE_PER_LABEL = 4
"""Pictures of muxspace of each label in each half, besides those of which scenes are made."""
TRAIN_PER_ORIGIN, EVAL_PICTURES = 4, 12
"""Pictures of the face detector: of each origin for training and for choosing, and those for its figures."""


def make(folder: Path, real: Path | None) -> Path:
    """Write the data sets into a folder; returns it. real: the folder of the real ones."""
    folder.mkdir(parents=True)
    if real is None:
        drawn_faces.write_npz(drawn_faces.dataset(60, 8), folder)
        for part in ("train", "eval"):
            drawn_pictures.write_folder(folder / "faces" / part)
        return folder
    drawn_faces.write_npz(_few(load(real)), folder)
    _few_of_muxspace(real / "muxspace", folder / "muxspace")
    _few_boxes(real / "faces/train", folder / "faces/train", TRAIN_PER_ORIGIN, _origin_and_side)
    _few_boxes(real / "faces/eval", folder / "faces/eval", EVAL_PICTURES, lambda name: ())
    return folder


def _few(faces: Faces) -> Faces:
    """The first pictures of each class in each split that have votes."""
    has_votes = faces.votes.sum(axis=1) > 0
    keep = np.zeros(len(faces), bool)
    for split in range(len(SPLITS)):
        for label in range(len(LABELS)):
            keep[np.flatnonzero(has_votes & (faces.split == split) & (faces.labels == label))[:FACES_PER_CLASS]] = True
    return faces.where(keep)


def _few_of_muxspace(real: Path, folder: Path) -> None:
    (folder / "images").mkdir(parents=True)
    (folder / "data").mkdir()
    stills = {line.split()[0] for line in muxspace.STILL_LIST.read_text("ascii").splitlines()}
    with open(real / "data/legend.csv", newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    counts: Counter[tuple[str, str]] = Counter()
    kept = []
    for row in rows:
        kind = (row["emotion"].lower(), muxspace.half_of(row["image"]))
        counts[kind] += 1
        if kind[0] in muxspace.EXPRESSIONS and counts[kind] <= MUXSPACE_PER_LABEL:
            kept.append(row)
    with open(folder / "data/legend.csv", "w", newline="", encoding="utf-8") as table:
        out = csv.DictWriter(table, rows[0].keys())
        out.writeheader()
        out.writerows(kept)
    files = {row["image"] for row in kept}
    for file in sorted((real / "images").iterdir()):
        if file.name in files or hashlib.sha256(file.read_bytes()).hexdigest()[:16] in stills:
            (folder / "images" / file.name).symlink_to(file)


def _few_boxes(real: Path, folder: Path, count: int, kind_of: Callable[[str], tuple[object, ...]]) -> None:
    """So many pictures of each kind, with their boxes. kind_of: from the name of a file."""
    (folder / "images").mkdir(parents=True)
    with open(real / "boxes.csv", newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    counts: Counter[tuple[object, ...]] = Counter()
    names = set()
    for name in dict.fromkeys(row["image"] for row in rows):
        kind = kind_of(Path(name).name)
        counts[kind] += 1
        if counts[kind] <= count:
            names.add(name)
    with open(folder / "boxes.csv", "w", newline="", encoding="utf-8") as table:
        out = csv.DictWriter(table, rows[0].keys())
        out.writeheader()
        out.writerows(row for row in rows if row["image"] in names)
    for name in names:
        (folder / name).symlink_to(real / name)


def _origin_and_side(name: str) -> tuple[object, ...]:
    """The origin of a training picture, whether it is held out, and, of a room, in which half of the scenes it is."""
    origin, house = name.partition("_")[0], re.sub(r"_[a-z]+$", "", Path(name).stem)
    half = hashlib.sha256(house.encode()).digest()[0] % 2 if name.startswith(ROOM_PREFIX) else 0
    return origin, is_held_out(name), half
