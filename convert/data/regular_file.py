"""Reads the files that a command line or a run folder names, and refuses what is no regular file or no JSON object."""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from assistant.system import regular_file

MAX_BYTES = 1 << 30
"""Larger files are refused; the largest table, FER-2013 as CSV, has 290 MB."""
UNREADABLE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    OverflowError,
    AttributeError,
    zipfile.BadZipFile,
    zlib.error,
    RecursionError,
)
"""Exceptions of NumPy, csv and json for files that are truncated, empty or of another format."""


def read_bytes(path: Path) -> bytes:
    """The content of a regular file. Raises OSError, also for anything else and for more than MAX_BYTES."""
    return regular_file.read_bytes(path, MAX_BYTES)


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
