"""How what ran before has ended: two marks tell, one on the disk and one in the memory of this boot.

Both are made at the start and taken away at an orderly end. The one in memory survives a restart of the voice, not of
the box: where only the one on the disk is found the power was cut, where both are the voice alone has died.
"""

import contextlib
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

NAME = "running"


class Interruption:
    """The marks in the unit's state and runtime folders; without these, on a desktop, nothing is known. has_been: the
    power was cut; has_died: the voice was, and is back."""

    def __init__(self) -> None:
        folders = (os.environ.get("STATE_DIRECTORY"), os.environ.get("RUNTIME_DIRECTORY"))
        self._marks = [Path(folder.split(":")[0]) / NAME for folder in folders if folder]
        found = [mark.exists() for mark in self._marks]
        self.has_been, self.has_died = found == [True, False], found == [True, True]
        for mark in self._marks:
            try:
                mark.touch()
            except OSError as err:
                log.warning("%s: cannot be made: %s", mark, err.strerror)

    def end(self) -> None:
        """This is an orderly end."""
        for mark in self._marks:
            with contextlib.suppress(OSError):
                mark.unlink(missing_ok=True)
