"""Where the measurements of the skills find their data and their weights."""

import os
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError


@dataclass(frozen=True)
class Sources:
    """The folders of the data sets, as the environment names them."""

    data: Path | None
    """EMOTION_DATA: muxspace."""
    things: Path | None
    """EMOTION_THINGS: pairs of faces, pictures of objects, photographed text."""
    weights: Path | None
    """EMOTION_WEIGHTS: networks that others have trained."""

    @staticmethod
    def of_environment() -> "Sources":
        """The folders that the environment names and that are there."""

        def folder(variable: str) -> Path | None:
            named = os.environ.get(variable)
            return Path(named) if named and Path(named).is_dir() else None

        return Sources(folder("EMOTION_DATA"), folder("EMOTION_THINGS"), folder("EMOTION_WEIGHTS"))


def needed(folder: Path | None, variable: str) -> Path:
    """A folder that a measurement cannot do without. Raises AssistantError."""
    if folder is None:
        raise AssistantError(f"{variable} names no folder; set it to the folder of the data, see tests/README.md")
    return folder
