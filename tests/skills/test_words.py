"""The words of every skill in every language: complete, in short sentences, and none that no sentence may say."""

import string
import tomllib
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import phrases
from assistant.phrases import MAX_WORDS
from tests.support.locale_lint import Language, tokens

FOLDERS = sorted((Path(__file__).parents[2] / "assistant/skills").glob("*/words"))
NOT_SPOKEN = ("kinds",)
"""Tables that list things for the grammar."""
SAYS_NAME = ("friends",)
"""Skills that may ask for a name, and whether somebody is an adult: that of a friend who agreed, and of nobody else."""
ENDINGS = ("?", "؟", "!", "…")


def texts(folder: Path, locale: str) -> Iterator[tuple[str, str]]:
    tables = tomllib.loads((folder / f"{locale}.toml").read_text("utf-8"))
    for table, held in tables.items():
        if table not in NOT_SPOKEN:
            yield from ((f"{table}.{key}", text) for key, text in held.items())


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_skills_that_speak_have_words() -> None:
    assert {"things", "description"} <= {folder.parent.name for folder in FOLDERS}


@pytest.mark.parametrize("locale", phrases.known_locales())
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_words_of_a_skill(folder: Path, locale: str) -> None:
    core, english = phrases.load(locale), dict(texts(folder, "en"))
    never = Language.of(core).never
    held = dict(texts(folder, locale))
    assert held.keys() == english.keys()
    for name, text in held.items():
        assert placeholders(text) == placeholders(english[name]), name
        assert folder.parent.name in SAYS_NAME or not tokens(text) & never, (name, text)
        assert text == unicodedata.normalize("NFC", text) == text.strip(), name
        assert text.isprintable(), name
        assert "  " not in text, name
        is_sentence = english[name].endswith((".", *ENDINGS))
        assert text.endswith((core.stop, *ENDINGS)) == is_sentence, (name, text)
        for part in text.replace("?", core.stop).split(f"{core.stop} "):
            assert len(part.split()) <= MAX_WORDS, (name, part)
