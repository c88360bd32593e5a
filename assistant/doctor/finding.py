"""What a check found, as keys of the locale's tables, so that it can come from another process; and its sentences."""

from dataclasses import dataclass

from assistant.phrases import Phrases


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    ok: bool
    """Whether nothing has to be done."""
    keys: tuple[str, ...]
    """What is said: keys of [doctor], or of another table behind its name, for example faults.black."""
    advice: str = ""
    """A key of [advice]; empty where nothing has to be done."""
    number: int = 0
    """The number in those sentences that have one."""
    detail: str = ""
    """One line for the printed report; never spoken."""


def good(*keys: str, number: int = 0, detail: str = "") -> Finding:
    """All is well, or there is nothing set up to be checked."""
    return Finding(True, keys, "", number, detail)


def bad(key: str, advice: str, *, number: int = 0, detail: str = "") -> Finding:
    """Something has to be done."""
    return Finding(False, (key,), advice, number, " ".join(detail.split()))


def sentences(words: Phrases, finding: Finding) -> tuple[str, ...]:
    """What is spoken of it, without the advice."""
    return tuple(
        words.text(*key.split(".")) if "." in key else words.finding(key, finding.number) for key in finding.keys
    )


def advice(words: Phrases, finding: Finding) -> str:
    """What to do, empty where there is nothing to do."""
    return words.text("advice", finding.advice)
