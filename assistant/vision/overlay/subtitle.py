"""A sentence in lines that fit into a strip."""

import bisect
import itertools
from collections.abc import Iterator

from assistant.vision.overlay.lettering import Lettering

SMALLEST = 0.5
"""A long text is written down to this share of its size; what does not fit then is cut, with an ellipsis."""


def lines_of(text: str, width: int, most: int, size: int, lettering: Lettering) -> tuple[list[str], int]:
    """The text in at most `most` lines of `width` pixels, and the size that they are written in: `size`, or the largest
    below it at which they fit."""
    smallest = max(1, round(size * SMALLEST))
    lines: list[str] = []
    for smaller in range(size, smallest - 1, -1):
        lines = list(itertools.islice(_wrapped(text, width, smaller, lettering), most + 1))
        if len(lines) <= most and all(lettering.width(line, smaller) <= width for line in lines):
            return lines, smaller
    cut = [_cut(line, width, smallest, lettering) for line in lines[:most]]
    if len(lines) > most:
        cut[-1] = _cut(f"{cut[-1].rstrip('…')} …", width, smallest, lettering)
    return cut, smallest


def _wrapped(text: str, width: int, size: int, lettering: Lettering) -> Iterator[str]:
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and lettering.width(longer, size) > width:
            yield line
            line = word
        else:
            line = longer
    if line:
        yield line


def _cut(line: str, width: int, size: int, lettering: Lettering) -> str:
    if len(line) <= 1 or lettering.width(line, size) <= width:
        return line
    whole = line.rstrip("…")

    def shortened(length: int) -> str:
        return f"{whole[:length].rstrip()}…"

    lengths = range(1, len(whole))
    return shortened(bisect.bisect_left(lengths, True, key=lambda each: lettering.width(shortened(each), size) > width))
