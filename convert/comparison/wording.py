"""The figures of a comparison in words, the same in text, Markdown and HTML."""

from collections.abc import Mapping
from typing import Any

from convert.comparison.files import FLOAT, INT8

Row = Mapping[str, Any]

NONE = "-"
"""Stands for a figure that is not known."""

COLUMNS = (
    "classifier", "begins with", "published by its ancestor", "judged by", "accuracy (95 %)", "macro-F1", "parameters",
    "MMAC", "MB float / int8", "ms float, p50 / p95", "ms int8, p50 / p95", "peak MB float / int8",
    "core hours, passes over the pictures",
)  # fmt: skip
"""Heads of the table of all figures."""
ORIGIN, QUALITY, COST = slice(1, 3), slice(3, 6), slice(6, 13)
"""Parts of COLUMNS, for tables that are less wide."""


def cells(row: Row) -> tuple[str, ...]:
    """The figures of one classifier, for COLUMNS."""
    sizes, memory = row["bytes"], row["peak_memory_mb"]
    return (
        row["name"],
        row["initialization"],
        row["published"] or NONE,
        row["truth"],
        accuracy(row),
        percent(row["macro_f1"]),
        f"{row['parameters'] / 1e6:.2f} M" if row["parameters"] else NONE,
        f"{row['macs'] / 1e6:.1f}" if row["macs"] else NONE,
        _both({kind: f"{size / 1e6:.2f}" for kind, size in sizes.items()}),
        latency(row, FLOAT),
        latency(row, INT8),
        _both({kind: f"{size:.0f}" for kind, size in memory.items()}),
        training_cost(row),
    )


def accuracy(row: Row) -> str:
    """Accuracy with its interval."""
    low, high = row["accuracy_interval_95"]
    return f"{row['accuracy']:.2%} ({low:.1%} to {high:.1%})"


def percent(share: float) -> str:
    """A share in percent."""
    return f"{share:.2%}"


def latency(row: Row, kind: str) -> str:
    """Median and 95th percentile of the time of one pass, milliseconds."""
    found = row["latency"].get(kind)
    return f"{found['p50_ms']:.2f} / {found['p95_ms']:.2f}" if found else NONE


def training_cost(row: Row) -> str:
    """Core hours of a training, and how often it saw each of its pictures; "not recorded" where they are not known."""
    if row["core_hours"] is None:
        return "not recorded"
    seen = "" if row["passes"] is None else f", {row['passes']:.3g}"
    return f"{row['core_hours']:.2f}{seen}" + (f" of {row['share']:.0%} of them" if row["share"] < 1 else "")


def protocol(report: Row) -> list[str]:
    """How the figures were made, in sentences."""
    quality = (
        "Each classifier gives one answer to each picture, resized and scaled as its own input asks; of a run the best "
        "epoch by PublicTest answers, as a float network, of a file the model as it is. The interval is that of the "
        "accuracy on so many pictures, for one network."
    )
    cost = (
        "Parameters and multiply-accumulates are those of the .tflite file, whose convolutions have batch "
        "normalization folded in. Times are of one pass on one thread of this machine, in turn; memory is the peak of "
        "a process that runs nothing else."
    )
    place = f"{report['date']}, commit {report['revision']}, {report['machine']}"
    lines = [f"Measured on {report['split']}; {place}.", *_earlier(report), quality, cost]
    if budgets := sorted({row["budget_core_hours"] for row in report["rows"]} - {None}):
        given = " or ".join(f"{budget:g}" for budget in budgets)
        lines.append(
            f"A row with passes over the pictures was trained by this program; the budget was {given} core hours: "
            "process CPU time of all threads, evaluations included, the timing run that tells the cost of a step not. "
            "The learning rate is fitted to it."
        )
    if any(row["published"] for row in report["rows"]):
        lines.append(
            "What an ancestor published is its own figure, of its own network, weights, data and test pictures. A row "
            "that begins with random weights is a network of that form trained here; it is not the ancestor's result."
        )
    return lines


def _earlier(report: Row) -> list[str]:
    """Which rows were measured in earlier comparisons, a sentence for each of these."""
    names: dict[str, list[str]] = {}
    for row in report["rows"]:
        if (measured := row.get("measured")) is not None:
            place = f"{measured['date']}, commit {measured['revision']}, {measured['machine']}"
            names.setdefault(place, []).append(row["name"])
    return [
        f"Measured before, on the same pictures ({place}): {', '.join(rows)}; times and memory are of that day."
        for place, rows in names.items()
    ]


def _both(by_kind: Mapping[str, str]) -> str:
    return f"{by_kind.get(FLOAT, NONE)} / {by_kind.get(INT8, NONE)}"
