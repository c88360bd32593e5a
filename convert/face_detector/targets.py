"""Which cell of the detector's maps answers for which face, and what it should say."""

import numpy as np
from numpy.typing import NDArray

from assistant.vision.detectors import decode
from convert.face_detector.compose import Frame

FACE, IGNORED, BOX, LANDMARKS, HAS_LANDMARKS = slice(0, 1), slice(1, 2), slice(2, 6), slice(6, 16), slice(16, 17)
"""Columns of a target: 1 where a cell answers for a face; 1 where it counts neither way; the face's box (left, top,
width, height) and points (x, y of five) in pixels; 1 where the points are known."""
WIDTH = 17

SIZES = {8: (0.0, 64.0), 16: (40.0, 128.0), 32: (88.0, np.inf)}
"""Face sizes (root of the area, pixels) that the map of a stride answers for; where two overlap, both do."""
BLURRED = 1.5
"""A map that a face is too small or too large for by less than this factor is not held to saying nothing of it."""
REACH_CELLS, REACH_FACE = 1.5, 0.3
"""Cells whose centre lies this far (in strides, and in face sizes) from that of the face answer for it; the nearest one
always does."""


def targets(frame: Frame) -> NDArray[np.float32]:
    """Float32 [cells, 17] for a frame, the cells in the order of `grid.centres`."""
    points, strides = decode.cell_centers(*frame.grey.shape)
    made = np.zeros((len(points), WIDTH), np.float32)
    for x, y, width, height in frame.ignored:
        inside = (np.abs(points - (x + width / 2, y + height / 2)) <= (width / 2, height / 2)).all(axis=1)
        made[inside, IGNORED] = 1
    order = np.argsort(-np.prod(frame.boxes[:, 2:], axis=1), kind="stable")  # small faces have the last word
    for index in order:
        box, known = frame.boxes[index], frame.landmarks[index]
        size = float(np.sqrt(box[2] * box[3]))
        off = np.abs(points - (box[:2] + box[2:] / 2)).max(axis=1)
        near = off <= np.maximum(strides / 2, np.minimum(REACH_CELLS * strides, REACH_FACE * size))
        for stride, (least, most) in SIZES.items():
            cells = near & (strides == stride)
            if least <= size < most:
                made[cells] = 0
                made[cells, FACE], made[cells, BOX] = 1, box
                if np.isfinite(known).all():
                    made[cells, LANDMARKS], made[cells, HAS_LANDMARKS] = known.ravel(), 1
            elif least / BLURRED <= size < most * BLURRED:
                cells &= made[:, 0] == 0
                made[cells, IGNORED] = 1
    return made
