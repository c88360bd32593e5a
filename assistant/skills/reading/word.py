"""A word that was read, and where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from assistant.dataclass import dataclass
from assistant.errors import SkillError
from assistant.records import Box

MAX_CHARACTERS = 64
"""Characters of a word that are kept: no word is longer, and a picture can be hostile."""


@dataclass(frozen=True)
class Word:
    """A word on a page whose lines are level."""

    text: str
    confidence: float
    """From 0 to 1, as the reader gives it."""
    box: Box
    """In pixels of the page; of it, lines and their order are made."""
    corners: tuple[tuple[float, float], ...] = ()
    """The corners of the box in pixels of the picture, from the left upper one clockwise."""

    def as_json(self) -> dict[str, Any]:
        """What `word` takes."""
        corners = [[round(x, 1), round(y, 1)] for x, y in self.corners]
        return {
            "text": self.text,
            "confidence": round(self.confidence, 3),
            "box": [round(each, 1) for each in self.box],
            "corners": corners,
        }


def word(fields: Mapping[str, Any]) -> Word:
    """The word of an answer of the engine. Raises SkillError for one that is malformed."""
    try:
        x, y, width, height = (float(each) for each in fields["box"])
        corners = tuple((float(across), float(down)) for across, down in fields["corners"])
        text, confidence = str(fields["text"])[:MAX_CHARACTERS], float(fields["confidence"])
    except (KeyError, TypeError, ValueError) as err:
        raise SkillError(f"the reader's answer has a malformed word: {err!r}") from err
    if not all(map(math.isfinite, (x, y, width, height, confidence, *(each for corner in corners for each in corner)))):
        raise SkillError("the reader's answer has a word without a place")
    return Word(text, confidence, Box(x, y, width, height), corners)
