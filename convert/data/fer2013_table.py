"""Reads FER-2013 as a table (`fer2013.csv`) and the FER+ votes beside it (`fer2013new.csv`); errors name file, line and
column.

Accepted variants: Kaggle's `fer2013.csv` and `icml_face_data.csv` (spaces in the column names), a byte-order mark,
semicolons or tabs between the columns, class names instead of numbers, blank lines.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import printable
from assistant.system.progress import track
from convert.data.class_names import class_of
from convert.data.fer2013_labels import LABELS, SPLITS, DatasetError

SIDE = 48
"""Width and height of a picture, in pixels."""
SPLIT_NAMES = {name.lower(): index for index, name in enumerate(SPLITS)}
"""Names of the splits in lower case, as indices into SPLITS."""
KINDS = {
    b"\x1f\x8b": "a gzip archive; unpack it first",
    b"PK\x03\x04": "a ZIP archive; unpack it first",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
    b"\x93NUMPY": "a single array; wanted an .npz file or a table",
}
"""First bytes of files that users name in place of a table, and what such a file is and what to do."""
COLUMNS = ("emotion", "pixels", "usage")
"""Required columns of fer2013.csv, in lower case."""
VOTE_NAMES = (
    *("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt"),
    *("unknown", "nf"),  # nf: not a face
)
"""Names of the vote columns of fer2013new.csv, in lower case: FER+'s classes in the order of FERPLUS_LABELS."""
VOTE_COLUMNS = len(VOTE_NAMES)
MAX_VOTES = 1000
"""A number of votes is lower; FER+ asked ten people about each picture."""
MAX_DIGITS = 9
"""Longer whole numbers are wrong; Python refuses to convert those of more than 4300 digits."""
IMAGE_NAME = re.compile(r"fer(\d{1,9})\.png")
"""FER+'s name of a picture, which contains the number of its row in fer2013.csv, from 0."""


@dataclass(frozen=True)
class Table:
    """The rows of fer2013.csv, in order."""

    images: NDArray[np.uint8]
    """[N, 48, 48], grey."""
    labels: NDArray[np.int64]
    """[N], index into LABELS."""
    split: NDArray[np.int64]
    """[N], index into SPLITS."""


def read_table(file: Path) -> Table:
    """The pictures, labels and splits of `fer2013.csv`. Raises DatasetError, which names the line and column."""
    rows = _rows(file)
    _, header = next(rows, (1, []))
    names = [name.strip().lower() for name in header]
    for column in COLUMNS:
        if column not in names:
            found = printable(", ".join(filter(None, names))[:80]) or "nothing"
            raise DatasetError(f"{file}: line 1: not FER-2013 as NPZ or CSV: no column {column!r}; found: {found}")
        if names.count(column) > 1:
            raise _mistake(file, 1, column, f"{names.count(column)} columns of this name", "one")
    places = [names.index(column) for column in COLUMNS]
    images, labels, split = [], [], []
    for line, row in track(rows, file.name, "rows"):
        if len(row) != len(names):
            raise _mistake(file, line, "row", f"{len(row)} fields", f"{len(names)}, as the first line has")
        emotion, pixels, usage = (row[place].strip() for place in places)
        labels.append(_label(file, line, emotion))
        images.append(_pixels(file, line, pixels))
        if usage.lower() not in SPLIT_NAMES:
            raise _mistake(file, line, "Usage", repr(usage[:20]), " or ".join(SPLITS))
        split.append(SPLIT_NAMES[usage.lower()])
    if not images:
        raise DatasetError(f"{file}: not FER-2013 as NPZ or CSV: no pictures, only the first line")
    return Table(np.stack(images), np.array(labels, np.int64), np.array(split, np.int64))


def read_votes(file: Path, split: NDArray[np.int64]) -> NDArray[np.float32]:
    """The FER+ votes float32 [N, 10] of the rows of `fer2013.csv`, 0 for rows without votes.

    split: the splits of the rows of `fer2013.csv`, int64 [N]. FER+ identifies each picture by its row; FER+ excluded
    the rows without a name, and their votes are not used. Both tables have the split of each picture: if these differ,
    one of the tables was sorted anew, and votes would be assigned to the wrong faces. Raises DatasetError, which names
    the first line that differs.
    """
    votes = np.zeros((len(split), VOTE_COLUMNS), np.float32)
    rows = _rows(file)
    places = _vote_places(file, next(rows, (1, []))[1])
    first_lines: dict[int, int] = {}
    count = 0
    for index, (line, row) in enumerate(rows):
        count += 1
        if len(row) <= max(places):
            raise _mistake(file, line, "row", f"{len(row)} fields", f"{max(places) + 1}")
        usage, name, *texts = (row[place].strip() for place in places)
        found = IMAGE_NAME.fullmatch(name)
        if name and not found:
            raise _mistake(file, line, "Image name", repr(name[:20]), "fer0000000.png and so on")
        number = int(found[1]) if found else index
        if number >= len(split):
            raise _mistake(file, line, "Image name", f"row {number}", f"rows 0 to {len(split) - 1} of the other table")
        if SPLIT_NAMES.get(usage.lower()) != split[number]:
            wanted = f"{SPLITS[split[number]]}, as row {number} of the other table; is one of them sorted anew?"
            raise _mistake(file, line, "Usage", repr(usage[:20]), wanted)
        if found:
            if number in first_lines:
                wanted = f"each picture once; it stands in line {first_lines[number]} too"
                raise _mistake(file, line, "Image name", repr(name), wanted)
            first_lines[number] = line
            votes[number] = _votes(file, line, texts)
    if count != len(split):
        raise DatasetError(f"{file}: {count} rows of votes for the {len(split)} pictures of the table beside it")
    return votes


def _vote_places(file: Path, header: list[str]) -> list[int]:
    """The places of the split, of the picture's name and of each class of votes in a row of fer2013new.csv. They are
    found by name: votes under another class would be wrong labels. Raises DatasetError."""
    names = [name.strip().lower() for name in header]
    wanted = ("usage", "image name", *VOTE_NAMES)
    for column in wanted:
        if names.count(column) != 1:
            found = f"{names.count(column)} columns {column!r} among {printable(', '.join(names)[:100]) or 'nothing'}"
            raise _mistake(file, 1, "columns", found, f"each of {', '.join(wanted)} once")
    return [names.index(column) for column in wanted]


def _rows(file: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number from 1, fields) of each line that is not blank."""
    csv.field_size_limit(1 << 20)
    with open(file, "rb") as start:
        first_bytes = start.read(8)
    for magic, what in KINDS.items():
        if first_bytes.startswith(magic):
            raise DatasetError(f"{file}: not FER-2013 as NPZ or CSV, but {what}")
    with open(file, newline="", encoding="utf-8-sig", errors="replace") as source:
        first = source.readline()
        source.seek(0)
        delimiter = max(",;\t", key=first.count)
        reader = csv.reader(source, delimiter=delimiter)
        try:
            for row in reader:
                if any(map(str.strip, row)):
                    yield reader.line_num, row
        except csv.Error as err:
            raise DatasetError(f"{file}: line {reader.line_num}: not FER-2013 as NPZ or CSV: {err}") from err


def _label(file: Path, line: int, text: str) -> int:
    if text.isdecimal() and len(text) <= MAX_DIGITS and int(text) < len(LABELS):
        return int(text)
    label = class_of(text)
    if label is not None:
        return label
    raise _mistake(file, line, "emotion", repr(text[:20]), f"0 to {len(LABELS) - 1}, or one of {', '.join(LABELS)}")


def _votes(file: Path, line: int, texts: list[str]) -> list[float]:
    try:
        votes = [float(text) for text in texts]
    except ValueError as err:
        raise _mistake(file, line, "votes", str(err)[:60], "ten numbers") from err
    for text, vote in zip(texts, votes, strict=True):
        if not 0 <= vote < MAX_VOTES:  # nor NaN
            raise _mistake(file, line, "votes", repr(text[:20]), f"numbers from 0 to {MAX_VOTES - 1}")
    return votes


def _pixels(file: Path, line: int, text: str) -> NDArray[np.uint8]:
    values = text.split()
    if len(values) != SIDE * SIDE:
        side = round(len(values) ** 0.5)
        height = side if side * side == len(values) else len(values) // SIDE
        shape = f" ({height}x{len(values) // height})" if height and len(values) % height == 0 else ""
        raise _mistake(file, line, "pixels", f"{len(values)} values{shape}", f"{SIDE * SIDE} ({SIDE}x{SIDE})")
    try:
        return np.array(values, np.uint8).reshape(SIDE, SIDE)
    except (ValueError, OverflowError) as err:
        wrong = next((value for value in values if not _is_level(value)), "?")
        raise _mistake(file, line, "pixels", repr(wrong[:20]), "whole numbers from 0 to 255") from err


def _is_level(text: str) -> bool:
    return text.isdecimal() and len(text) <= MAX_DIGITS and int(text) <= 255


def _mistake(file: Path, line: int, column: str, found: str, wanted: str) -> DatasetError:
    return DatasetError(f"{file}: line {line}, {column}: {found}; wanted {wanted}")
