"""Words become lines, and lines stand in reading order: columns are read one after the other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from assistant.dataclass import dataclass
from assistant.records import Box
from assistant.skills.reading.word import Word

SAME_LINE = 0.5
"""The boxes of two words of a line overlap by such a share of the lower one's height."""
WORD_GAP = 2.2
"""Words farther apart, in heights of the line, belong to two columns."""
GUTTER = 1.0
"""Width of the gap between columns, in heights of a line."""
PROSE_WORDS = 3
"""Columns whose lines have fewer words than this, in the median, are a table: it is read row by row."""
RIGHT_TO_LEFT = ("ar",)


@dataclass(frozen=True)
class Line:
    """Words that stand beside each other, in reading order."""

    words: tuple[Word, ...]
    box: Box

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


def lines_of(words: Iterable[Word], *, right_to_left: bool = False) -> list[Line]:
    """The lines of a page, in reading order."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda word: (word.box.x, word.box.y)):
        best = max(rows, key=lambda row: _continues(row[-1].box, word.box), default=None)
        if best is not None and _continues(best[-1].box, word.box) > 0:
            best.append(word)
        else:
            rows.append([word])
    lines = [
        Line(tuple(reversed(row)) if right_to_left else tuple(row), _around([word.box for word in row])) for row in rows
    ]
    return _in_order(lines, right_to_left)


def _continues(left: Box, right: Box) -> float:
    """How well a word continues a line whose last word is `left`; 0: it does not."""
    height, taller = min(left.height, right.height), max(left.height, right.height)
    overlap = min(left.y + left.height, right.y + right.height) - max(left.y, right.y)
    gap = right.x - (left.x + left.width)
    if height <= 0 or overlap < SAME_LINE * height or not -0.5 * taller < gap < WORD_GAP * taller:
        return 0.0
    return overlap / height / (1 + max(0.0, gap) / taller)


def _around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds all."""
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, low = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Box(left, top, right - left, low - top)


def _in_order(lines: Sequence[Line], right_to_left: bool) -> list[Line]:
    """Bands from top to bottom: in a band, rows of the same columns, or one row."""
    bands: list[list[Line]] = []
    for row in _rows(lines):
        if bands and len(bands[-1]) > 1 and len(_columns([*bands[-1], *row])) > 1:
            bands[-1] += row
        else:
            bands.append(list(row))
    return [line for band in bands for line in _of_band(band, right_to_left)]


def _of_band(band: list[Line], right_to_left: bool) -> list[Line]:
    columns = _columns(band)
    side = -1 if right_to_left else 1
    if all(median(len(line.words) for line in column) >= PROSE_WORDS for column in columns):
        order = columns[::side]
        return [line for column in order for line in sorted(column, key=lambda line: line.box.y)]
    return [line for row in _rows(band) for line in sorted(row, key=lambda line: side * line.box.x)]


def _columns(lines: Sequence[Line]) -> list[list[Line]]:
    """Groups of lines between which nothing stands from top to bottom, from left to right."""
    gap = GUTTER * median(line.box.height for line in lines)
    return _groups(lines, lambda box: (box.x, box.x + box.width), gap)


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Groups of lines beside each other, from top to bottom."""
    return _groups(lines, lambda box: (box.y + 0.3 * box.height, box.y + 0.7 * box.height), 0.0)


def _groups(lines: Sequence[Line], extent: Callable[[Box], tuple[float, float]], gap: float) -> list[list[Line]]:
    """Lines in groups between which there are more than `gap` pixels along the axis of `extent`."""
    groups: list[list[Line]] = []
    reach = float("-inf")
    for line in sorted(lines, key=lambda line: extent(line.box)):
        low, high = extent(line.box)
        if groups and low - reach <= gap:
            groups[-1].append(line)
        else:
            groups.append([line])
        reach = max(reach, high)
    return groups
