"""Plot of a scene's timeline: ground truth of each person above, announcements with their verdicts below."""

from pathlib import Path

from convert.data.fer2013_labels import DatasetError
from convert.scenarios.score import announcements, presence
from convert.scenarios.score.transcript import SceneTranscript

COLOURS = {
    "neutral": "#b0b0b0", "happy": "#f2b91d", "surprise": "#7fb3e6", "sad": "#4c6fb1", "angry": "#d1495b",
    "disgust": "#7a9e4f", "fear": "#8e6bb0", "contempt": "#a67c52",
}  # fmt: skip
VERDICT_COLOURS = {
    announcements.CORRECT: "#2a7f3f",
    announcements.BRIEF: "#2a7f3f",
    announcements.LATE: "#c77700",
    announcements.WRONG_PERSON: "#8e44ad",
}
FALSE_COLOUR, NO_VERDICT_COLOUR = "#c00000", "#404040"
LINE_ROWS = 3
"""Number of rows over which announcements are distributed, so that their texts do not overlap."""


def draw(scene: SceneTranscript, folder: Path) -> Path:
    """Write a scene's timeline as PNG; returns the file. Raises DatasetError where it cannot be written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    truth = scene.truth
    height = 1.4 + 0.45 * max(1, len(truth.people)) + 0.35 * LINE_ROWS
    figure = Figure(figsize=(12, height), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for row, person in enumerate(truth.people):
        for interval in person.expressions:
            axes.broken_barh(
                [(interval.start, interval.end - interval.start)], (row + 0.1, 0.8), color=COLOURS[interval.value]
            )
            axes.text(interval.start + 0.1, row + 0.5, interval.value, va="center", fontsize=8, clip_on=True)
        for interval in person.unreadable:
            where = [(interval.start, interval.end - interval.start)]
            axes.broken_barh(where, (row + 0.1, 0.8), facecolor="none", edgecolor="black", hatch="///", linewidth=0.3)
            axes.text(interval.start + 0.1, row + 0.2, interval.value, fontsize=7, clip_on=True)
    verdicts = (*announcements.verdicts(truth, scene.lines), *presence.verdicts(truth, scene.lines))
    kinds = {id(verdict.line): verdict.kind for verdict in verdicts}
    for index, line in enumerate(scene.lines):
        y = -0.5 - index % LINE_ROWS
        is_spoken = line.started_at is not None
        at = line.started_at if line.started_at is not None else line.noticed_at
        kind = kinds.get(id(line))
        colour = NO_VERDICT_COLOUR if kind is None else VERDICT_COLOURS.get(kind, FALSE_COLOUR)
        axes.plot([at, at], [y - 0.3, 0], color=colour, linewidth=1, linestyle="-" if is_spoken else ":")
        text = line.text if is_spoken else f"({line.text})"
        axes.text(
            at + 0.05,
            y,
            text if kind in (None, announcements.CORRECT) else f"{text} [{kind}]",
            color=colour,
            fontsize=8,
        )
    for answer in scene.answers:
        axes.axvline(answer.at, color="tab:blue", linewidth=0.8, linestyle="--")
        axes.text(answer.at + 0.05, -LINE_ROWS, f"? {answer.state} {answer.reason}", color="tab:blue", fontsize=7)
    axes.set_xlim(0, truth.seconds)
    axes.set_ylim(-LINE_ROWS - 0.2, max(1, len(truth.people)))
    axes.set_yticks([row + 0.5 for row in range(len(truth.people))], [person.name for person in truth.people])
    axes.set_xlabel("seconds")
    axes.set_title(f"{truth.name}: ground truth (above), announcements (below)", fontsize=9)
    path = folder / f"{truth.name}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)
    except OSError as err:
        raise DatasetError(f"{path}: this plot cannot be written: {err.strerror}") from err
    return path
