"""Files written all or nothing: a reader, or a power cut, meets the old file or the new one, never a part."""

import contextlib
import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap


def write_atomically(contents: "Mapping[Path, bytes | mmap.mmap]", mode: int = 0o666) -> None:
    """Write the files so that each is replaced in one step, and none before all are on the disk. Raises OSError, also
    for a path that is there and no regular file: to replace /dev/null by a file would break the whole machine.

    mode: of files that are new, less the umask; one that is replaced keeps its own.

    For a model and its card: in the moment between the two steps they do not match, which the assistant refuses.
    """
    for path in contents:
        check_replaceable(path)
    parts = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_part(parts[path], content, path, mode)
        for path, part in parts.items():
            part.replace(path)
        for folder in {path.parent for path in contents}:
            _sync(folder)
    finally:
        for part in parts.values():
            with contextlib.suppress(OSError):  # an error that came before is the one to report
                part.unlink(missing_ok=True)


def _write_part(part: Path, content: "bytes | mmap.mmap", path: Path, mode: int) -> None:
    """Write the new content of `path` to a temporary file on the disk. Raises OSError with the name of `path`."""
    try:
        with open(part, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as target:
            target.write(content)
            target.flush()
            _keep_rights(path, part)
            os.fsync(target.fileno())
    except OSError as err:
        raise OSError(err.errno, err.strerror, str(path)) from err


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


def check_replaceable(path: Path) -> None:
    """Raises OSError where the path is a folder, a device, a FIFO, a socket, or a link to one, such as /dev/stdout."""
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):  # the latter is reported when the folder is made
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode) or path.parent == Path("/dev"):
        raise OSError(errno.EINVAL, "not a regular file", str(path))


def _sync(folder: Path) -> None:
    """Flush the folder's entries to the disk: a rename that is only in memory is lost in a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
