"""A cache of `fer2013.csv` as arrays: reading its 300 MB takes half a minute, each command needs it, and the arrays
load in a quarter of a second.

It lies in `$XDG_CACHE_HOME/emotion-assistant` (`~/.cache/emotion-assistant`), which only the user may enter, since it
holds the pictures. An entry is found by the SHA-256 of the table, which takes a second, so that it cannot be out of
date. Whatever is wrong with the cache, the table is read instead: it is never an error.
"""

import contextlib
import hashlib
import io
import logging
import os
import time
from pathlib import Path

import numpy as np

from assistant.system.atomic_files import write_atomically
from convert.data.fer2013_labels import LABELS, SPLITS
from convert.data.fer2013_table import SIDE, Table, read_table
from convert.data.regular_file import UNREADABLE

log = logging.getLogger(__name__)

MIN_BYTES = 8_000_000
"""Smaller tables are read quickly, and not cached."""
MAX_ENTRIES = 3
"""Tables in the cache, of 83 MB each for FER-2013; the least recently used one is removed."""
FORM = "1"
"""To be changed whenever `read_table` reads the same file differently."""
MAX_PART_AGE_S = 3600.0
"""Files that a crash left half written are removed after this many seconds."""


def read_cached(file: Path) -> Table:
    """As `read_table`, from the cache if the same content was read before. Raises DatasetError."""
    folder = cache_folder()
    if folder is None or file.stat().st_size < MIN_BYTES:
        return read_table(file)
    before = file.stat()
    with open(file, "rb") as source:
        key = f"{FORM}-{hashlib.file_digest(source, 'sha256').hexdigest()}"
    entry = folder / f"fer2013-{key}.npz"
    table = _load(entry, key)
    if table is not None:
        with contextlib.suppress(OSError):
            os.utime(entry)
        return table
    table = read_table(file)
    if (after := file.stat()).st_mtime_ns == before.st_mtime_ns and after.st_size == before.st_size:
        _store(entry, key, table)
    return table


def cache_folder() -> Path | None:
    """The user's folder for caches of this program; None where there is no home."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    try:
        home = Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
    except RuntimeError:
        return None
    return home / "emotion-assistant"


def _load(entry: Path, key: str) -> Table | None:
    """The table in an entry; None where it is missing, torn, or not one of ours."""
    try:
        with np.load(entry, allow_pickle=False) as held:
            if str(held["key"]) != key:
                return None
            images, labels, split = held["images"], held["labels"], held["split"]
    except FileNotFoundError:
        return None
    except UNREADABLE as err:
        log.info("%s: not read (%s)", entry, err)
        return None
    is_ours = (
        images.dtype == np.uint8
        and images.shape == (len(labels), SIDE, SIDE)
        and labels.shape == split.shape == (len(images),)
        and labels.dtype == split.dtype == np.int64
        and np.isin(labels, np.arange(len(LABELS))).all()
        and np.isin(split, np.arange(len(SPLITS))).all()
    )
    return Table(images, labels, split) if is_ours and len(images) else None


def _store(entry: Path, key: str, table: Table) -> None:
    content = io.BytesIO()
    np.savez(content, key=key, images=table.images, labels=table.labels, split=table.split)
    try:
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically({entry: content.getvalue()})
        _drop_old(entry.parent)
    except OSError as err:
        log.info("%s: not cached: %s", entry, err.strerror)


def _drop_old(folder: Path) -> None:
    entries = sorted(folder.glob("fer2013-*.npz"), key=lambda path: path.stat().st_mtime, reverse=True)
    parts = [path for path in folder.glob(".fer2013-*") if time.time() - path.stat().st_mtime > MAX_PART_AGE_S]
    for path in (*entries[MAX_ENTRIES:], *parts):
        path.unlink(missing_ok=True)
