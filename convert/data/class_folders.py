"""Pictures in class folders: `happy/…`, or `train/happy/…`, `validation/happy/…` and `test/happy/…`; errors name the
file or folder."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import shown
from assistant.vision.cameras.picture_file import SUFFIXES, is_picture
from convert.data.class_names import class_of, hint, is_unlearned
from convert.data.fer2013_labels import LABELS, SPLITS, DatasetError
from convert.data.file_names import FileNames

log = logging.getLogger(__name__)

TRAINING, PUBLIC, PRIVATE = range(len(SPLITS))
SPLIT_FOLDERS = {
    "train": TRAINING, "training": TRAINING,
    "validation": PUBLIC, "valid": PUBLIC, "val": PUBLIC, "dev": PUBLIC, "publictest": PUBLIC,
    "test": PRIVATE, "testing": PRIVATE, "privatetest": PRIVATE,
}  # fmt: skip
"""Names of the folders of the splits, in lower case; their case does not matter."""
PUBLIC_PREFIX = "PublicTest"
"""So begin the names of the files in Kaggle's `test/` that belong to PublicTest."""
TENTH = 0.1
"""Share of Training that is taken for a split without pictures: FER-2013's splits are 80, 10 and 10 %."""


@dataclass(frozen=True)
class Listing:
    """Picture files with their classes and splits; none has been opened."""

    names: FileNames
    labels: NDArray[np.int64]
    """[N], index into LABELS."""
    split: NDArray[np.int64]
    """[N], index into SPLITS."""


def split_folders(path: Path) -> list[Path]:
    """The folders of the splits in a folder, by name; empty where there is none of Training."""
    found = sorted(folder for folder in path.iterdir() if folder.is_dir() and folder.name.lower() in SPLIT_FOLDERS)
    return found if any(_split_of(folder) == TRAINING for folder in found) else []


def has_class_folders(path: Path) -> bool:
    """Whether a folder holds a class folder, or one with pictures whose name is nearly that of a class."""
    return any(class_of(folder.name) is not None or (hint(folder.name) and _holds_pictures(folder))
               for folder in _folders(path))  # fmt: skip


def list_files(path: Path) -> Listing:
    """The pictures in the class folders of a folder, or of its `train/`, `validation/` and `test/`.

    In `test/` files called PublicTest_… are PublicTest, all others PrivateTest. Raises DatasetError; OSError where a
    folder cannot be read.
    """
    splits = split_folders(path)
    files = _Files(path)
    if splits:
        for other in sorted(set(_folders(path)) - set(splits)):
            log.warning("%s: this folder is not used; pictures are read from %s", shown(other),
                        " and ".join(shown(folder.name) for folder in splits))  # fmt: skip
        for folder in splits:
            files.add_split(folder, _split_of(folder))
    else:
        files.add_classes(path)
    listing = files.listing()
    first = shown(files.left_out[0]) if files.left_out else ""
    if not len(listing.labels):
        count = len(files.left_out)
        found = f"{count} other files, such as {first}" if count else "nothing"
        wanted = "train/<emotion>/" if splits else "<emotion>/"
        kinds = ", ".join(sorted(SUFFIXES))
        raise DatasetError(f"{shown(path)}: no pictures; found: {found}; wanted {wanted} with files of {kinds}")
    if files.left_out:
        log.warning(
            "%s: %d files that are no pictures are left out, such as %s", shown(path), len(files.left_out), first
        )
    for name, count in sorted(files.unlearned.items()):
        log.warning("%s: %d pictures are left out: FER-2013's classes have no %s", shown(path), count, shown(name))
    return listing


def complete_splits(path: Path, split: NDArray[np.int64], digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The splits int64 [N], index into SPLITS, where a tenth of Training has been taken for each test split without
    pictures; which tenth is decided by the hash of each file, so that it is the same each time, whatever is added. No
    split stays empty while Training has two different pictures.

    digests: of the content of the files, uint64 [N]. Says what it did.
    """
    share, made = digests / 2.0**64, split.copy()
    missing = [part for part in (PUBLIC, PRIVATE) if not (split == part).any()]
    for place, part in enumerate(missing):
        made[(split == TRAINING) & (share >= 1 - TENTH * (place + 1)) & (share < 1 - TENTH * place)] = part
    for part in missing:
        rest = np.flatnonzero(made == TRAINING)
        if not (made == part).any() and len(np.unique(digests[rest])) > 1:  # no hash of a small set fell into the tenth
            made[rest[digests[rest] == digests[rest].max()]] = part
    if missing:
        counts = ", ".join(f"{(made == part).sum()} {name}" for part, name in enumerate(SPLITS))
        names = " and ".join(SPLITS[part] for part in missing)
        log.warning("%s: no pictures for %s; a tenth is taken for each, by the hash of the files: %s",
                    shown(path), names, counts)  # fmt: skip
    return made


class _Files:
    """Collects the files of class folders in the order of their names."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.left_out: list[str] = []
        """Names of files that are no pictures, relative to the root."""
        self.unlearned: Counter[str] = Counter()
        self._parts: list[tuple[str, list[str], int, NDArray[np.int64]]] = []

    def add_split(self, folder: Path, split: int) -> None:
        """The class folders in the folder of a split. Raises DatasetError for any other with a visible name."""
        for each in sorted(folder.iterdir()):
            if each.is_dir():
                if not each.name.startswith("."):
                    self._add_class(each, split)
            elif each.is_file():
                if is_picture(each):
                    raise DatasetError(
                        f"{shown(each)}: lies in no folder of an emotion; wanted {shown(folder.name)}/<emotion>/"
                    )
                self._leave_out(each)

    def add_classes(self, folder: Path) -> None:
        """The class folders in the root. Raises DatasetError for a folder of pictures with another name."""
        for each in sorted(folder.iterdir()):
            if each.is_dir() and not each.name.startswith("."):
                if class_of(each.name) is None and not is_unlearned(each.name) and not _holds_pictures(each):
                    log.warning("%s: this folder is not used; it holds no pictures", shown(each))
                else:
                    self._add_class(each, TRAINING)
            elif each.is_file():
                self._leave_out(each)

    def _add_class(self, folder: Path, split: int) -> None:
        label = class_of(folder.name)
        if label is None and not is_unlearned(folder.name):
            raise DatasetError(
                f"{shown(folder)}: expected one folder for each of {', '.join(LABELS)}{hint(folder.name)}"
            )
        names = []
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - Path objects of a large folder fill the memory
            if is_picture(Path(name)):
                names.append(name)
            else:
                self._leave_out(folder / name)
        if label is None:
            self.unlearned[folder.name] += len(names)
            return
        is_public = np.array([split == PRIVATE and name.startswith(PUBLIC_PREFIX) for name in names], bool)
        self._parts.append((f"{folder.relative_to(self.root)}", names, label, np.where(is_public, PUBLIC, split)))

    def _leave_out(self, file: Path) -> None:
        self.left_out.append(str(file.relative_to(self.root)))

    def listing(self) -> Listing:
        """What has been collected."""

        def names() -> Iterator[str]:
            for folder, files, _, _ in self._parts:
                yield from (f"{folder}/{name}" for name in files)

        labels = [np.full(len(files), label, np.int64) for _, files, label, _ in self._parts]
        splits = [split for *_, split in self._parts]
        none = np.zeros(0, np.int64)
        return Listing(
            FileNames.of(self.root, names()), np.concatenate([none, *labels]), np.concatenate([none, *splits])
        )


def _split_of(folder: Path) -> int:
    return SPLIT_FOLDERS[folder.name.lower()]


def _folders(path: Path) -> list[Path]:
    return [each for each in sorted(path.iterdir()) if each.is_dir() and not each.name.startswith(".")]


def _holds_pictures(folder: Path) -> bool:
    return any(is_picture(each) for each in folder.iterdir())
