"""Where the detector's file is, and whether it is the one that is known."""

import hashlib
import os
from pathlib import Path

from assistant.config.settings import OWN_FOLDER, Settings
from assistant.errors import SkillError
from assistant.skills.things import yolox
from assistant.system.regular_file import read_bytes

VARIABLE = "EMOTION_WEIGHTS"
"""The environment variable that names a folder with the file, for tests and desktops."""
INSTALLED = Path("/opt/emotion-assistant") / yolox.FILE
"""Where `install.sh --things` puts it."""
MAX_BYTES = 16 << 20
"""A larger file is refused unread."""


def detector_file(settings: Settings) -> Path:
    """The detector's file: things.model, else the one in $EMOTION_WEIGHTS, else the installed one. Raises SkillError
    where there is none."""
    if settings.things.model:
        return Path(settings.things.model)
    if named := os.environ.get(VARIABLE):
        return Path(named) / yolox.FILE
    if INSTALLED.is_file():
        return INSTALLED
    raise SkillError(
        f"{INSTALLED} is missing; run install.sh --things, or name the detector's file in things.model", "missing"
    )


def read_known(path: Path, sha256: str) -> bytes:
    """The content of a file with that SHA-256, in lower case. Raises SkillError where it is another, or none."""
    try:
        content = read_bytes(path, MAX_BYTES)
    except OSError as err:
        raise SkillError(
            f"{path}: cannot be read: {err.strerror}; the service can read files of {OWN_FOLDER}", "missing"
        ) from err
    if (found := hashlib.sha256(content).hexdigest()) != sha256:
        raise SkillError(
            f"{path}: is not the detector that is known (SHA-256 {found[:12]}…, not {sha256[:12]}…); "
            "run install.sh --things again",
            "missing",
        )
    return content
