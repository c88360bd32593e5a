"""Draws a scene's timeline: above what was true of each person, below what was said, and how right that was."""

from pathlib import Path

from convert.data.fer2013 import DatasetError
from convert.scenarios.score import announcements, presence
from convert.scenarios.score.figures import Heard

COLOURS = {
    "neutral": "#b0b0b0", "happy": "#f2b91d", "surprise": "#7fb3e6", "sad": "#4c6fb1", "angry": "#d1495b",
    "disgust": "#7a9e4f", "fear": "#8e6bb0", "contempt": "#a67c52",
}  # fmt: skip
VERDICTS = {
    announcements.RIGHT: "#2a7f3f",
    announcements.BRIEF: "#2a7f3f",
    announcements.STALE: "#c77700",
    announcements.WRONG_PERSON: "#8e44ad",
}
WRONG, PLAIN = "#c00000", "#404040"
ROWS = 3
"""Rows over which lines are spread, so that they can be read."""


def draw(heard: Heard, folder: Path) -> Path:
    """Write a scene's timeline as PNG; returns the file. Raises DatasetError where it cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    truth = heard.truth
    height = 1.4 + 0.45 * max(1, len(truth.people)) + 0.35 * ROWS
    figure = Figure(figsize=(12, height), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for row, person in enumerate(truth.people):
        for span in person.shows:
            axes.broken_barh([(span.start, span.end - span.start)], (row + 0.1, 0.8), color=COLOURS[span.what])
            axes.text(span.start + 0.1, row + 0.5, span.what, va="center", fontsize=8, clip_on=True)
        for span in person.hidden:
            where = [(span.start, span.end - span.start)]
            axes.broken_barh(where, (row + 0.1, 0.8), facecolor="none", edgecolor="black", hatch="///", linewidth=0.3)
            axes.text(span.start + 0.1, row + 0.2, span.what, fontsize=7, clip_on=True)
    verdicts = (*announcements.judge(truth, heard.said), *presence.judge(truth, heard.said))
    kinds = {id(verdict.said): verdict.kind for verdict in verdicts}
    for number, line in enumerate(heard.said):
        y = -0.5 - number % ROWS
        is_told = line.started_at is not None
        at = line.started_at if line.started_at is not None else line.at
        kind = kinds.get(id(line))
        colour = PLAIN if kind is None else VERDICTS.get(kind, WRONG)
        axes.plot([at, at], [y - 0.3, 0], color=colour, linewidth=1, linestyle="-" if is_told else ":")
        said = line.text if is_told else f"({line.text})"
        axes.text(
            at + 0.05, y, said if kind in (None, announcements.RIGHT) else f"{said} [{kind}]", color=colour, fontsize=8
        )
    for answer in heard.answers:
        axes.axvline(answer.at, color="tab:blue", linewidth=0.8, linestyle="--")
        axes.text(answer.at + 0.05, -ROWS, f"? {answer.state} {answer.reason}", color="tab:blue", fontsize=7)
    axes.set_xlim(0, truth.seconds)
    axes.set_ylim(-ROWS - 0.2, max(1, len(truth.people)))
    axes.set_yticks([row + 0.5 for row in range(len(truth.people))], [person.name for person in truth.people])
    axes.set_xlabel("seconds")
    axes.set_title(f"{truth.name}: what was true (above), what was said (below)", fontsize=9)
    path = folder / f"{truth.name}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as err:
        raise DatasetError(f"{path}: this plot cannot be written: {err.strerror}") from err
    return path
