"""The heavy half of describing: runs the captioner, in a process of its own whose memory limit holds for both."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.skills.description.captioner import caption, parse_command


class DescriptionEngine:
    """Answers one request: {"op": "caption"} with a picture."""

    def __init__(self, command: list[str], locale: str, limit_s: float) -> None:
        self._command, self._locale, self._limit_s = command, locale, limit_s

    def handle(self, request: Mapping[str, Any], image: NDArray[np.uint8] | None) -> dict[str, Any]:
        """{"text": …}. Raises SkillError."""
        if request.get("op") != "caption":
            raise SkillError(f"describe: unknown request {str(request.get('op'))[:40]!r}")
        if image is None or 0 in image.shape:
            raise SkillError("describe: caption wants a picture", "no_picture")
        return {"text": caption(self._command, image, self._locale, self._limit_s)}

    def close(self) -> None:
        """Nothing to close: each program has ended."""


def open_engine(settings: Settings) -> DescriptionEngine:
    """Raises SkillError where describe.command names no program."""
    return DescriptionEngine(
        parse_command(settings.describe.command), settings.announcements.locale, settings.describe.command_s
    )
