"""Every sentence that a wearer can hear, from the words of a locale file. Pure but for reading that file once.

A locale is complete or it is refused: no wearer meets a gap in the middle of a sentence.
"""

import string
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from assistant.records import AssistantError

FAULTS = {
    "camera", "camera_lost", "detector", "detector_second", "settings", "model", "model_second", "vision", "voice",
    "step",
}  # fmt: skip
"""Everything that can be wrong; each has a sentence for its beginning and one for its end."""

TABLES = {
    "sentences": {
        "arrived", "arrived_where", "looks", "looks_where", "somebody", "somebody_where", "another",
        "another_where", "no_longer", "no_longer_where",
        "cannot_tell", "cannot_tell_where", "somebody_left", "nobody",
    },
    "expressions": {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"},
    "no_longer": {"angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"},
    "where": {"left", "ahead", "right"},
    "reasons": {"unclear", "side_on"},
    "status": {"ready", "stopping", "sound_check"},
    "faults": FAULTS,
    "faults_over": FAULTS,
}  # fmt: skip
"""The tables of a locale file and the keys that each must have, no more and no less."""

SLOTS = {"expression", "where", "reason"}


class LocaleError(AssistantError):
    """A locale file that is missing or not complete."""


@dataclass(frozen=True)
class Phrases:
    """The words of one language. voice: the name of its espeak-ng voice."""

    locale: str
    voice: str
    tables: dict[str, dict[str, str]]

    def remark(self, sentence: str, *, expression: str = "", where: str = "", reason: str = "") -> str:
        """The sentence `sentence` of [sentences] (its `_where` form if a place is given) with its words filled in."""
        known = self.tables["sentences"]
        form = known[f"{sentence}_where"] if where and f"{sentence}_where" in known else known[sentence]
        kind = "no_longer" if sentence == "no_longer" else "expressions"
        text = form.format(
            expression=self.tables[kind].get(expression, ""),
            where=self.tables["where"].get(where, ""),
            reason=self.tables["reasons"].get(reason, reason),
        )
        return text[:1].upper() + text[1:]

    def status(self, name: str) -> str:
        """A sentence about the assistant itself."""
        return self.tables["status"][name]

    def fault(self, name: str, *, is_over: bool = False) -> str:
        """What is wrong, or that it no longer is."""
        return self.tables["faults_over" if is_over else "faults"][name]


def known_locales() -> tuple[str, ...]:
    """The languages there are words for."""
    files = resources.files("assistant.locales").iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


def load(locale: str) -> Phrases:
    """The words of a language. Raises LocaleError where there are none, or not all."""
    if locale not in known_locales():
        raise LocaleError(f"no words for the language {locale!r}; there are: {', '.join(known_locales())}")
    text = resources.files("assistant.locales").joinpath(f"{locale}.toml").read_text("utf-8")
    return parse(text, locale)


def parse(text: str, locale: str) -> Phrases:
    """The words in a locale file's text. Raises LocaleError with everything that is missing, unknown or malformed."""
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as err:
        raise LocaleError(f"locale {locale}: not valid TOML: {err}") from err
    mistakes = []
    for table, keys in TABLES.items():
        held = content.get(table, {})
        mistakes += [f"{table}.{key} is missing" for key in sorted(keys - held.keys())]
        mistakes += [f"{table}.{key} is unknown" for key in sorted(held.keys() - keys)]
        for key, phrase in held.items():
            slots = {name for _, name, _, _ in string.Formatter().parse(phrase) if name is not None}
            if not slots <= (SLOTS if table == "sentences" else set()):
                mistakes.append(f"{table}.{key} has an unknown placeholder")
    if not isinstance(content.get("voice"), str):
        mistakes.append("voice is missing")
    if mistakes:
        raise LocaleError(f"locale {locale}: " + "; ".join(mistakes))
    return Phrases(locale, content["voice"], {table: dict(content[table]) for table in TABLES})
