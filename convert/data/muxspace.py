"""muxspace: labelled face pictures from the web (`data/legend.csv`), and which people in them no model learns from."""

import csv
import hashlib
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import shown
from convert.data import class_names, picture_files
from convert.data.class_folders import PRIVATE, PUBLIC, TENTH, TRAINING, Listing
from convert.data.fer2013_labels import DatasetError
from convert.data.file_names import FileNames

log = logging.getLogger(__name__)

EXPRESSIONS = {
    "anger": "angry",
    "contempt": "contempt",
    "disgust": "disgust",
    "fear": "fear",
    "happiness": "happy",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprise",
}
"""Labels of the legend, in lower case, to expressions of this project."""


@dataclass(frozen=True)
class Picture:
    """A picture of one face with a small margin."""

    name: str
    """Name of its file."""
    grey: NDArray[np.uint8]
    """Uint8 [H, W]."""
    expression: str
    """One of the values of EXPRESSIONS."""


LEGEND_FOLDER, LEGEND = "data", "legend.csv"
"""Where the legend lies in muxspace's folder, and its name; the pictures lie in `images/`."""
STILL_LIST = Path(__file__).with_name("scene_faces.txt")
"""List of the stills of near faces in the scenes, one per line: the first 16 digits of the file's SHA-256, the
expression, and five landmarks (x and y, pixels)."""
HALVES = ("tuning", "report")
"""The half for tuning, and the half for published figures alone; no person is in both."""


def person_of(name: str) -> str:
    """The person in a picture: its file name up to the number."""
    return re.sub(r"[-_ ]*\d+[^/]*$", "", name)


def person_hash(name: str) -> float:
    """A hash of the person in a picture, uniform in [0, 1). name: the picture's file name."""
    return int.from_bytes(hashlib.sha256(person_of(name).encode()).digest()[:6], "big") / 2**48


def half_of(name: str) -> str:
    """The one of HALVES to which a picture belongs. name: its file name."""
    return HALVES[int(person_hash(name) * 997 % 1 * 2)]


def legend_of(folder: Path) -> Path | None:
    """The legend of muxspace's folder; None where there is none."""
    known = (folder / LEGEND_FOLDER / LEGEND, folder / LEGEND)
    return next((file for file in known if file.is_file()), None)


def list_files(folder: Path) -> Listing:
    """The pictures that the legend names; one with two labels is left out. `splits` decides their splits.

    Raises DatasetError, which names the line, for a label that nobody knows.
    """
    legend = legend_of(folder) or folder / LEGEND_FOLDER / LEGEND
    labels: dict[str, int] = {}
    twofold, unlearned = set(), 0
    for line, name, emotion in _rows(legend):
        label = class_names.class_of(emotion)
        if label is None and class_names.is_unlearned(emotion):
            unlearned += 1
        elif label is None:
            hint = class_names.hint(emotion)
            raise DatasetError(f"{legend}: line {line}, emotion: {shown(emotion[:20])!r} is no expression{hint}")
        elif labels.setdefault(name, label) != label:
            twofold.add(name)
    for count, what in ((unlearned, "FER-2013's classes have no contempt"), (len(twofold), "each has two labels")):
        if count:
            log.warning("%s: %d pictures are left out: %s", shown(legend), count, what)
    names = [name for name in labels if name not in twofold]
    if not names:
        raise DatasetError(f"{legend}: names no picture")
    chosen = np.array([labels[name] for name in names], np.int64)
    return Listing(FileNames.of(folder, (f"images/{name}" for name in names)), chosen, np.zeros_like(chosen))


def splits(names: FileNames, digests: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The splits int64 [N], index into SPLITS, of muxspace's pictures: no person is in two of them.

    PrivateTest: the people of the scenes, and of the half for published figures: no model may learn from them.
    PublicTest: a tenth of the others. digests: of the content of the files, uint64 [N].
    """
    stills = {int(name, 16) for name, _, _ in scene_stills()}
    people = [person_of(Path(names[row]).name) for row in range(len(names))]
    held_out = {
        person
        for row, (person, digest) in enumerate(zip(people, digests.tolist(), strict=True))
        if digest in stills or half_of(Path(names[row]).name) != HALVES[0]
    }
    # A picture that lies there under two names makes one person of both.
    pictures = {
        digest for person, digest in zip(people, digests.tolist(), strict=True) if person in held_out and digest
    }
    held_out |= {person for person, digest in zip(people, digests.tolist(), strict=True) if digest in pictures}

    def split_of(row: int) -> int:
        if people[row] in held_out:
            return PRIVATE
        return PUBLIC if person_hash(Path(names[row]).name) < TENTH else TRAINING

    return np.array([split_of(row) for row in range(len(names))], np.int64)


def scene_stills() -> list[tuple[str, str, NDArray[np.float64]]]:
    """Of each still in STILL_LIST: 16 digits of its SHA-256, its expression, and its landmarks [5, 2]."""
    listed = []
    for line in STILL_LIST.read_text("ascii").splitlines():
        name, expression, *numbers = line.split()
        listed.append((name, expression, np.array(numbers, np.float64).reshape(5, 2)))
    return listed


def _rows(legend: Path) -> Iterator[tuple[int, str, str]]:
    """(line number, name of the picture, emotion) of each row. Raises DatasetError."""
    try:
        with open(legend, newline="", encoding="utf-8-sig") as table:
            for line, row in enumerate(csv.DictReader(table), 2):
                if any(row.values()):
                    yield line, row["image"].strip(), row["emotion"].strip()
    except (OSError, KeyError, AttributeError, TypeError, UnicodeDecodeError, csv.Error) as err:
        raise DatasetError(f"{legend}: not muxspace's legend, with the columns image and emotion: {err}") from err


def load(folder: Path, expressions: Sequence[str], limit: int, *, half: str = "") -> list[Picture]:
    """Up to `limit` pictures of each of the expressions, evenly spaced in the legend.

    half: only pictures of this one of HALVES; "" for all. Raises DatasetError.
    """
    legend = folder / LEGEND_FOLDER / LEGEND
    names: dict[str, list[str]] = {expression: [] for expression in expressions}
    for _, name, emotion in _rows(legend):
        expression = EXPRESSIONS.get(emotion.lower(), "")
        if expression in names and (not half or half_of(name) == half):
            names[expression].append(name)
    made = []
    for expression, known in names.items():
        if not known:
            raise DatasetError(f"{legend}: names no picture of {expression}")
        chosen = np.linspace(0, len(known) - 1, min(limit, len(known))).round().astype(int)
        files = [folder / "images" / known[index] for index in chosen]
        made += [Picture(file.name, picture_files.grey(file), expression) for file in files]
    return made
