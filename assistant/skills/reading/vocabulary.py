"""The words of reading in every language."""

import functools

from assistant.skills import words
from assistant.skills.reading.cut_off import Side
from assistant.skills.words import Words

TABLES = {
    "reading": {
        "hold_still", "cannot_read", "no_text", "check_this", "in_english", "upside_down", "sideways", "cut_off",
    },
    "sides": {side.value for side in Side},
}  # fmt: skip
PLACEHOLDERS = {"reading": {"where"}}


@functools.cache
def load(locale: str) -> Words:
    """The words of a language. Raises LocaleError."""
    return words.load("assistant.skills.reading", locale, TABLES, PLACEHOLDERS)
