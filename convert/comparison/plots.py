"""The diagrams of a comparison, as SVG with alternative texts; drawn by matplotlib, each narrow enough for a phone."""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convert.expression.evaluation.metrics import DIGITS

Row = Mapping[str, Any]

SIZE_IN = (4.8, 4.2)
"""Width and height in inches: at 400 pixels of width the text is still as large as that of the page."""
MARKS = "osD^vP*Xph<>d"
"""Shapes of the points, so that colours are not the only difference."""


@dataclass(frozen=True)
class Diagram:
    """A diagram."""

    title: str
    svg: str
    alternative: str
    """What it shows, in words."""


def diagrams(report: Row) -> list[Diagram]:
    """The diagrams that the figures of a comparison allow."""
    rows = report["rows"]
    made = [
        _against(rows, "macs", "million multiply-accumulates of a pass", 1e6, "Accuracy against operations"),
        _against(rows, "core_hours", "core hours of the training", 1, "Accuracy against the cost of the training"),
        _curves(rows, report["head"]),
    ]
    return [each for each in made if each is not None]


def _against(rows: Sequence[Row], key: str, label: str, unit: float, title: str) -> Diagram | None:
    """Accuracy over a cost, a point for each classifier of which that is known; None where there are none."""
    points = [(row, row[key] / unit) for row in rows if row[key]]
    if not points:
        return None

    def draw(axes: Any) -> None:
        for number, (row, cost) in enumerate(points):
            low, high = row["accuracy_interval_95"]
            axes.errorbar(
                cost, 100 * row["accuracy"], fmt=MARKS[number % len(MARKS)], color=f"C{number % 10}", label=row["name"],
                yerr=[[100 * (row["accuracy"] - low)], [100 * (high - row["accuracy"])]], capsize=2,
            )  # fmt: skip
        costs = [cost for _, cost in points]
        if max(costs) > 5 * min(costs):
            axes.set_xscale("log")
        axes.set(xlabel=label, ylabel="accuracy, %")

    told = "; ".join(f"{row['name']} {row['accuracy']:.1%} at {cost:.3g}" for row, cost in points)
    return Diagram(title, _svg(draw), f"{title} ({label}): {told}.")


def _curves(rows: Sequence[Row], head: str) -> Diagram | None:
    """The score by PublicTest over the core hours of each training, or over its epochs where these are not known."""
    known = [row for row in rows if len(row["curve"]) > 1 and head in row["curve"][0]]
    if not known:
        return None
    has_cost = all(each["core_hours"] is not None for row in known for each in row["curve"])
    over = "core_hours" if has_cost else "epoch"

    def draw(axes: Any) -> None:
        for number, row in enumerate(known):
            axes.plot(
                [each[over] for each in row["curve"]], [100 * (each[head] or 0) for each in row["curve"]],
                marker=MARKS[number % len(MARKS)], markersize=3, color=f"C{number % 10}", label=row["name"],
            )  # fmt: skip
        axes.set(xlabel="core hours" if has_cost else "epoch", ylabel=f"accuracy on PublicTest ({head}), %")

    told = "; ".join(
        f"{row['name']} from {row['curve'][0][head] or 0:.1%} to {row['curve'][-1][head] or 0:.1%}, at best "
        f"{max(round(each[head] or 0, DIGITS) for each in row['curve']):.1%}"
        for row in known
    )
    return Diagram("Learning curves", _svg(draw), f"Learning curves over {over.replace('_', ' ')}: {told}.")


def _svg(draw: Callable[[Any], None]) -> str:
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context({"svg.hashsalt": "comparison", "font.size": 9}):
        figure = Figure(figsize=SIZE_IN, layout="constrained")
        axes = figure.subplots()
        draw(axes)
        axes.grid(alpha=0.3)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8)
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()
