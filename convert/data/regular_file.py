"""Reads the files that a command line or a run folder names: a FIFO must not block a command, a device not fill the
memory, and JSON that is no object, or nested a thousand times, is a wrong file like any other."""

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

MAX_BYTES = 1 << 30
"""Larger files are refused unread; the largest table, FER-2013 as CSV, has 290 MB."""


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The content of a regular file. Raises OSError, also for anything else and for more than `limit` bytes."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as source:
        about = os.fstat(source.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if about.st_size > limit:
            raise OSError(errno.EFBIG, f"larger than {limit >> 20} MiB", str(path))
        return source.read()


def read_text(path: Path) -> str:
    """The content of a regular file in UTF-8. Raises OSError or UnicodeDecodeError, which is a ValueError."""
    return read_bytes(path).decode("utf-8")


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a regular file. Raises OSError, or ValueError where it holds anything else."""
    try:
        held = json.loads(read_text(path))
    except RecursionError as err:
        raise ValueError("nested too deeply") from err
    if not isinstance(held, dict):
        raise ValueError(f"{type(held).__name__}, no table of keys")
    return held
