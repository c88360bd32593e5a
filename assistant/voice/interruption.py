"""Whether the box lost its power: two marks tell, one on the disk and one in the memory of this boot.

Both are made at the start and taken away at the end. The one in memory survives a restart of the voice, not of the
box: where only the one on the disk is found, nobody has ended what ran before.
"""

import contextlib
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

NAME = "running"


class Interruption:
    """The marks in the unit's state and runtime folders; without these, on a desktop, nothing is known."""

    def __init__(self) -> None:
        folders = (os.environ.get("STATE_DIRECTORY"), os.environ.get("RUNTIME_DIRECTORY"))
        self._marks = [Path(folder.split(":")[0]) / NAME for folder in folders if folder]
        self.has_been = len(self._marks) == 2 and self._marks[0].exists() and not self._marks[1].exists()
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
