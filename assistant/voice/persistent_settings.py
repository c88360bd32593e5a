"""What the wearer set by ear, kept in a small file over restarts: rate, volume, and how much is said unasked; and
whether the guide is known.

The file is written whole or not at all. If it is missing, damaged or holds values out of limits, the configured
settings apply.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

from assistant.system.atomic_files import write_atomically

MAX_BYTES = 4096
"""No more of the file is read."""
LIMITS = {"rate_wpm": (80, 450), "volume": (10, 100)}
"""Lowest and highest value of each setting: words a minute, percent."""
VERBOSITIES = ("", "smiles", "normal")
"""The values of announcements.verbosity that the guide lets the wearer choose; empty: what is configured."""


def state_file() -> Path | None:
    """The path of the file: in the unit's state folder, else in the user's; None where there is neither."""
    if unit := os.environ.get("STATE_DIRECTORY"):
        return Path(unit.split(":")[0]) / "voice.json"
    home = os.environ.get("XDG_STATE_HOME") or (f"{os.environ['HOME']}/.local/state" if "HOME" in os.environ else "")
    return Path(home) / "emotion-assistant" / "voice.json" if home else None


class PersistentSettings:
    """What the wearer has set, as it is now."""

    def __init__(
        self,
        rate_wpm: int,
        volume: int,
        path: Path | None = None,
        on_saved: Callable[[str], None] = lambda error: None,
        *,
        verbosity: str = "",
    ) -> None:
        """rate_wpm, volume, verbosity: as configured; the file's values replace them unless the configuration was
        edited since.

        path: of the file; None: nothing is kept. on_saved(error): called after each attempt to write the file; the
        error is empty where it was written.
        """
        self.rate_wpm = rate_wpm
        """Words a minute."""
        self.volume = volume
        """Percent."""
        self.verbosity = ""
        """One of VERBOSITIES."""
        self.is_guide_known = False
        """Whether the guide was heard, or offered and declined."""
        self._path, self._on_saved = path, on_saved
        self._configured, self._configured_verbosity = [rate_wpm, volume], verbosity
        content = self._read()
        self.is_guide_known = content.get("guide_known") is True
        if content.get("verbosity") in VERBOSITIES and content.get("verbosity_set") == verbosity:
            self.verbosity = str(content["verbosity"])
        for name, (low, high) in LIMITS.items():
            value = content.get(name)
            if type(value) is int and low <= value <= high and content.get("set") == self._configured:
                setattr(self, name, value)

    def update(self, **values: int | str | bool) -> None:
        """Change rate_wpm, volume, verbosity or is_guide_known, and save; where that fails, the change lasts until the
        restart."""
        for name, value in values.items():
            setattr(self, name, value)
        if self._path is None:
            return
        content = {
            "rate_wpm": self.rate_wpm, "volume": self.volume, "set": self._configured,
            "verbosity": self.verbosity, "verbosity_set": self._configured_verbosity,
            "guide_known": self.is_guide_known,
        }  # fmt: skip
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically({self._path: json.dumps(content).encode()})
        except OSError as err:
            self._on_saved(f"{self._path}: what you set cannot be kept: {err.strerror}")
        else:
            self._on_saved("")

    def _read(self) -> dict[str, object]:
        """The content of the file; empty where it cannot be read."""
        if self._path is None:
            return {}
        try:
            with open(self._path, "rb") as source:
                content = json.loads(source.read(MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return content if isinstance(content, dict) else {}
