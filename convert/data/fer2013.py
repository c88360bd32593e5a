"""Labelled faces with their splits: FER-2013 with the FER+ votes, muxspace, or pictures of one's own in class folders.

`load` reads the Kaggle table (`fer2013.csv` or `icml_face_data.csv`, with `fer2013new.csv` beside it for the votes),
one NPZ with `images`, `labels`, `usage` and, where known, `votes`, muxspace's legend, and any folder of class folders.
"""

import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import shown
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from assistant.vision.faces.preprocess import CROP_SIDE
from convert.data import class_folders, muxspace, picture_folder, pictures
from convert.data.class_folders import Listing
from convert.data.fer2013_labels import FERPLUS_LABELS, LABELS, SPLITS, DatasetError
from convert.data.fer2013_table import VOTE_COLUMNS, read_votes
from convert.data.file_names import FileNames
from convert.data.pictures import Pictures
from convert.data.regular_file import UNREADABLE
from convert.data.table_cache import read_cached

log = logging.getLogger(__name__)

FILES = ("fer2013.npz", "fer2013.csv", "icml_face_data.csv")
"""Names of the data set in a folder, the preferred one first."""
ARCHIVES = (".zip", ".gz", ".tgz", ".7z", ".rar", ".bz2", ".xz", ".tar")
"""Endings of the names of files that are to be unpacked first."""
FEW = 64
"""Pictures whose pixels are in memory as 64-bit numbers at once: 77 MB of the largest ones."""
Splits = Callable[[FileNames, NDArray[np.uint64]], NDArray[np.int64]]
"""Function from the names of files and the digests of their content, uint64 [N], to their splits, int64 [N]."""


@dataclass(frozen=True)
class Faces:
    """Labelled face pictures of one or more splits."""

    images: Pictures
    """Uint8 [N, 48, 48], grey, or crops of the format that was asked for: an array, or read by rows."""
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
        return Faces(pictures.where(self.images, keep), self.labels[keep], self.split[keep], self.votes[keep])

    def of(self, split: str) -> "Faces":
        """The pictures of one split. Raises DatasetError where there are none."""
        faces = self.where(self.split == SPLITS.index(split))
        if not len(faces):
            raise DatasetError(
                f"the data set holds no {split} pictures; of class folders give it more of each class, or folders "
                f"train, validation and test of your own"
            )
        return faces


@dataclass(frozen=True)
class Source:
    """What `load` has read, with the files that it came from."""

    faces: Faces
    """Without the pictures that cannot be read."""
    names: FileNames | None
    """The file of each picture of `rows`; None for tables."""
    rows: NDArray[np.int64]
    """The row in `names`, or in the table, of each face, int64 [N]."""
    unreadable: dict[str, str]
    """Why files cannot be read, by their name."""


def load(path: Path, input_format: InputFormat = OWN_FORMAT, *, skip_unreadable: bool = False) -> Faces:
    """Load faces from a CSV file, an NPZ file, muxspace's legend, class folders, or a folder with one of the files.

    input_format: its crops are what `images` holds. skip_unreadable: leave out picture files that cannot be read.
    Pictures of a large folder are read by rows: memory does not grow with them. Raises DatasetError where the path is
    none of these, or a picture cannot be read.
    """
    source = read(path, input_format)
    if source.unreadable:
        name, reason = next(iter(source.unreadable.items()))
        count, total = len(source.unreadable), len(source.unreadable) + len(source.rows)
        found = f"{shown(path)}: {count} of {total} pictures cannot be read: {shown(name)}: {reason}"
        more = f", and {count - 1} more" if count > 1 else ""
        if not skip_unreadable:
            raise DatasetError(f"{found}{more}; --skip-unreadable leaves them out")
        log.warning("%s%s; left out", found, more)
        if not len(source.rows):
            raise DatasetError(f"{shown(path)}: none of the {total} pictures can be read")
    _say_missing_classes(path, source.faces)
    return source.faces


def read(path: Path, input_format: InputFormat = OWN_FORMAT) -> Source:
    """As `load`, with the names of the files; those that cannot be read are left out and listed. Raises DatasetError
    where the path is no data set."""
    try:
        return _read(path, input_format)
    except DatasetError:
        raise
    except OSError as err:
        raise DatasetError(f"{shown(path)}: cannot be read: {err.strerror}") from err
    except UNREADABLE as err:
        reason = " ".join(f"{type(err).__name__}: {err}".split())
        raise DatasetError(f"{shown(path)}: not FER-2013 as NPZ or CSV ({reason})") from err


def _read(path: Path, input_format: InputFormat) -> Source:
    if path.is_dir():
        for name in FILES:
            if (path / name).is_file():
                return read(path / name, input_format)
        if muxspace.legend_of(path):
            return _of_files(muxspace.list_files(path), input_format, muxspace.splits)
        if class_folders.split_folders(path) or class_folders.has_class_folders(path):
            return _of_files(class_folders.list_files(path), input_format, None)
        raise DatasetError(
            f"{shown(path)}: no fer2013.npz, fer2013.csv, train/ or class folders in this folder{_hint(path)}"
        )
    if not path.is_file():
        raise DatasetError(f"{shown(path)}: no such file; give FER-2013 with --data, or set EMOTION_DATA to its folder")
    if path.name == muxspace.LEGEND:
        folder = path.parent.parent if path.parent.name == muxspace.LEGEND_FOLDER else path.parent
        return _of_files(muxspace.list_files(folder), input_format, muxspace.splits)
    faces = _load_npz(path, input_format) if path.suffix == ".npz" else _load_csv(path, input_format)
    return Source(faces, None, np.arange(len(faces)), {})


def _of_files(listing: Listing, input_format: InputFormat, splits: Splits | None) -> Source:
    """The faces of listed files. splits: decides the splits; None: those of the listing, completed."""
    images, facts = picture_folder.read(listing.names, input_format)
    is_read = np.ones(len(listing.labels), bool)
    is_read[list(facts.faults)] = False
    split = (
        splits(listing.names, facts.digests) if splits
        else class_folders.complete_splits(listing.names.folder, listing.split, facts.digests)
    )  # fmt: skip
    votes = np.zeros((len(split), VOTE_COLUMNS), np.float32)
    faces = Faces(images, listing.labels, split, votes)
    unreadable = {listing.names[row]: reason for row, reason in facts.faults.items()}
    return Source(faces if is_read.all() else faces.where(is_read), listing.names, np.flatnonzero(is_read), unreadable)


def _say_missing_classes(path: Path, faces: Faces) -> None:
    """Say which classes have no picture to learn from."""
    counts = np.bincount(faces.labels[faces.split == 0], minlength=len(LABELS))
    missing = [name for name, count in zip(LABELS, counts, strict=True) if not count]
    if missing and counts.any():
        log.warning("%s: no Training picture of %s: no model learns it here", shown(path), ", ".join(missing))


def _hint(path: Path) -> str:
    """What to do with a folder that holds an archive, or in which the data set lies one folder deeper."""
    inside = sorted(path.iterdir())
    for each in inside:
        if each.name.lower().endswith(ARCHIVES):
            return f"; unpack {shown(each.name)}"
    for each in inside:
        if each.is_dir() and (class_folders.split_folders(each) or class_folders.has_class_folders(each) or any(
            (each / name).is_file() for name in FILES
        )):  # fmt: skip
            return f"; give {shown(each)}"
    for each in inside:
        if each.name in FILES:  # a folder, a FIFO, a link to nothing
            return f"; {each.name} is not a regular file"
    names = ", ".join(shown(each.name) for each in inside[:3])
    return f"; found: {names or 'nothing'}{' and more' if len(inside) > 3 else ''}"


def _load_npz(path: Path, input_format: InputFormat) -> Faces:
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
    return _faces(images, labels, usage, np.where(missing[:, np.newaxis], 0, votes), input_format)


def _load_csv(path: Path, input_format: InputFormat) -> Faces:
    table = read_cached(path)
    votes = np.zeros((len(table.labels), VOTE_COLUMNS), np.float32)
    votes_file = path.with_name("fer2013new.csv")
    if os.path.lexists(votes_file):
        if not votes_file.is_file():
            raise DatasetError(f"{shown(votes_file)}: not a regular file; put FER+'s table there, or remove it")
        votes = read_votes(votes_file, table.split)
    return _faces(table.images, table.labels, table.split, votes, input_format)


def _faces(
    images: NDArray[np.uint8], labels: NDArray[Any], usage: NDArray[Any], votes: NDArray[Any], input_format: InputFormat
) -> Faces:
    if len({len(images), len(labels), len(usage), len(votes)}) != 1:
        raise ValueError("images, labels, usage and votes differ in length")
    is_valid = len(labels) and all(
        np.isin(each, np.arange(len(of))).all() for each, of in ((labels, LABELS), (usage, SPLITS))
    )
    if not is_valid:
        found = ", ".join(f"{each.dtype} such as {str(each[:1])[:20]}" for each in (labels, usage))
        raise ValueError(f"labels must be 0 to {len(LABELS) - 1} and usages 0 to {len(SPLITS) - 1}; found {found}")
    crops = pictures.fitted(images, input_format)
    return Faces(crops, labels.astype(np.int64), usage.astype(np.int64), votes.astype(np.float32))


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
    fit: NDArray[np.bool_] = (has_votes | ~has_votes.any()) & ~is_flat(faces.images)
    return fit


def is_flat(images: Pictures) -> NDArray[np.bool_]:
    """Whether each picture is black or one flat colour, bool [N]."""
    few = pictures.chunks(pictures.original(images), FEW)
    spreads = [chunk.reshape(len(chunk), -1).std(axis=1) for chunk in few]
    return np.concatenate([np.zeros(0), *spreads]) < 1


def picture_id(image: NDArray[np.uint8]) -> int:
    """64-bit identifier of a picture uint8 [48, 48]: a hash of its pixels, independent of the order of the data set."""
    return int.from_bytes(hashlib.sha256(image.tobytes()).digest()[:8], "big")


def picture_ids(images: Pictures) -> NDArray[np.uint64]:
    """The `picture_id` of each picture, uint64 [N]; of those in the data set, where they were fitted to a format."""
    return np.array([picture_id(image) for image in pictures.original(images)], np.uint64)


def is_twin(images: Pictures, others: Pictures) -> NDArray[np.bool_]:
    """Whether each picture of `images` has an identical copy in `others`, bool [N]."""
    return np.isin(picture_ids(images), picture_ids(others))
