"""Soft labels: the probabilities that teachers predict for the training pictures, in one compressed file.

It has, for each picture (identified by the first 64 bits of the SHA-256 of its pixels) and each of its fixed views, the
probabilities of both heads, averaged over the teachers. A student can be distilled from this file and FER-2013, without
the teachers.

The views are deterministic: view 0 is the picture, view 1 its mirror image; the others are rotated, zoomed, shifted and
half of them mirrored, by numbers derived from a hash of the picture. So the file contains no pictures, and the order of
the data set does not matter.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.system.atomic_files import write_atomically
from convert.data import regular_file
from convert.data.fer2013 import picture_ids
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, DatasetError
from convert.data.pictures import Pictures

LEVELS = 48
"""A probability p is stored as round(LEVELS * sqrt(p)): finely where it is small, to 0.02 where it is large."""
CLASSES = len(LABELS) + len(FERPLUS_LABELS)
"""Probabilities of a view: those of the fer2013 head, then those of the ferplus head."""
MAX_VIEWS = 256
"""Largest number of views of a picture: the number of a view is one byte of the hash input."""
ROTATION_DEG, ZOOM, SHIFT = 15.0, 0.15, 0.08
"""Largest rotation in degrees, zoom and shift (shares of the side) of a view, in either direction."""


def fixed_view(image: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """View `number` of a square picture uint8 [S, S] or [S, S, 3]; pixels from outside repeat the edge."""
    if number < 2:
        return image[:, ::-1] if number else image
    digest = hashlib.sha256(image.tobytes() + bytes([number])).digest()
    turn, zoom, right, down, mirror = np.frombuffer(digest[:20], "<u4") / 2**31 - 1
    side = image.shape[0]
    move = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), turn * ROTATION_DEG, 1 + zoom * ZOOM)
    move[:, 2] += right * SHIFT * side, down * SHIFT * side
    if mirror < 0:
        image = np.ascontiguousarray(image[:, ::-1])
    made = cv2.warpAffine(image, move, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(made, np.uint8)


@dataclass(frozen=True)
class SoftLabels:
    """Soft labels of M pictures."""

    pictures: NDArray[np.uint64]
    """Uint64 [M], in ascending order: `fer2013.picture_id` of each picture."""
    codes: NDArray[np.uint8]
    """Uint8 [M, views, 15]: the probabilities, encoded as described at LEVELS; seven of the fer2013 head, then eight of
    the ferplus head."""
    about: dict[str, Any]
    """Number of views ("views") and a description of each teacher ("teachers")."""

    @property
    def views(self) -> int:
        """Views of each picture."""
        return int(self.codes.shape[1])

    def of(self, images: Pictures) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Probabilities float32 [N, views, 15] of pictures uint8 [N, 48, 48], each head summing to 1.

        Also returns bool [N], whether a picture has soft labels; if not, its probabilities are uniform.
        """
        wanted = picture_ids(images)
        rows = np.minimum(np.searchsorted(self.pictures, wanted), len(self.pictures) - 1)
        known = self.pictures[rows] == wanted
        shares = np.where(known[:, np.newaxis, np.newaxis], np.square(self.codes[rows] / np.float32(LEVELS)), 1.0)
        parts = np.split(shares, [len(LABELS)], axis=2)
        return np.concatenate(
            [part / part.sum(axis=2, keepdims=True) for part in parts], axis=2, dtype=np.float32
        ), known


def pack(images: Pictures, probabilities: NDArray[np.float32], about: dict[str, Any]) -> SoftLabels:
    """Soft labels of pictures uint8 [N, 48, 48], probabilities float32 [N, views, 15]; duplicates are stored once."""
    names, rows = np.unique(picture_ids(images), return_index=True)
    codes = np.rint(LEVELS * np.sqrt(probabilities[rows])).astype(np.uint8)
    return SoftLabels(names, codes, about)


def write(labels: SoftLabels, path: Path) -> None:
    """Write soft labels to an .npz file."""
    # classes as the first axis: the file is two thirds as large as with pictures first, since neighbours are similar
    codes = np.ascontiguousarray(labels.codes.transpose(2, 1, 0))
    content = io.BytesIO()
    np.savez_compressed(content, pictures=labels.pictures, codes=codes, about=json.dumps(labels.about))
    write_atomically({path: content.getvalue()})


def read(path: Path) -> SoftLabels:
    """The soft labels in a file. Raises DatasetError where it is missing or not such a file."""
    try:
        with np.load(io.BytesIO(regular_file.read_bytes(path)), allow_pickle=False) as held:
            pictures, codes, about = held["pictures"], held["codes"].transpose(2, 1, 0), json.loads(str(held["about"]))
        if not isinstance(about, dict) or not isinstance(about.get("teachers"), list):
            raise ValueError("names no teachers, no soft labels")
    except regular_file.UNREADABLE as err:
        raise DatasetError(f"{path}: not a file of soft labels ({type(err).__name__}: {err})") from err
    if (
        pictures.ndim != 1
        or pictures.dtype != np.uint64
        or codes.dtype != np.uint8
        or codes.shape != (len(pictures), codes.shape[1], CLASSES)
    ):
        raise DatasetError(f"{path}: holds {pictures.dtype} {codes.dtype} {list(codes.shape)}, no soft labels")
    return SoftLabels(pictures, np.ascontiguousarray(codes), about)
