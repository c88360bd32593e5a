"""The stages of a step as a bar chart in a PNG file."""

from pathlib import Path
from typing import Any

from assistant.system.atomic_files import write_atomically
from convert import figures


def write(report: dict[str, Any], to: Path) -> None:
    """Write the chart of a report of `stages.measure`: the median of each stage as a bar, the 95th percentile as a
    line. Raises ModuleNotFoundError without matplotlib, OSError."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    stages = report["stages"][::-1]
    figure = Figure(figsize=(8, 0.45 * len(stages) + 1.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    names, medians = [each["stage"] for each in stages], [each["p50_ms"] for each in stages]
    tails = [each["p95_ms"] - each["p50_ms"] for each in stages]
    axes.barh(names, medians, xerr=[[0.0] * len(stages), tails], color="#31688e", ecolor="#555555", capsize=3)
    for number, each in enumerate(stages):
        axes.annotate(f"  {each['core_share']:.2%} of a core", (each["p95_ms"], number), va="center", fontsize=8)
    axes.margins(x=0.25)
    axes.set_xlabel("milliseconds: median, and line to the 95th percentile")
    axes.set_title(f"{report['clip']}, {report['frames']} frames\n{report['machine']}; {report['date']}", fontsize=9)
    write_atomically({to: figures.encoded(figure)})
