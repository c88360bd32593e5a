"""The heavy half of the friends: the face recognizer, in a process of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.friends.recognizer import Recognizer, open_recognizer
from assistant.skills.friends.weights import recognizer_file


class FriendsEngine:
    """Answers two requests: {"op": "about"}, which recognizer it is, and {"op": "embed"} with an aligned face."""

    def __init__(self, recognizer: Recognizer) -> None:
        self.recognizer = recognizer

    def handle(self, request: Mapping[str, Any], image: NDArray[np.uint8] | None) -> dict[str, Any]:
        """about: {"model": SHA-256, "name": cosine, "maybe": cosine}. embed: image is a face uint8 [112, 112, 3] BGR as
        `alignment.align` makes it; the same with "embedding", a list of numbers. Raises SkillError."""
        thresholds = self.recognizer.thresholds
        about = {"model": self.recognizer.sha256, "name": thresholds.name, "maybe": thresholds.maybe}
        operation = request.get("op")
        if operation == "about":
            return about
        if operation != "embed":
            raise SkillError(f"friends: unknown request {str(operation)[:40]!r}")
        if image is None:
            raise SkillError("friends: embed wants a picture", "no_picture")
        return {**about, "embedding": [float(value) for value in self.recognizer.embed(image)]}

    def close(self) -> None:
        """Nothing to close: the process ends."""


def open_engine(settings: Settings) -> FriendsEngine:
    """Loads the recognizer that the settings name. Raises SkillError where it is missing or wrong."""
    return FriendsEngine(open_recognizer(Path(recognizer_file(settings))))
