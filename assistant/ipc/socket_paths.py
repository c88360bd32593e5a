"""Where the sockets of the assistant lie.

This module is imported by every command of the wearer before the first sound: it imports little.
"""

import os
from pathlib import Path

MAX_FOLDER_BYTES = 60
"""Of a temporary folder's path: that of a Unix socket has 107 bytes at the most, 45 of which are names of ours."""
MAX_LINE_BYTES = 4096
"""A longer line on any of the sockets is refused."""


def runtime_socket() -> Path:
    """Where the voice process listens: $EMOTION_ASSISTANT_SOCKET, else voice.sock in the unit's or the user's runtime
    folder, else in a folder of the user's own under the temporary one."""
    if named := os.environ.get("EMOTION_ASSISTANT_SOCKET"):
        return Path(named)
    if unit := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(unit.split(":")[0]) / "voice.sock"
    if user := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(user) / "emotion-assistant" / "voice.sock"
    return temporary_folder() / f"emotion-assistant-{os.getuid()}" / "voice.sock"


def skills_folder() -> Path:
    """Where the engines of the skills listen, NAME.sock each: $EMOTION_ASSISTANT_SKILLS (set by `run`), else where the
    units emotion-assistant-skill@.socket have them."""
    return Path(os.environ.get("EMOTION_ASSISTANT_SKILLS") or "/run/emotion-assistant-skills")


def preview_socket() -> Path | None:
    """Where the window of the preview takes what vision sees: $EMOTION_ASSISTANT_PREVIEW, which `run` sets; None: there
    is no preview."""
    named = os.environ.get("EMOTION_ASSISTANT_PREVIEW")
    return Path(named) if named else None


def temporary_folder() -> Path:
    """The folder for temporary files, or /tmp where its path is too long for a socket in it."""
    import tempfile  # with its imports a tenth of all the time that a command takes

    folder = tempfile.gettempdir()
    return Path(folder if len(os.fsencode(folder)) <= MAX_FOLDER_BYTES else "/tmp")  # noqa: S108


def control_socket() -> Path:
    """Where commands are taken: $EMOTION_ASSISTANT_CONTROL, else control.sock beside the socket of the voice process.

    A voice process that runs as a child listens for vision in a private folder; it takes commands where every command
    line of the user looks for them.
    """
    if named := os.environ.get("EMOTION_ASSISTANT_CONTROL"):
        return Path(named)
    return runtime_socket().parent / "control.sock"
