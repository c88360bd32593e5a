"""What a check found: in keys of the locale's tables, so that it can come from another process, and in words."""

from dataclasses import dataclass

from assistant.phrases import Phrases


@dataclass(frozen=True)
class Finding:
    """said: keys of [doctor], or of another table behind its name, such as faults.black; number: for those that have a
    place for one; advice: a key of [advice], empty where there is nothing to do; detail: one line for who reads."""

    ok: bool
    said: tuple[str, ...]
    advice: str = ""
    number: int = 0
    detail: str = ""


def good(*said: str, number: int = 0, detail: str = "") -> Finding:
    """All is well there, or nothing is set up."""
    return Finding(True, said, "", number, detail)


def bad(said: str, advice: str, *, number: int = 0, detail: str = "") -> Finding:
    """Something has to be done."""
    return Finding(False, (said,), advice, number, " ".join(detail.split()))


def sentences(words: Phrases, finding: Finding) -> tuple[str, ...]:
    """What is heard of it, without the advice."""
    return tuple(
        words.text(*key.split(".")) if "." in key else words.finding(key, finding.number) for key in finding.said
    )


def advice(words: Phrases, finding: Finding) -> str:
    """What to do, empty where there is nothing to do."""
    return words.text("advice", finding.advice)
