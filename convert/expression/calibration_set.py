"""The calibration set of post-training quantization: the pictures from which the ranges of activations are measured.

It is a fixed, class-balanced list of FER-2013 Training pictures. `calibration_set.txt` identifies each picture by the
first 16 hex digits of the SHA-256 of its 48x48 pixel bytes, so that the same pictures are found in all three forms of
the data set (CSV, folder, NPZ), whatever their order.

Other data lack these pictures, and so does FER-2013 as JPEG files, whose pixels differ. For such data a list is drawn
before the training and kept in the run folder.
"""

import hashlib
import re
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.system.atomic_files import write_atomically
from convert.data import fer2013, regular_file
from convert.data.fer2013 import Faces
from convert.data.fer2013_labels import LABELS, DatasetError
from convert.data.pictures import Pictures
from convert.training.run_folder import Run

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
RUN_HEADER = f"""\
# Calibration pictures: up to {PER_CLASS} of each class of this run's Training without copies in other splits
# (seed {SEED}), drawn because the shipped list does not fit these data; read by `emotion-convert quantize`.
# SHA-256 of the 48x48 pixel bytes (first 16 hex digits), class.
"""
END = "# end"
"""Last line of a list; a list without it was cut off."""
PICTURE_DIGEST = re.compile(r"[0-9a-f]{16}")


def of_run(run: Run, faces: Faces) -> list[tuple[str, str]]:
    """The list of a run: the one kept in its folder, else the shipped one if all its pictures are in the data, else one
    drawn from the data. Raises DatasetError where the kept one cannot be read, or no picture can be drawn."""
    if run.calibration_list.is_file():
        try:
            return read(run.calibration_list)
        except DatasetError as err:
            raise DatasetError(f"{err}; remove it, and it is drawn again") from err
    shipped = read(LIST)
    if not missing(faces, shipped):
        return shipped
    chosen = draw(faces)
    if not chosen:
        raise DatasetError(
            "no Training picture is fit to calibrate a quantized model: each is flat, has two labels or a copy in the "
            "test splits"
        )
    return chosen


def keep(run: Run, chosen: list[tuple[str, str]], faces: Faces) -> None:
    """Write a list of `of_run` into the folder of the run, unless it is the shipped one or there already, and say so.
    Raises DatasetError where it cannot be written."""
    shipped = read(LIST)
    if chosen == shipped or run.calibration_list.is_file():
        return
    write(chosen, run.calibration_list, RUN_HEADER)
    counts = Counter(name for _, name in chosen)
    few = ", ".join(f"{name} ({counts[name]})" for name in LABELS if counts[name] < PER_CLASS)
    print(
        f"{run.calibration_list}: {len(chosen)} pictures of this data set, drawn with seed {SEED}, to calibrate "
        f"`quantize` with; the shipped list does not fit: {missing(faces, shipped)} of its {len(shipped)} pictures are "
        f"missing here{few and f'; fewer than {PER_CLASS} of {few}'}",
        flush=True,
    )


def choose(faces: Faces, per_class: int = PER_CLASS, seed: int = SEED) -> list[tuple[str, str]]:
    """Choose the pictures of a list with exactly `per_class` of each class, as `draw`. Raises DatasetError where a
    class has too few candidates."""
    chosen = draw(faces, per_class, seed)
    counts = Counter(name for _, name in chosen)
    for name in LABELS:
        if counts[name] < per_class:
            raise DatasetError(
                f"only {counts[name]} Training pictures of {name!r} are fit to calibrate; {per_class} needed"
            )
    return chosen


def draw(faces: Faces, per_class: int = PER_CLASS, seed: int = SEED) -> list[tuple[str, str]]:
    """Choose the pictures of a list: (digest, class) of each, sorted by class and digest, up to `per_class` of a class.

    Candidates are trainable pictures without a copy in another split or under another label. Of each class those with
    the smallest hash (with the seed) are chosen, so that the order of the rows does not matter and one picture more or
    less in the data set changes one line of the list.
    """
    training, others = faces.of("Training"), faces.where(faces.split != 0)
    fit = training.where(fer2013.is_trainable(training) & ~fer2013.is_twin(training.images, others.images))
    classes: dict[str, set[str]] = {}
    for picture, label in zip(_digests(fit.images), fit.labels, strict=True):
        classes.setdefault(picture, set()).add(LABELS[label])
    chosen = []
    for name in LABELS:
        known = [picture for picture, labels in classes.items() if labels == {name}]
        known.sort(key=lambda picture: hashlib.sha256(f"{seed} {picture}".encode()).digest())
        chosen += [(picture, name) for picture in sorted(known[:per_class])]
    return chosen


def write(chosen: list[tuple[str, str]], path: Path, header: str = HEADER) -> None:
    """Write a list to a text file, all or nothing. Raises DatasetError where that cannot be written."""
    text = header + "".join(f"{picture} {name}\n" for picture, name in chosen) + f"{END}\n"
    try:
        write_atomically({path: text.encode()})
    except OSError as err:
        raise DatasetError(f"{path}: cannot be written: {err.strerror}") from err


def read(path: Path = LIST) -> list[tuple[str, str]]:
    """(digest, class) of each line of a list file. Raises DatasetError where it is missing or malformed."""
    try:
        lines = regular_file.read_text(path).splitlines()
    except (OSError, ValueError) as err:
        raise DatasetError(f"{path}: not a list of calibration pictures: {err}") from err
    rows = []
    for number, line in enumerate(lines, 1):
        if line[:1] in ("", "#"):
            continue
        picture, _, name = line.strip().partition(" ")
        if not PICTURE_DIGEST.fullmatch(picture) or name not in LABELS:
            wanted = f"16 hex digits and one of {', '.join(LABELS)}"
            raise DatasetError(
                f"{path}: line {number}: not a list of calibration pictures: {line[:40]!r}; wanted {wanted}"
            )
        rows.append((picture, name))
    if not rows or lines[-1] != END:
        raise DatasetError(f"{path}: not a whole list of calibration pictures: its last line is not {END!r}")
    return rows


def missing(faces: Faces, chosen: list[tuple[str, str]]) -> int:
    """How many of the listed pictures are not among the Training pictures."""
    known = set(_digests(faces.of("Training").images))
    return sum(picture not in known for picture, _ in chosen)


def find(faces: Faces, chosen: list[tuple[str, str]]) -> NDArray[np.uint8]:
    """The listed pictures uint8 [M, 48, 48], or crops of the format that `faces` has, in the order of the list. Raises
    DatasetError unless all are there."""
    images = faces.of("Training").images
    known = {name: row for row, name in enumerate(_digests(images))}
    found = [known[picture] for picture, _ in chosen if picture in known]
    if len(found) < len(chosen):
        raise DatasetError(
            f"only {len(found)} of {len(chosen)} calibration pictures are in this data set (recompressed or resized "
            "copies do not count); give --data as it was trained with, or a list of your own with --calibration-set "
            "(quantize --make-calibration-set FILE makes one)"
        )
    return np.asarray(images[np.array(found)], np.uint8)


def _digests(images: Pictures) -> list[str]:
    """What identifies each picture in a list, whatever format it was fitted to."""
    return [f"{known:016x}" for known in fer2013.picture_ids(images)]
