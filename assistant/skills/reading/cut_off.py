"""Text that goes on outside the picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from assistant.skills.reading.reading_order import Line

EDGE_SHARE = 0.012
"""A word that ends nearer to an edge of the picture than this share of its longer side may go on outside."""
MIN_LINES = 2
"""On the left and right so many lines must touch the edge, or half of all: a single word may stand there by chance."""


class Side(StrEnum):
    """The sides of a picture, keys of [cut_off]."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"


LATERAL = (Side.LEFT, Side.RIGHT)
"""The sides at which MIN_LINES lines must be cut off; at the others one is enough."""


def cut_off_sides(lines: Sequence[Line], width: int, height: int) -> tuple[Side, ...]:
    """The sides of a picture of that size, in pixels, at which the text of lines is cut off."""
    margin = max(2.0, EDGE_SHARE * max(width, height))
    touching = dict.fromkeys(Side, 0)
    for line in lines:
        corners = [corner for word in line.words for corner in word.corners]
        across, down = [x for x, _ in corners], [y for _, y in corners]
        if not corners:
            continue
        touching[Side.LEFT] += min(across) < margin
        touching[Side.RIGHT] += max(across) > width - margin
        touching[Side.TOP] += min(down) < margin
        touching[Side.BOTTOM] += max(down) > height - margin
    needed = min(MIN_LINES, max(1, len(lines) // 2))
    return tuple(side for side, count in touching.items() if count >= (needed if side in LATERAL else 1))
