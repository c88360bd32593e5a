"""Whether what was read is text, or what a reader makes of a pattern. Pure."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise

from assistant.skills.reading.reading_order import Line
from assistant.skills.reading.word import Word

MIN_CONFIDENCE = 0.5
"""A word below it is left out, where its line stays."""
MIN_LINE_TRUST = 0.62
"""A line whose words have less trust than this, in the mean weighted by their length, is left out."""
MIN_TEXT_TRUST = 0.7
"""The same for all lines together: below it nothing is read out."""
MIN_TURNED_TEXT_TRUST = 0.78
"""The same for a page that had to be turned: with every further try rubbish gets another chance."""
MIN_CHARACTERS = 3
"""A text with fewer letters and digits is a stain."""
SIGNS = frozenset(["/", "&", "+", "=", "%", "@", "x", "\u00d7", "-", "\u2013", "\u20ac", "$", "\u00a3", "\u20b9"])
"""What may stand alone between words, as in 11 / 2027; other marks are stains, or the edge of the paper."""
FREQUENT_BONUS = 0.1
"""What a frequent word of the language is worth more than its confidence."""


def trusted_lines(lines: Sequence[Line], locales: Iterable[str], *, is_turned: bool = False) -> list[Line]:
    """The lines that are text, without the words of them that are not; empty: all of it is rubbish. is_turned: of a
    page that was turned, as a further try."""
    frequent = frozenset().union(*(frequent_words().get(locale, frozenset()) for locale in locales))
    least = MIN_TURNED_TEXT_TRUST if is_turned else MIN_TEXT_TRUST
    kept: list[Line] = []
    for line in lines:
        if trust(line.words, frequent) < MIN_LINE_TRUST:
            continue
        words = _trusted_words(line)
        if words:
            kept.append(Line(words, line.box))
    found = [word for line in kept for word in line.words]
    characters = sum(char.isalnum() for word in found for char in word.text)
    return kept if characters >= MIN_CHARACTERS and trust(found, frequent) >= least else []


def _trusted_words(line: Line) -> tuple[Word, ...]:
    sure = [word.confidence >= MIN_CONFIDENCE for word in line.words]
    named = [known and _has_letter(word.text) for known, word in zip(sure, line.words, strict=True)]
    inner = range(named.index(True), len(named) - named[::-1].index(True)) if any(named) else range(0)
    return tuple(
        word for at, word in enumerate(line.words) if named[at] or (sure[at] and at in inner and word.text in SIGNS)
    )


def trust(words: Sequence[Word], frequent: frozenset[str] = frozenset()) -> float:
    """From 0 to 1: how surely words are text, the long ones counting most."""
    weights = [len(word.text) for word in words]
    if not sum(weights):
        return 0.0
    return sum(weight * _trust(word, frequent) for weight, word in zip(weights, words, strict=True)) / sum(weights)


def _trust(word: Word, frequent: frozenset[str]) -> float:
    bonus = FREQUENT_BONUS if bare(word.text) in frequent else 0.0
    return min(1.0, word.confidence * plausibility(word.text) + bonus)


def plausibility(text: str) -> float:
    """From 0 to 1: how much a text without spaces looks like a word, a number or a code."""
    core = bare(text, lower=False)
    if not core:
        return 0.3
    marks = sum(unicodedata.category(char)[0] in "LMN" for char in text) / len(text)
    letters = [char for char in core if char.isalpha()]
    has_case = any(char.islower() != char.isupper() for char in letters)
    changes = sum(one.islower() and other.isupper() for one, other in pairwise(letters))
    repeated = max((len(run) for run in _runs(core.lower())), default=0)
    value = min(1.0, marks + 0.3)
    if has_case and changes > 1:
        value *= 0.6
    if repeated > 3 and not core.isdecimal():
        value *= 0.4
    if len(core) == 1 and not core.isdecimal():
        value *= 0.8
    return value


def bare(text: str, *, lower: bool = True) -> str:
    """A word without the punctuation around it."""
    start, end = 0, len(text)
    while start < end and not _is_letter(text[start]):
        start += 1
    while end > start and not _is_letter(text[end - 1]):
        end -= 1
    return text[start:end].lower() if lower else text[start:end]


@cache
def frequent_words() -> dict[str, frozenset[str]]:
    """The most frequent words of each language, in lower case."""
    file = resources.files("assistant.skills.reading").joinpath("frequent_words.toml")
    return {locale: frozenset(text.split()) for locale, text in tomllib.loads(file.read_text("utf-8")).items()}


def _has_letter(text: str) -> bool:
    return any(map(_is_letter, text))


def _is_letter(char: str) -> bool:
    """Letters, digits, and the marks that Arabic and Hindi set on them."""
    return unicodedata.category(char)[0] in "LMN"


def _runs(text: str) -> list[str]:
    runs: list[str] = []
    for char in text:
        if runs and runs[-1][0] == char:
            runs[-1] += char
        else:
            runs.append(char)
    return runs
