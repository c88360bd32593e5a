"""What `doctor` checks of the friends: quick, and without loading the recognizer."""

import hashlib

from assistant.config.settings import Settings
from assistant.errors import ModelError, SkillError
from assistant.skills.friends.recognizer import SFACE_SHA256, read_card
from assistant.skills.friends.weights import recognizer_file
from assistant.vision.inference.model_file import read_limited


def check(settings: Settings) -> None:
    """Raises SkillError where the recognizer's file is missing, or neither SFace nor one with a card."""
    path = recognizer_file(settings)
    try:
        if hashlib.sha256(read_limited(path)).hexdigest() != SFACE_SHA256:
            read_card(path.with_suffix(".json"))
    except ModelError as err:
        raise SkillError(str(err), "missing") from err
