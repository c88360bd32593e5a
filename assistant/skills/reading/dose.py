"""Doses of medicines: read wrong they do harm, so a hint to check comes with them. Pure."""

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources

NUMBER = r"(?:\d+(?:[.,/·\u066b]\d+)*|[½¼¾])"
"""Digits of any script, with decimals and fractions."""
RANGE = "[-/x\u2013\u00d7]"
"""What joins two numbers, as in 5-10 ml or 2 x 5 ml; the long dash and the sign of multiplication too."""
END = r"(?![^\W\d_])"
"""No letter follows."""


def has_dose(text: str) -> bool:
    """Whether a sentence may tell how much of something to take: rather once too often than once too seldom."""
    plain = " ".join(text.split())
    return any(_pattern().search(each) for each in (plain, unicodedata.normalize("NFKC", plain).replace("\u2044", "/")))


@cache
def _pattern() -> re.Pattern[str]:
    """A number with a unit, counted pieces in words, so often a day, or a scheme such as 1-0-1."""
    file = resources.files("assistant.skills.reading").joinpath("doses.toml")
    tables = tomllib.loads(file.read_text("utf-8"))
    parts = {name: _any([each for patterns in table.values() for each in patterns]) for name, table in tables.items()}
    counted, a_day, taking = parts["counted"], parts["a_day"], parts["taking"]
    count = rf"(?:{NUMBER}|\b{parts['numerals']})"
    forms = (
        rf"{NUMBER}\s*(?:{RANGE}\s*{NUMBER}\s*)*(?:{parts['measured']}|{counted})",
        rf"\b{parts['numerals']}\s+(?:[^\W\d_]+\s+)?{counted}",
        rf"\b{counted}\s+{parts['numerals']}",
        rf"{count}\s*(?:x\s*)?{a_day}",
        rf"\b{a_day}\s+{count}",
        rf"\b{parts['once']}\s+(?:\w+\s+)?{a_day}",
        rf"\b{a_day}\s+(?:\w+\s+)?{parts['once']}",
        rf"\b{parts['every']}",
        rf"\b{taking}{END}.*\b{a_day}",
        rf"\b{a_day}{END}.*\b{taking}",
    )
    scheme = rf"(?<![\d-])[0-4½](?:\s*{RANGE}\s*[0-4½]){{2,3}}(?![\d-])"
    return re.compile("|".join([*(f"{form}{END}" for form in forms), scheme]), re.IGNORECASE)


def _any(patterns: list[str]) -> str:
    return "(?:" + "|".join(sorted(set(patterns), key=len, reverse=True)) + ")"
