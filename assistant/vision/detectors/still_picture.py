"""Whether a picture, or a face in it, shows what an earlier one showed, told by the means of its cells. Pure.

A cell's mean hardly depends on the sensor's noise: of 64 pixels whose noise has a standard deviation of 5 grey levels
the means of two frames differ by 0.9. The thresholds were chosen on the tuning scenes, seen by a camera that stands
still: with the scenes' noise, 2.5 to 4, no cell of a face that holds still differs by more than 4 after 0.1 to 0.3 s,
and in the middle of the change to another expression more than 50 do so by more than 8.
"""

import math

import numpy as np
from numpy.typing import NDArray

from assistant.records import Box
from assistant.vision.faces.downscale import Downscaler

MIN_COLUMNS = 80
"""A picture is halved as long as that leaves so many columns, or rows of an upright one: of 640x480 pixels a cell has
8x8."""
CHANGED_LEVELS, CHANGED_CELLS = 6, 3
"""A picture has changed where so many of its cells differ by more grey levels than that."""
FACE_LEVELS, FACE_CELLS = 5, 2
"""The same for a face: it has fewer cells, of which noise could change one."""
BRIGHT_FACE, LEAST_FACE_LEVELS = 100.0, 2
"""A face whose mean grey level is lower has less contrast, too: its levels are fewer in proportion, ..."""
DIM_FACE_SHARE = 0.01
"""... and so many of its cells must differ, for single ones do so by noise: with a standard deviation of 4, two cells
of a face of 160 pixels in one frame of three."""
FACE_MARGIN = 0.2
"""What counts as the face reaches this share of its box beyond it, on each side: where it goes when it moves."""


def cells_of(grey: NDArray[np.uint8], downscale: Downscaler) -> NDArray[np.uint8]:
    """The cells' means uint8 [rows, columns] of a picture uint8 [H, W]; they stay."""
    height, width = grey.shape
    while max(width, height) >= 2 * MIN_COLUMNS and min(width, height) >= 2:
        width, height = width // 2, height // 2
    cells = downscale(grey, (width, height))
    return cells.copy()


def is_same_picture(before: NDArray[np.uint8] | None, now: NDArray[np.uint8]) -> bool:
    """Whether two pictures, as cells uint8 [rows, columns], show the same; None: there was none."""
    if before is None or before.shape != now.shape:
        return False
    return _changed(before, now, CHANGED_LEVELS) < CHANGED_CELLS


def is_same_face(before: NDArray[np.uint8], now: NDArray[np.uint8], box: Box, width: int) -> bool:
    """Whether the place of a face in two pictures, as cells uint8 [rows, columns], shows the same. box: where the face
    is, in pixels of the picture, which is `width` pixels wide."""
    if before.shape != now.shape:
        return False
    rows, columns = now.shape
    cell = width / columns
    left = max(0, math.floor((box.x - FACE_MARGIN * box.width) / cell))
    top = max(0, math.floor((box.y - FACE_MARGIN * box.height) / cell))
    right = min(columns, math.ceil((box.x + (1 + FACE_MARGIN) * box.width) / cell))
    bottom = min(rows, math.ceil((box.y + (1 + FACE_MARGIN) * box.height) / cell))
    if right <= left or bottom <= top:
        return False
    face = now[top:bottom, left:right]
    levels = max(LEAST_FACE_LEVELS, min(FACE_LEVELS, int(FACE_LEVELS * face.mean() / BRIGHT_FACE)))
    least = FACE_CELLS if levels == FACE_LEVELS else max(FACE_CELLS, DIM_FACE_SHARE * face.size)
    return _changed(before[top:bottom, left:right], face, levels) < least


def _changed(before: NDArray[np.uint8], now: NDArray[np.uint8], levels: int) -> int:
    """How many cells differ by more than `levels`."""
    return int(np.count_nonzero(np.maximum(before, now) - np.minimum(before, now) > levels))
