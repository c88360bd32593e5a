"""Files written all or nothing: a reader, or a power cut, meets the old file or the new one, never a part."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path


def write_atomically(contents: Mapping[Path, bytes]) -> None:
    """Write the files so that each is replaced in one step, and none before all are on the disk. Raises OSError.

    For a model and its card: in the moment between the two steps they do not match, which the assistant refuses.
    """
    parts = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(parts[path], "wb") as target:
                target.write(content)
                target.flush()
                _keep_rights(path, parts[path])
                os.fsync(target.fileno())
        for path, part in parts.items():
            part.replace(path)
        for folder in {path.parent for path in contents}:
            _sync(folder)
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _keep_rights(path: Path, part: Path) -> None:
    """Give a new file the owner and the mode of the one that it replaces, as far as that is allowed."""
    try:
        about = path.stat()
    except OSError:
        return
    with contextlib.suppress(OSError, AttributeError):  # a FAT partition knows neither, Windows has no chown
        os.chown(part, about.st_uid, about.st_gid)
    with contextlib.suppress(OSError):
        part.chmod(stat.S_IMODE(about.st_mode))


def _sync(folder: Path) -> None:
    """Flush the folder's entries to the disk: a rename that is only in memory is lost in a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
