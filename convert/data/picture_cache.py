"""A cache of the crops of picture files, one after the other in one file: rows of it are read as a batch needs them.

It lies beside the cache of tables (`table_cache`), where only the user may enter. An entry is found by the names, sizes
and times of the picture files and the size of the crops. Whatever is wrong with it, the picture files are read instead.
Rows are read by `pread`: pages of a mapped file would count as memory of this process.
"""

import contextlib
import io
import json
import logging
import os
import shutil
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from assistant.system.atomic_files import write_atomically
from convert.data.fer2013_labels import DatasetError
from convert.data.regular_file import UNREADABLE
from convert.data.table_cache import MAX_PART_AGE_S, cache_folder

log = logging.getLogger(__name__)

MAX_BYTES = 4_000_000_000
"""Crops in the cache: 1.7 million of 48x48 grey, 26,000 of 224x224 in colour. The least recently used are removed."""
MIN_FREE_BYTES = 1_000_000_000
"""So much stays free on the disk."""
PREFIX = "pictures-"
"""So begin the names of the two files of an entry: `.npz` holds the facts, `.rows` the crops."""


@dataclass(frozen=True)
class Facts:
    """What was found in picture files when they were read."""

    digests: NDArray[np.uint64]
    """[N]: the first 64 bits of the SHA-256 of each file; 0 for one that cannot be read."""
    faults: dict[int, str]
    """Why pictures could not be read, by row; their crops are black."""


class RowFile:
    """Crops uint8 in an open file, by row; the file is closed when nobody has a reference any more."""

    def __init__(self, file: Path, crop_shape: tuple[int, ...]) -> None:
        """Raises OSError."""
        self.file, self.crop_shape = file, crop_shape
        self._handle = os.open(file, os.O_RDONLY)
        weakref.finalize(self, os.close, self._handle)

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The crops uint8 [n, *crop_shape] of rows int64 [n]. Raises DatasetError."""
        made = np.empty((len(rows), *self.crop_shape), np.uint8)
        bytes_each = int(np.prod(self.crop_shape))
        for target, row in zip(made, rows.tolist(), strict=True):
            try:
                count = os.preadv(self._handle, [target], row * bytes_each)
            except OSError as err:
                raise DatasetError(f"{self.file}: cannot be read: {err.strerror}") from err
            if count != bytes_each:
                raise DatasetError(f"{self.file}: was cut off while it was read; the same command makes it anew")
        return made


def load(key: str, count: int, crop_shape: tuple[int, ...]) -> tuple[RowFile, Facts] | None:
    """The entry of a key with the crops of `count` pictures; None where it is missing, torn, or not one of ours."""
    folder = cache_folder()
    if folder is None:
        return None
    index, rows = _files(folder, key)
    try:
        facts = _read_facts(index, key, count)
        crops = RowFile(rows, crop_shape)
        if rows.stat().st_size != count * int(np.prod(crop_shape)):
            raise ValueError("its crops are cut off")
        os.utime(index)
    except FileNotFoundError:
        return None
    except UNREADABLE as err:
        log.info("%s: not read (%s)", index, err)
        return None
    return crops, facts


def _read_facts(index: Path, key: str, count: int) -> Facts:
    """The facts in an entry. Raises OSError, or another of UNREADABLE for one that is not ours."""
    with np.load(index, allow_pickle=False) as held:
        digests, faults = held["digests"], json.loads(str(held["faults"]))
        is_ours = str(held["key"]) == key and digests.dtype == np.uint64 and digests.shape == (count,)
    facts = Facts(digests, {int(row): str(reason) for row, reason in faults.items()})
    if not is_ours or not all(0 <= row < count for row in facts.faults):
        raise ValueError("another program's, or another version's")
    return facts


@contextlib.contextmanager
def storing(key: str, count: int, crop_shape: tuple[int, ...]) -> Iterator["Store | None"]:
    """A new entry to be filled, for `count` pictures; None where there is no room for it. What was not kept is removed
    at the end."""
    folder, size = cache_folder(), count * int(np.prod(crop_shape))
    part = None
    try:
        if folder is None or size > MAX_BYTES:
            raise OSError(0, "no place for it")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _drop_old(folder, MAX_BYTES - size)
        if shutil.disk_usage(folder).free - size < MIN_FREE_BYTES:
            raise OSError(0, "too little room on the disk")
        part = folder / f".{PREFIX}{key}.{os.getpid()}"
        target = open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115
    except OSError as err:
        log.info("%d MB of pictures are not cached: %s", size // 1_000_000, err.strerror)
        yield None
        return
    try:
        yield Store(key, target, part, folder, crop_shape)
    finally:
        with contextlib.suppress(OSError):
            target.close()
        part.unlink(missing_ok=True)


class Store:
    """An entry that is being filled: `add` each crop, then `keep`."""

    def __init__(self, key: str, target: BinaryIO, part: Path, folder: Path, crop_shape: tuple[int, ...]) -> None:
        self._key, self._target, self._part, self._folder, self._shape = key, target, part, folder, crop_shape
        self._failed = False

    def add(self, crop: NDArray[np.uint8]) -> None:
        """The next crop. Where the disk is full, the entry is given up."""
        if self._failed:
            return
        try:
            self._target.write(crop.tobytes())
        except OSError as err:
            log.info("%s: not cached: %s", self._part, err.strerror)
            self._failed = True

    def keep(self, facts: Facts) -> RowFile | None:
        """Makes it an entry of the cache; returns its crops, None where that failed."""
        if self._failed:
            return None
        index, rows = _files(self._folder, self._key)
        content = io.BytesIO()
        np.savez(content, key=self._key, digests=facts.digests, faults=json.dumps(facts.faults))
        try:
            self._target.close()
            self._part.replace(rows)
            write_atomically({index: content.getvalue()}, 0o600)
            return RowFile(rows, self._shape)
        except OSError as err:
            log.info("%s: not cached: %s", rows, err.strerror)
            return None


def _files(folder: Path, key: str) -> tuple[Path, Path]:
    return folder / f"{PREFIX}{key}.npz", folder / f"{PREFIX}{key}.rows"


def _drop_old(folder: Path, room: int) -> None:
    """Remove the least recently used entries, until the others take `room` bytes at most, and what a crash left."""
    entries = sorted(folder.glob(f"{PREFIX}*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    known = set()
    for index in entries:
        rows = index.with_suffix(".rows")
        room -= rows.stat().st_size if rows.exists() else 0
        if room < 0:
            index.unlink(missing_ok=True)
            rows.unlink(missing_ok=True)
        known.add(rows)
    for left in {*folder.glob(f".{PREFIX}*"), *folder.glob(f"{PREFIX}*.rows")} - known:
        if time.time() - left.stat().st_mtime > MAX_PART_AGE_S:
            left.unlink(missing_ok=True)
