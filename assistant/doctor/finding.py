"""The finding of a check, as keys of the locale's tables, so that it can come from another process; its sentences."""

from assistant.dataclass import dataclass
from assistant.phrases import Phrases


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    ok: bool
    """Whether nothing has to be done."""
    keys: tuple[str, ...]
    """The sentences to speak: keys of [doctor], or of another table behind its name, for example faults.black."""
    advice: str = ""
    """A key of [advice]; empty where nothing has to be done."""
    number: int = 0
    """The number in those sentences that have one."""
    detail: str = ""
    """One line for the printed report; never spoken."""
    is_there: bool = True
    """Whether there was anything to check."""

    @property
    def mark(self) -> str:
        """The first word of its line in the printed report."""
        return ("ok" if self.is_there else "none") if self.ok else "FAILED"


def good(*keys: str, number: int = 0, detail: str = "") -> Finding:
    """All is well."""
    return Finding(True, keys, "", number, detail)


def absent(key: str, *, detail: str = "") -> Finding:
    """There is nothing set up, or nothing on this device, that could be checked; nothing has to be done."""
    return Finding(True, (key,), "", 0, detail, is_there=False)


def bad(key: str, advice: str, *, number: int = 0, detail: str = "") -> Finding:
    """Something has to be done."""
    return Finding(False, (key,), advice, number, " ".join(detail.split()))


def sentences(phrases: Phrases, finding: Finding) -> tuple[str, ...]:
    """The sentences of a finding, without the advice."""
    return tuple(
        phrases.text(*key.split(".")) if "." in key else phrases.finding(key, finding.number) for key in finding.keys
    )


def advice(phrases: Phrases, finding: Finding) -> str:
    """The sentence that says what to do; empty where there is nothing to do."""
    return phrases.text("advice", finding.advice)
