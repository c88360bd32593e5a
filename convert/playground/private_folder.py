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
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        lock = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as err:
        raise AssistantError(f"{parent}: no folder for uploads can be made in it: {err.strerror}") from err
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def delete_abandoned(parent: Path) -> None:
    """Delete the folders of programs that were killed; those that are in use, or another user's, stay."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
