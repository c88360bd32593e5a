"""FER-2013 as folders of pictures, `train/<emotion>/` and `test/<emotion>/`; errors name the file or folder."""

import difflib
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.errors import shown
from assistant.vision.cameras.picture_file import SUFFIXES, is_picture
from assistant.vision.faces.preprocess import CROP_SIDE, to_grey
from convert.data import picture_files
from convert.data.fer2013_labels import CLASS_NAMES, LABELS, DatasetError
from convert.data.fer2013_table import Table
from convert.progress import track

log = logging.getLogger(__name__)

FOLDERS = ("train", "test")
"""Names of the folders of the splits, in lower case; their case does not matter."""


def split_folders(path: Path) -> list[Path]:
    """The folders of the splits in a folder, by name; empty where there is no `train`."""
    found = sorted(folder for folder in path.iterdir() if folder.is_dir() and folder.name.lower() in FOLDERS)
    return found if any(folder.name.lower() == "train" for folder in found) else []


def read_folder(path: Path) -> Table:
    """The pictures in `train/` and `test/`. `test/` is both test splits: files called PublicTest_… are PublicTest, all
    others PrivateTest. Raises DatasetError; OSError where a folder cannot be read."""
    splits, images, labels, split = split_folders(path), [], [], []
    for other in sorted(folder for folder in path.iterdir() if folder.is_dir() and folder not in splits):
        log.warning("%s: this folder is not used; pictures are read from %s", shown(other), " and ".join(FOLDERS))
    files = [file for folder in splits for file in _files(folder)]
    pictures = [file for file in files if is_picture(file)]
    for file in track(pictures, path.name, "pictures"):
        image = picture_files.colour(file)
        if image.shape[:2] != (CROP_SIDE, CROP_SIDE):
            height, width = image.shape[:2]
            raise DatasetError(
                f"{shown(file)}: {width}x{height} pixels, not a picture of {CROP_SIDE}x{CROP_SIDE} pixels"
            )
        images.append(to_grey(image))
        labels.append(_label(file.parent))
        training = file.parent.parent.name.lower() == "train"
        split.append(0 if training else 1 if file.name.startswith("PublicTest") else 2)
    left_out = [file for file in files if not is_picture(file)]
    first = shown(left_out[0].relative_to(path)) if left_out else ""
    if not images:
        found = f"{len(left_out)} other files, such as {first}" if left_out else "nothing"
        kinds = ", ".join(sorted(SUFFIXES))
        raise DatasetError(f"{shown(path)}: no pictures; found: {found}; wanted train/<emotion>/ with files of {kinds}")
    if left_out:
        first = shown(left_out[0].relative_to(path))
        log.warning("%s: %d files that are no pictures are left out, such as %s", shown(path), len(left_out), first)
    return Table(np.stack(images), np.array(labels, np.int64), np.array(split, np.int64))


def _files(split: Path) -> Iterator[Path]:
    """The files in the class folders of a split, and those beside these folders. Hidden folders, such as those of
    Jupyter and macOS, are left out. Raises DatasetError."""
    for each in sorted(split.iterdir()):
        if each.name.startswith(".") and each.is_dir():
            continue
        if each.is_dir():
            _label(each)
            yield from sorted(each.iterdir())
        elif each.is_file():
            if is_picture(each):
                raise DatasetError(f"{shown(each)}: lies in no folder of an emotion; wanted {split.name}/<emotion>/")
            yield each


def _label(folder: Path) -> int:
    """The class of a folder. Raises DatasetError."""
    name = folder.name.lower()
    if name in CLASS_NAMES:
        return CLASS_NAMES[name]
    near = difflib.get_close_matches(name, CLASS_NAMES, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    if name.isdecimal():
        hint = "; numbers stand for other expressions in other data sets: rename them"
    raise DatasetError(f"{shown(folder)}: expected one folder for each of {', '.join(LABELS)}{hint}")
