"""The words of a skill in one language, from a file in the skill's own folder: `words/en.toml`.

A file is complete or it is refused, like those of `assistant.phrases`.
"""

import tomllib
from collections.abc import Collection, Mapping
from importlib import resources

from assistant.dataclass import dataclass
from assistant.phrases import LocaleError, mistakes_in


@dataclass(frozen=True)
class Words:
    """The tables of one language."""

    locale: str
    tables: Mapping[str, Mapping[str, str]]

    def text(self, table: str, name: str, /, **values: str) -> str:
        """The text `name` of a table, its placeholders filled in, with a capital letter at its beginning."""
        text = self.tables[table][name].format(**values)
        return text[:1].upper() + text[1:]


def load(
    package: str, locale: str, tables: Mapping[str, Collection[str]], placeholders: Mapping[str, set[str]]
) -> Words:
    """The words of the skill in `package`, e.g. "assistant.skills.things". Raises LocaleError with all that is missing,
    unknown or malformed.

    tables: the keys that each table must have, no more and no less. placeholders: those that a table's texts may have.
    """
    file = resources.files(package).joinpath("words").joinpath(f"{locale}.toml")
    try:
        content = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError as err:
        raise LocaleError(f"{package}: no words for the language {locale!r}") from err
    except tomllib.TOMLDecodeError as err:
        raise LocaleError(f"{package}: locale {locale}: not valid TOML: {err}") from err
    mistakes = [f"{name} is unknown" for name in content if name not in tables]
    mistakes += mistakes_in(content, tables, placeholders)
    if mistakes:
        raise LocaleError(f"{package}: locale {locale}: " + "; ".join(mistakes))
    return Words(locale, {table: dict(content[table]) for table in tables})
