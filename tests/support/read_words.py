"""Words as a reader gives them, set in lines."""

from collections.abc import Iterable, Sequence

from assistant.records import Box
from assistant.skills.reading.word import Word

LETTER_PX = 10.0
"""Width of a letter, and of the space after a word."""


def set_word(text: str, x: float, y: float, height: float = 20.0, confidence: float = 0.95) -> Word:
    """A word whose left upper corner is at (x, y), in the page as in the picture."""
    width = LETTER_PX * len(text) * height / 20
    corners = (x, y), (x + width, y), (x + width, y + height), (x, y + height)
    return Word(text, confidence, Box(x, y, width, height), corners)


def set_line(text: str, x: float, y: float, height: float = 20.0, confidence: float = 0.95) -> list[Word]:
    """The words of a line, from left to right."""
    words = []
    for part in text.split():
        words.append(set_word(part, x, y, height, confidence))
        x += words[-1].box.width + LETTER_PX * height / 20
    return words


def set_lines(texts: Sequence[str], x: float = 40, y: float = 40, step: float = 30, height: float = 20) -> list[Word]:
    """The words of lines below each other."""
    return [word for at, text in enumerate(texts) for word in set_line(text, x, y + at * step, height)]


def as_answer(words: Iterable[Word], *, turned: int = 0, is_english: bool = False) -> dict[str, object]:
    """What the engine answers with these words."""
    return {"words": [each.as_json() for each in words], "turned": turned, "is_english": is_english}
