"""The words of describing in every language."""

import functools

from assistant.skills import words
from assistant.skills.words import Words

TABLES = {"parts": {"among", "and", "nearest", "at_least", "thing", "nothing", "guess", "dim"}}
PLACEHOLDERS = {"parts": {"count", "names", "first", "second", "expression", "thing", "where", "text"}}


@functools.cache
def load(locale: str) -> Words:
    """The words of a language. Raises LocaleError."""
    return words.load("assistant.skills.description", locale, TABLES, PLACEHOLDERS)
