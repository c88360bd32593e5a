"""FER-2013 and the FER+ votes: images, labels, splits; loaded from any of three forms.

`load` reads the Kaggle table (`fer2013.csv`, with `fer2013new.csv` beside it for the votes), the folder of PNGs
(`train/<emotion>/`, `test/<emotion>/`) or one NPZ with `images`, `labels`, `usage` and, where known, `votes`.
"""

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import shown
from assistant.vision.faces.preprocess import CROP_SIDE
from convert.data.fer2013_folder import read_folder, split_folders
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, SPLITS, DatasetError
from convert.data.fer2013_table import VOTE_COLUMNS, read_votes
from convert.data.regular_file import UNREADABLE
from convert.data.table_cache import read_cached

log = logging.getLogger(__name__)

FILES = ("fer2013.npz", "fer2013.csv")
"""Names of the data set in a folder, the preferred one first."""
ARCHIVES = (".zip", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".tar")
"""Endings of the names of files that are to be unpacked first."""


@dataclass(frozen=True)
class Faces:
    """Labelled face pictures of one or more splits."""

    images: NDArray[np.uint8]
    """Uint8 [N, 48, 48], grey."""
    labels: NDArray[np.int64]
    """Int64 [N], index into LABELS."""
    split: NDArray[np.int64]
    """Int64 [N], index into SPLITS."""
    votes: NDArray[np.float32]
    """Float32 [N, 10], FER+ votes for FERPLUS_LABELS, "unknown" and "not a face"; all 0 for a picture without votes."""

    def __len__(self) -> int:
        return len(self.labels)

    def where(self, keep: NDArray[np.bool_]) -> "Faces":
        """The pictures at which the mask bool [N] is true."""
        return Faces(self.images[keep], self.labels[keep], self.split[keep], self.votes[keep])

    def of(self, split: str) -> "Faces":
        """The pictures of one split. Raises DatasetError where there are none."""
        faces = self.where(self.split == SPLITS.index(split))
        if not len(faces):
            raise DatasetError(f"the data set holds no {split} pictures")
        return faces


def load(path: Path) -> Faces:
    """Load FER-2013 from a CSV file, an NPZ file, its folder form, or a folder with `fer2013.npz` or `fer2013.csv`.

    Raises DatasetError where the path is none of these.
    """
    try:
        return _load(path)
    except DatasetError:
        raise
    except OSError as err:
        raise DatasetError(f"{shown(path)}: cannot be read: {err.strerror}") from err
    except UNREADABLE as err:
        reason = " ".join(f"{type(err).__name__}: {err}".split())
        raise DatasetError(f"{shown(path)}: not FER-2013 as NPZ or CSV ({reason})") from err


def _load(path: Path) -> Faces:
    if path.is_dir():
        for name in FILES:
            if (path / name).is_file():
                return load(path / name)
        if split_folders(path):
            table = read_folder(path)
            return _faces(table.images, table.labels, table.split, np.zeros((len(table.labels), VOTE_COLUMNS)))
        raise DatasetError(f"{shown(path)}: no fer2013.npz, fer2013.csv or train/ in this folder{_hint(path)}")
    if not path.is_file():
        raise DatasetError(f"{shown(path)}: no such file; give FER-2013 with --data, or set EMOTION_DATA to its folder")
    return _load_npz(path) if path.suffix == ".npz" else _load_csv(path)


def _hint(path: Path) -> str:
    """What to do with a folder that holds an archive, or in which the data set lies one folder deeper."""
    inside = sorted(path.iterdir())
    for each in inside:
        if each.name.lower().endswith(ARCHIVES):
            return f"; unpack {shown(each.name)}"
    for each in inside:
        if each.is_dir() and (
            split_folders(each) or any((each / f"fer2013.{kind}").is_file() for kind in ("csv", "npz"))
        ):
            return f"; give {shown(each)}"
    for each in inside:
        if each.name in FILES:  # a folder, a FIFO, a link to nothing
            return f"; {each.name} is not a regular file"
    names = ", ".join(shown(each.name) for each in inside[:3])
    return f"; found: {names or 'nothing'}{' and more' if len(inside) > 3 else ''}"


def _load_npz(path: Path) -> Faces:
    with np.load(path, allow_pickle=False) as data:
        images, labels, usage = data["images"], data["labels"], data["usage"]
        votes = data["votes"] if "votes" in data else np.zeros((len(labels), 10))
        missing = data["missing"] if "missing" in data else np.zeros(len(labels), bool)
    if labels.ndim == 2 and labels.shape[1] == len(LABELS) and ((labels != 0).sum(axis=1) == 1).all():
        labels = labels.argmax(axis=1)  # one-hot
    if labels.ndim != 1:
        raise ValueError(f"labels are {list(labels.shape)}, expected [N], or one-hot [N, {len(LABELS)}]")
    if images.dtype != np.uint8 or images.shape[1:] != (CROP_SIDE, CROP_SIDE):
        raise ValueError(
            f"images are {images.dtype} {list(images.shape)}, expected uint8 [N, {CROP_SIDE}, {CROP_SIDE}]"
        )
    if len({len(images), len(labels), len(usage), len(votes)}) != 1:
        raise ValueError("images, labels, usage and votes differ in length")
    if usage.ndim != 1 or missing.shape != usage.shape:
        raise ValueError(f"usage and missing are {list(usage.shape)} and {list(missing.shape)}, expected [N]")
    if votes.shape[1:] != (VOTE_COLUMNS,) or not (np.isfinite(votes) & (votes >= 0)).all():
        raise ValueError(f"votes are {votes.dtype} {list(votes.shape)}, expected [N, {VOTE_COLUMNS}], 0 or more each")
    return _faces(images, labels, usage, np.where(missing[:, np.newaxis], 0, votes))


def _load_csv(path: Path) -> Faces:
    table = read_cached(path)
    votes = np.zeros((len(table.labels), VOTE_COLUMNS), np.float32)
    votes_file = path.with_name("fer2013new.csv")
    if os.path.lexists(votes_file):
        if not votes_file.is_file():
            raise DatasetError(f"{shown(votes_file)}: not a regular file; put FER+'s table there, or remove it")
        votes = read_votes(votes_file, table.split)
    return _faces(table.images, table.labels, table.split, votes)


def _faces(images: NDArray[np.uint8], labels: NDArray[Any], usage: NDArray[Any], votes: NDArray[Any]) -> Faces:
    if len({len(images), len(labels), len(usage), len(votes)}) != 1:
        raise ValueError("images, labels, usage and votes differ in length")
    is_valid = len(labels) and all(
        np.isin(each, np.arange(len(of))).all() for each, of in ((labels, LABELS), (usage, SPLITS))
    )
    if not is_valid:
        found = ", ".join(f"{each.dtype} such as {str(each[:1])[:20]}" for each in (labels, usage))
        raise ValueError(f"labels must be 0 to {len(LABELS) - 1} and usages 0 to {len(SPLITS) - 1}; found {found}")
    return Faces(images, labels.astype(np.int64), usage.astype(np.int64), votes.astype(np.float32))


def vote_distribution(votes: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Target distribution float32 [N, 8] of the FER+ votes [N, 10], and whether a row has one (bool [N]).

    Single votes are dropped as outliers, as are "unknown" and "not a face"; the others are normalized to sum 1 (Barsoum
    et al. 2016, "probabilistic label drawing" data preparation). A row without such votes has a uniform target.
    """
    kept = np.where(votes > 1, votes, 0)[:, : len(FERPLUS_LABELS)]
    total = kept.sum(axis=1, keepdims=True)
    valid = total[:, 0] > 0
    shared = np.where(total > 0, kept / np.maximum(total, 1), 1 / len(FERPLUS_LABELS))
    return shared.astype(np.float32), valid


def ferplus_majority(votes: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The majority class, index into FERPLUS_LABELS int64 [N], and whether there is one (bool [N]).

    The FER+ test protocol: single votes are set to 0; a picture is counted if its top class is one of the eight and has
    more than half of the remaining votes.
    """
    kept = np.where(votes > 1, votes, 0)
    top = kept.argmax(axis=1)
    clear = (top < len(FERPLUS_LABELS)) & (kept.max(axis=1) > 0.5 * kept.sum(axis=1))
    return top.astype(np.int64), clear


def is_trainable(faces: Faces) -> NDArray[np.bool_]:
    """Whether a picture is used for training, bool [N]: it has votes, if any picture has, and is not uniformly grey."""
    has_votes = faces.votes.sum(axis=1) > 0
    flat = faces.images.reshape(len(faces), -1).std(axis=1) < 1
    fit: NDArray[np.bool_] = (has_votes | ~has_votes.any()) & ~flat
    return fit


def picture_id(image: NDArray[np.uint8]) -> int:
    """64-bit identifier of a picture uint8 [48, 48]: a hash of its pixels, independent of the order of the data set."""
    return int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:8], "big")


def is_twin(images: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each picture of `images` has an identical copy in `others`, bool [N]."""
    known = {other.tobytes() for other in others}
    return np.array([image.tobytes() in known for image in images], bool)
