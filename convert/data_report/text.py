"""The report on a data set as text for a terminal."""

from typing import Any

from assistant.errors import printable
from convert.data.fer2013_labels import LABELS, SPLITS

BAR = 40
"""Characters of the longest bar."""
LINES = 10
"""Pictures that are named of each kind; --json names all, --html shows them."""


def as_text(report: dict[str, Any]) -> str:
    """The report of `findings.as_json` as lines."""
    lines = [
        f"{report['pictures']} pictures in {printable(report['data'])}, {report['with_votes']} with FER+ votes",
        "",
    ]
    lines += [*_table(report["counts"]), "", *_twins(report["twins"])]
    lines += _named("black or one colour", [_one(each) for each in report["flat"]])
    unreadable = [f"{printable(name)}: {reason}" for name, reason in report["unreadable"].items()]
    lines += _named("unreadable", unreadable)
    lines += _suspects(report)
    return "\n".join(lines)


def _suspects(report: dict[str, Any]) -> list[str]:
    suspects = report["suspects"]
    if suspects is None:
        return [f"doubtful labels: not looked for: {report['suspects_not_searched']}"]
    named = [f"{_one(each)}, rather {each['looks']} ({each['class']} {each['confidence']:.1%})"
             for each in suspects["pictures"]]  # fmt: skip
    return [*_named("doubtful labels", named), f"  by {suspects['method']}"]


def _table(counts: dict[str, dict[str, int]]) -> list[str]:
    totals = {name: sum(by_split.values()) for name, by_split in counts.items()}
    most = max(1, *totals.values())
    lines = [f"{'':9}" + "".join(f"{split:>12}" for split in SPLITS) + f"{'all':>8}"]
    for name in LABELS:
        bar = "█" * round(BAR * totals[name] / most)
        numbers = "".join(f"{counts[name][split]:12}" for split in SPLITS)
        lines.append(f"{name:9}{numbers}{totals[name]:8}  {bar}".rstrip())
    sums = "".join(f"{sum(counts[name][split] for name in LABELS):12}" for split in SPLITS)
    return [*lines, f"{'all':9}{sums}{sum(totals.values()):8}"]


def _twins(twins: dict[str, Any]) -> list[str]:
    within = ", ".join(f"{count} in {split}" for split, count in twins["within"].items())
    across = ", ".join(f"{count} of {pair}" for pair, count in twins["across"].items())
    return [
        f"identical copies within a split: {within}",
        f"pictures with an identical copy in another split: {across}",
        f"pictures in two classes or more: {twins['of_two_classes']}",
    ]


def _named(what: str, names: list[str]) -> list[str]:
    more = [f"  and {len(names) - LINES} more"] if len(names) > LINES else []
    return [f"{what}: {len(names)}", *(f"  {name}" for name in names[:LINES]), *more]


def _one(picture: dict[str, Any]) -> str:
    return f"{printable(picture['picture'])} ({picture['class']}, {picture['split']})"
