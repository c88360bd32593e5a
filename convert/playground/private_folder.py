"""The folder of what is uploaded: only its owner can enter it, and nothing of it stays.

It is deleted at the end. What a killed program left is deleted at the next start: a folder whose lock nobody holds has
no owner any more.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import AssistantError

PREFIX, LOCK = "emotion-playground-", ".lock"


@contextlib.contextmanager
def private_folder(parent: Path | None = None) -> Iterator[Path]:
    """A new folder of mode 700 that is deleted at the end; abandoned ones beside it are deleted now.

    parent: default: the folder for temporary files. Raises AssistantError where none can be made.
    """
    parent = parent or Path(tempfile.gettempdir())
    delete_abandoned(parent)
    try:
        unlocked = Path(tempfile.mkdtemp(prefix=f".{PREFIX}", dir=parent))
        lock = os.open(unlocked / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = unlocked.rename(parent / unlocked.name[1:])  # from now on it is found, and it is locked
    except OSError as err:
        raise AssistantError(f"{parent}: no folder for uploads can be made in it: {err.strerror}") from err
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def delete_abandoned(parent: Path) -> None:
    """Delete the folders of programs that were killed; those that are in use, or another user's, stay."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            if not folder.is_symlink() and folder.stat().st_uid == os.getuid() and not _is_in_use(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_in_use(folder: Path) -> bool:
    """Whether a program holds the folder's lock; one without a lock has none. Raises OSError."""
    try:
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
