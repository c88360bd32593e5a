"""The report of `evaluate` as text, as Markdown and as diagrams."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import write_atomically
from convert.expression.evaluation import slices


def as_text(report: dict[str, Any]) -> str:
    """The report as text tables."""
    lines = [f"{report['split']}, judged by {report['truth']}", "", *_accuracy(report)]
    labels = report["labels"]
    lines += ["", f"{'all pictures':10} {'precision':>10} {'recall':>8} {'F1':>8} {'pictures':>9}"]
    for name, row in report["all"]["classes"].items():
        lines.append(f"{name:12} {row['precision']:10.2%} {row['recall']:8.2%} {row['f1']:8.2%} {row['support']:9d}")
    lines += ["", f"{'is / said':12} " + " ".join(f"{name:>9}" for name in labels)]
    for name, counts in zip(labels, report["all"]["confusion"], strict=True):
        lines.append(f"{name:12} " + " ".join(f"{count:9d}" for count in counts))
    lines += ["", *(f"{name:40} {value}" for name, value in _further(report))]
    return "\n".join([*lines, *([""] if "slices" in report else []), *slices.as_text(report.get("slices", {}))])


def write(report: dict[str, Any], name: str, folder: Path) -> list[Path]:
    """Write NAME.json, NAME.md and the diagrams NAME-confusion.png and NAME-confidence.png; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        folder / f"{name}.json": (json.dumps(report, indent=1) + "\n").encode(),
        folder / f"{name}.md": (markdown(report, name) + "\n").encode(),
    }
    write_atomically(files)
    return [*files, _draw_confusion(report, name, folder), _draw_confidence(report, name, folder)]


def markdown(report: dict[str, Any], name: str) -> str:
    """The report as Markdown."""
    lines = [f"# {name}", "", f"{report['split']}, judged by {report['truth']}.", ""]
    lines += [f"- {' '.join(line.split())}" for line in _accuracy(report)]
    lines += ["", *_table(("class", "precision", "recall", "F1", "pictures"), [
        (label, f"{row['precision']:.2%}", f"{row['recall']:.2%}", f"{row['f1']:.2%}", str(row["support"]))
        for label, row in report["all"]["classes"].items()
    ])]  # fmt: skip
    lines += ["", *_table(("is / said", *report["labels"]), [
        (label, *map(str, counts)) for label, counts in zip(report["labels"], report["all"]["confusion"], strict=True)
    ])]  # fmt: skip
    lines += ["", *_table(("measure", "figure"), _further(report))]
    lines += ["", *_table(("surest share of the pictures", "wrong"), [
        (f"{row['coverage']:.0%}", f"{row['risk']:.2%}") for row in report["confidence"]["risk_coverage"]
    ])]  # fmt: skip
    if "robustness" in report:
        rows = [
            (kind, *(f"{each['accuracy']:.2%} ({each['strength']:g})" for each in strengths))
            for kind, strengths in report["robustness"]["disturbances"].items()
        ]
        lines += ["", *_table(("disturbance (strength)", "mild", "middle", "hard"), rows)]
    return "\n".join(lines)


def _accuracy(report: dict[str, Any]) -> list[str]:
    lines = []
    for part, title in (("all", "all pictures"), ("without_twins", "without the twins of Training")):
        figures = report[part]
        low, high = figures["accuracy_interval_95"]
        lines.append(
            f"{title:30} {figures['pictures']:5d} pictures   accuracy {figures['accuracy']:.2%} "
            f"(95 %: {low:.2%} to {high:.2%})   macro-F1 {figures['macro_f1']:.2%}"
        )
    if "balanced" in report:
        for part, title in (("as_they_are", "spoken classes alone"), ("by_prior", "the same, balanced posterior")):
            figures = report["balanced"][part]
            lines.append(
                f"{title:30} {figures['pictures']:5d} pictures   accuracy {figures['accuracy']:.2%}   macro recall "
                f"{figures['macro_recall']:.2%}"
            )
    for part, figures in report.get("ferplus_majority", {}).items():
        title = "FER+ majority, without twins" if part == "without_twins" else "FER+ majority"
        lines.append(f"{title:30} {figures['pictures']:5d} pictures   agreement {figures['agreement']:.2%}")
    return lines


def _further(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Rows of (name, figure): calibration, mirror consistency and, if measured, robustness and muxspace."""
    confidence, mirror = report["confidence"], report["mirror"]
    rows = [
        (f"balanced posterior, recall of {name}", f"{row['recall']:.2%} ({low:.0%} to {high:.0%} of {row['support']})")
        for name, row in report.get("balanced", {}).get("by_prior", {}).get("classes", {}).items()
        for low, high in (row["interval_95"],)
    ]
    rows += [
        ("expected calibration error", f"{confidence['ece']:.2%}"),
        ("cross-entropy, nats", f"{confidence['cross_entropy']:.4f}"),
        ("area under the risk-coverage curve", f"{confidence['aurc']:.4f}"),
        ("same answer when mirrored", f"{mirror['same_answer']:.2%}"),
    ]
    if "robustness" in report:
        rows.append(("accuracy, mean of all disturbances", f"{report['robustness']['mean_accuracy']:.2%}"))
    if "muxspace" in report:
        wild = report["muxspace"]
        rows += [
            ("muxspace, mean recall, pictures as given", f"{wild['given']['mean_recall']:.2%}"),
            ("muxspace, the detector finds the face", f"{wild['face_found']:.2%}"),
            ("muxspace, mean recall, detector's crops", f"{wild['detected']['mean_recall']:.2%}"),
            ("muxspace, lost by the detector's crops", f"{wild['loss_points']:.2f} points"),
        ]
    return rows


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ("---",) * len(heads), *rows)]


def _draw_confusion(report: dict[str, Any], name: str, folder: Path) -> Path:
    from matplotlib.figure import Figure

    labels, table = report["labels"], report["all"]["confusion"]
    figure = Figure(figsize=(6, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.imshow([[count / max(sum(row), 1) for count in row] for row in table], cmap="Blues", vmin=0, vmax=1)
    for actual, row in enumerate(table):
        for predicted, count in enumerate(row):
            color = "white" if count > sum(row) / 2 else "black"
            axes.text(predicted, actual, str(count), ha="center", va="center", color=color, fontsize=8)
    axes.set(xlabel="said", ylabel="is", title=f"{name}, {report['split']}")
    axes.set_xticks(range(len(labels)), labels, rotation=45)
    axes.set_yticks(range(len(labels)), labels)
    return _saved(figure, folder / f"{name}-confusion.png")


def _draw_confidence(report: dict[str, Any], name: str, folder: Path) -> Path:
    from matplotlib.figure import Figure

    confidence = report["confidence"]
    figure = Figure(figsize=(9, 4), layout="constrained")
    risk, reliability = figure.subplots(1, 2)
    rows = confidence["risk_coverage"]
    risk.plot([100 * row["coverage"] for row in rows], [100 * row["risk"] for row in rows], marker="o")
    risk.set(xlabel="surest share of the pictures, %", ylabel="wrong, %", title=name, ylim=(0, None))
    bins = confidence["reliability"]
    reliability.plot([0, 1], [0, 1], color="grey", linewidth=1)
    reliability.plot([row["probability"] for row in bins], [row["right"] for row in bins], marker="o")
    reliability.set(xlabel="mean probability", ylabel="share right", title=f"calibration error {confidence['ece']:.2%}")
    return _saved(figure, folder / f"{name}-confidence.png")


def _saved(figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=110)
    return path
