"""A comparison as text and as Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

from convert.comparison import wording
from convert.comparison.wording import COST, QUALITY
from convert.expression.evaluation import mcnemar
from convert.text_table import aligned

MARKERS = ("<!-- comparison -->", "<!-- /comparison -->")
"""Comments in `models/README.md` that enclose the table."""


def as_text(report: Mapping[str, Any]) -> str:
    """The comparison as text."""
    rows = [wording.cells(row) for row in report["rows"]]
    lines = [*wording.protocol(report), ""]
    lines += [*aligned([(head[0], *head[QUALITY]) for head in (wording.COLUMNS, *rows)]), ""]
    lines += [*aligned([(head[0], *head[COST]) for head in (wording.COLUMNS, *rows)]), ""]
    lines += [f"{cells[0]} begins with: {cells[1]}" for cells in rows]
    lines += [
        f"{row['name']}, published by its ancestor: {row['published']}" for row in report["rows"] if row["published"]
    ]
    lines += [f"{row['name']}: {row['missing_files']}" for row in report["rows"] if row["missing_files"]]
    for row in report["rows"]:
        lines += ["", row["name"], *aligned([("", "precision", "recall", "F1", "pictures"), *_classes(row)])]
    return "\n".join([*lines, "", *map(mcnemar.sentence, report["pairs"])])


def as_markdown(report: Mapping[str, Any]) -> str:
    """The comparison as Markdown: the table of all figures, and F1 by class."""
    lines = [*_table(wording.COLUMNS, [wording.cells(row) for row in report["rows"]]), ""]
    labels = list(dict.fromkeys(label for row in report["rows"] for label in row["labels"]))
    lines += _table(("F1", *labels), [_f1(row, labels) for row in report["rows"]])
    return "\n".join([*lines, "", *wording.protocol(report)])


def _f1(row: Mapping[str, Any], labels: Sequence[str]) -> tuple[str, ...]:
    known = row["classes"]
    return (row["name"], *(wording.percent(known[name]["f1"]) if name in known else wording.NONE for name in labels))


def _classes(row: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [
        (name, *(wording.percent(each[key]) for key in ("precision", "recall", "f1")), str(each["support"]))
        for name, each in row["classes"].items()
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
