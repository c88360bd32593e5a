"""What the wearer set by ear and wants to find again after a restart: rate and volume, in a small file.

Written whole or not at all. A file that is missing, damaged or out of limits means: as in the settings.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

from assistant.system.atomic_files import write_atomically

MAX_BYTES = 4096
LIMITS = {"rate_wpm": (80, 450), "volume": (10, 100)}


def state_file() -> Path | None:
    """Where it is kept: in the unit's state folder, else in the user's; None where there is neither."""
    if unit := os.environ.get("STATE_DIRECTORY"):
        return Path(unit.split(":")[0]) / "voice.json"
    home = os.environ.get("XDG_STATE_HOME") or (f"{os.environ['HOME']}/.local/state" if "HOME" in os.environ else "")
    return Path(home) / "emotion-assistant" / "voice.json" if home else None


class PersistentSettings:
    """Rate and volume as they are now. path: where they are kept, None: nowhere. on_saved(trouble) is called each time
    that they were to be written; the trouble is empty if they were."""

    def __init__(
        self,
        rate_wpm: int,
        volume: int,
        path: Path | None = None,
        on_saved: Callable[[str], None] = lambda trouble: None,
    ) -> None:
        self.rate_wpm, self.volume, self._path, self._on_saved = rate_wpm, volume, path, on_saved
        self._set = (rate_wpm, volume)
        for name, value in self._read().items():
            low, high = LIMITS.get(name, (1, 0))
            if type(value) is int and low <= value <= high:
                setattr(self, name, value)

    def keep(self, **values: int) -> None:
        """Take over new values and keep them; where that cannot be, they hold until the restart."""
        for name, value in values.items():
            setattr(self, name, value)
        if self._path is None:
            return
        content = {"rate_wpm": self.rate_wpm, "volume": self.volume, "set": list(self._set)}
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically({self._path: json.dumps(content).encode()})
        except OSError as err:
            self._on_saved(f"{self._path}: rate and volume cannot be kept: {err.strerror}")
        else:
            self._on_saved("")

    def _read(self) -> dict[str, object]:
        """What was kept, unless the settings have been edited since."""
        if self._path is None:
            return {}
        try:
            with open(self._path, "rb") as source:
                content = json.loads(source.read(MAX_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(content, dict) or content.get("set") != list(self._set):
            return {}
        return content
