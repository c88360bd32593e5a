"""Where the face recognizer's file is."""

import os
from pathlib import Path

from assistant.config.settings import Settings
from assistant.errors import SkillError

FILE_NAME = "face_recognition_sface_2021dec_int8bq.onnx"
VARIABLE = "EMOTION_SFACE"
"""The environment variable that names the file, for tests and desktops."""
INSTALLED = Path("/opt/emotion-assistant") / FILE_NAME
"""Where `install.sh --friends` puts it."""


def recognizer_file(settings: Settings) -> Path:
    """The recognizer's file: friends.model, else that of $EMOTION_SFACE, else the installed one. Raises SkillError
    where there is none."""
    if settings.friends.model:
        return Path(settings.friends.model)
    if named := os.environ.get(VARIABLE):
        return Path(named)
    if INSTALLED.is_file():
        return INSTALLED
    raise SkillError(
        f"{INSTALLED} is missing; run install.sh --friends, or name the face recognizer's file in friends.model",
        "missing",
    )
