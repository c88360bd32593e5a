"""The words of the skill of things, and which thing a word means."""

import difflib
import functools
import unicodedata

from assistant.skills import words
from assistant.skills.things.labels import COCO
from assistant.skills.words import Words

FORMS = ("masculine", "feminine", "neuter", "plural")
TABLES = {
    "sentences": {"nothing", "no_more", "maybe", "at_least", "turn", "given_up", "unknown", "unknown_near", "which"},
    "none": set(FORMS),
    "kinds": set(FORMS),
    "things": set(COCO),
}
PLACEHOLDERS = {"sentences": {"thing", "count"}, "none": {"thing"}}


@functools.cache
def load(locale: str) -> Words:
    """The words of a language. Raises LocaleError."""
    return words.load("assistant.skills.things", locale, TABLES, PLACEHOLDERS)


def none_seen(language: Words, label: str) -> str:
    """The sentence that no such thing is seen, e.g. "No cup seen."."""
    form = next((form for form in FORMS if label in language.tables["kinds"][form].split()), FORMS[0])
    return language.text("none", form, thing=language.tables["things"][label])


def label_of(language: Words, name: str) -> str | None:
    """The label that a name stands for: a word of the language or COCO's, whatever its case, accents and spaces; None:
    no thing is called so."""
    return _names(language).get(plain(name))


def nearest(language: Words, name: str) -> str | None:
    """The label whose name is much like `name`; None where none is."""
    known = _names(language)
    close = difflib.get_close_matches(plain(name), known, 1, 0.7)
    return known[close[0]] if close else None


def plain(name: str) -> str:
    """A name in lower case without accents, with single spaces."""
    bare = unicodedata.normalize("NFKD", name.casefold().replace("_", " "))
    return " ".join("".join(char for char in bare if not unicodedata.combining(char)).split())


def _names(language: Words) -> dict[str, str]:
    """COCO's names and, before them, those of the language."""
    coco = {plain(label): label for label in COCO}
    return coco | {plain(word): label for label, word in language.tables["things"].items()}
