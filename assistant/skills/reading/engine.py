"""The heavy part of reading: a picture in, words out, whichever way round the paper is held."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from assistant.errors import SkillError
from assistant.skills.reading import rapid, tesseract
from assistant.skills.reading.choice import chosen_reader
from assistant.skills.reading.reading_order import RIGHT_TO_LEFT, lines_of
from assistant.skills.reading.trust import trusted_lines
from assistant.skills.reading.word import Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.config.settings import Settings

TURNS = (0, 180, 90, 270)
"""Degrees that a page is turned by, until it can be read: who cannot see a page cannot see which way round it is."""
TURNING_S = 6.0
"""No further turn is begun after so many seconds."""
MAX_SIDE, MIN_SIDE = 8192, 16
"""Pixels of a picture that can be read."""
MAX_WORDS = 1500
"""Of an answer; a page of a book has 400."""


class Reader(Protocol):
    """A driver: one reader of text."""

    finds_turned: bool
    """Whether it finds text that is turned, though it cannot read it: where it finds none, there is none."""

    def read(self, image: NDArray[np.uint8], locales: Sequence[str]) -> tuple[list[Word], bool]:
        """The words of a picture uint8 [H, W] or [H, W, 3] BGR, and whether English stood in for a language that is not
        installed. Raises SkillError where it fails."""
        ...

    def close(self) -> None: ...


class ReadingEngine:
    """Answers {"op": "read", "locales": [...]} with the words of the picture."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def handle(self, request: Mapping[str, Any], image: NDArray[np.uint8] | None) -> dict[str, Any]:
        """{"words": […], "turned": degrees, "is_english": bool}; see Word.as_json. Raises SkillError."""
        locales = request.get("locales")
        if (
            request.get("op") != "read"
            or not isinstance(locales, list)
            or not locales
            or not all(map(_is_text, locales))
        ):
            raise SkillError(f"reading knows no request {str(dict(request))[:100]}")
        if image is None or image.ndim not in (2, 3) or image.dtype != np.uint8:
            raise SkillError("reading needs a picture", "no_picture")
        if max(image.shape[:2]) > MAX_SIDE:
            raise SkillError(f"a picture of {image.shape[1]} by {image.shape[0]} pixels is too large to be read")
        if min(image.shape[:2]) < MIN_SIDE:
            return {"words": [], "turned": 0, "is_english": False}
        return self._read(image, tuple(locales))

    def close(self) -> None:
        """Ends the reader."""
        self._reader.close()

    def _read(self, image: NDArray[np.uint8], locales: tuple[str, ...]) -> dict[str, Any]:
        began = time.monotonic()
        first: dict[str, Any] | None = None
        for turned in TURNS:
            if turned and time.monotonic() - began > TURNING_S:
                break
            words, is_english = self._reader.read(np.ascontiguousarray(np.rot90(image, turned // 90)), locales)
            words = [_turned_back(word, turned, image.shape[1], image.shape[0]) for word in words[:MAX_WORDS]]
            answer = {"words": [word.as_json() for word in words], "turned": turned, "is_english": is_english}
            lines = lines_of(words, right_to_left=locales[0] in RIGHT_TO_LEFT)
            if trusted_lines(lines, locales, is_turned=turned != 0):
                return answer
            first = first or answer
            if not words and self._reader.finds_turned:
                break
        return first or {"words": [], "turned": 0, "is_english": False}


def open_engine(settings: Settings) -> ReadingEngine:
    """The engine with the reader of the settings. Raises SkillError where it is missing."""
    if chosen_reader(settings) == "rapidocr":
        return ReadingEngine(rapid.RapidReader())
    return ReadingEngine(tesseract.TesseractReader(tesseract.installed()))


def _turned_back(word: Word, turned: int, width: int, height: int) -> Word:
    """The word with its corners in a picture of that size which was turned left by so many degrees before reading."""
    corners = word.corners
    if turned == 90:
        corners = tuple((width - y, x) for x, y in corners)
    elif turned == 180:
        corners = tuple((width - x, height - y) for x, y in corners)
    elif turned == 270:
        corners = tuple((y, height - x) for x, y in corners)
    return Word(word.text, word.confidence, word.box, corners)


def _is_text(value: object) -> bool:
    return isinstance(value, str)
