"""The calibration set of post-training quantization: the pictures from which the ranges of activations are measured.

It is a fixed, class-balanced list of FER-2013 Training pictures. `calibration_set.txt` identifies each picture by the
first 16 hex digits of the SHA-256 of its 48x48 pixel bytes, so that the same pictures are found in all three forms of
the data set (CSV, folder, NPZ), whatever their order.
"""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from convert.data import fer2013
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import LABELS, DatasetError

LIST = Path(__file__).with_name("calibration_set.txt")
"""The shipped list."""
PER_CLASS = 50
"""Pictures of each class."""
SEED = 1
"""Seed of the hash by which pictures are chosen."""

HEADER = f"""\
# Calibration pictures: {PER_CLASS} of each class of FER-2013 Training without copies in other splits (seed {SEED}).
# SHA-256 of the 48x48 pixel bytes (first 16 hex digits), class.
# Made by `emotion-convert quantize --make-calibration-set`.
"""


def digest(image: NDArray[np.uint8]) -> str:
    """16 hex digits that identify a picture uint8 [48, 48]."""
    return f"{fer2013.picture_id(image):016x}"


def choose(faces: Faces, per_class: int = PER_CLASS, seed: int = SEED) -> list[tuple[str, str]]:
    """Choose the pictures of a list: (digest, class) of each, sorted by class and digest.

    Candidates are trainable pictures without a copy in another split or under another label. Of each class those with
    the smallest hash (with the seed) are chosen, so that the order of the rows does not matter and one picture more or
    less in the data set changes one line of the list. Raises DatasetError where a class has too few candidates.
    """
    training, others = faces.of("Training"), faces.where(faces.split != 0)
    fit = training.where(fer2013.is_trainable(training) & ~fer2013.is_twin(training.images, others.images))
    classes: dict[str, set[str]] = {}
    for image, label in zip(fit.images, fit.labels, strict=True):
        classes.setdefault(digest(image), set()).add(LABELS[label])
    chosen = []
    for name in LABELS:
        known = [picture for picture, labels in classes.items() if labels == {name}]
        if len(known) < per_class:
            raise DatasetError(
                f"only {len(known)} Training pictures of {name!r} are fit to calibrate; {per_class} needed"
            )
        known.sort(key=lambda picture: hashlib.sha256(f"{seed} {picture}".encode()).digest())
        chosen += [(picture, name) for picture in sorted(known[:per_class])]
    return chosen


def write(chosen: list[tuple[str, str]], path: Path) -> None:
    """Write a list to a text file."""
    path.write_text(HEADER + "".join(f"{picture} {name}\n" for picture, name in chosen), "utf-8")


def read(path: Path = LIST) -> list[tuple[str, str]]:
    """(digest, class) of each line of a list file. Raises DatasetError where it is missing or malformed."""
    try:
        rows = [tuple(line.split()) for line in path.read_text("utf-8").splitlines() if line[:1] not in ("", "#")]
        return [(picture, name) for picture, name in rows]
    except (OSError, ValueError) as err:
        raise DatasetError(f"{path}: not a list of calibration pictures: {err}") from err


def find(faces: Faces, chosen: list[tuple[str, str]]) -> NDArray[np.uint8]:
    """The listed pictures uint8 [M, 48, 48], in the order of the list. Raises DatasetError unless all are there."""
    training = faces.of("Training")
    known = {digest(image): image for image in training.images}
    found = [known[picture] for picture, _ in chosen if picture in known]
    if not found or len(found) < len(chosen):
        raise DatasetError(
            f"only {len(found)} of {len(chosen)} calibration pictures are in this data set; "
            "it is not the original FER-2013 (recompressed or resized copies do not count)"
        )
    return np.stack(found)
