"""Which folder holds the friends: the service's, which both units share, or the user's own on a desktop."""

import os
import re
from pathlib import Path

NAME = "emotion-assistant-friends"
"""StateDirectory of both units."""
SYSTEM_FOLDER = Path("/var/lib") / NAME
RECORDING = "new-name.wav"
"""In that folder: what the voice process has recorded as a friend's name, until the friend is saved."""
VOICE_TAG = re.compile(r"[0-9a-f]{8}\.wav")
"""File names of voice tags in that folder; nothing else is played as one, or deleted with its friend."""
MAX_TAG_BYTES = 1 << 20
"""Size of a voice tag: two seconds of speech take 64 KiB at 16 kHz."""


def friends_folder(*, of_service: bool = False) -> Path | None:
    """The folder of the friends; None where this user has none, because there is no home.

    of_service: for a program that is not started by a unit and works for the service all the same, with its user's
    rights.
    """
    for folder in os.environ.get("STATE_DIRECTORY", "").split(":"):
        if folder.endswith(f"/{NAME}"):
            return Path(folder)
    if of_service:
        return SYSTEM_FOLDER
    home = os.environ.get("XDG_STATE_HOME") or (f"{os.environ['HOME']}/.local/state" if "HOME" in os.environ else "")
    return Path(home) / "emotion-assistant" / "friends" if home else None
