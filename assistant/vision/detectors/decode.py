"""Decoding of the TFLite face detector's output maps into scores, boxes and landmarks: the one definition, used by the
device and by training.

A cell of stride s in column c and row r has its centre at ((c + 0.5) s, (r + 0.5) s). Its four box numbers are the
offset of the face's centre in strides, and the natural logarithms of width and height in strides; its ten landmark
numbers are the offsets of five points in strides: right eye, left eye, nose, right and left mouth corner.

All arithmetic is in float64 and rounded to float32 at the end: exponentials and sums differ in their last bit from one
processor to another, and the crop of a face would then differ between a desktop and the device.
"""

import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32)
"""Pixels of the shrunk picture between neighbouring cells, for each output map."""


def cell_centers(height: int, width: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Centres float32 [cells, 2] (x, y) and strides float32 [cells], in pixels, of all cells of a picture of that size.

    The finest stride comes first, rows from the top, columns from the left; a map spans the whole picture (rounded up).
    """
    points, strides = [], []
    for stride in STRIDES:
        rows, columns = -(-height // stride), -(-width // stride)
        y, x = np.mgrid[:rows, :columns].astype(np.float32)
        points.append((np.stack([x, y], axis=-1).reshape(-1, 2) + np.float32(0.5)) * stride)
        strides.append(np.full(rows * columns, stride, np.float32))
    return np.concatenate(points), np.concatenate(strides)


def scores_of(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of a face (sigmoid) of the cells' logits, float32 of the same shape."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80, dtype=np.float64))), np.float32)


def boxes_of(
    numbers: NDArray[np.float32], points: NDArray[np.float32], strides: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Boxes float32 [n, 4] (left, top, width, height in pixels) of the cells' box numbers float32 [n, 4]."""
    size = np.exp(numbers[:, 2:], dtype=np.float64) * strides[:, None]
    middle = points + np.multiply(numbers[:, :2], strides[:, None], dtype=np.float64)
    return np.concatenate([middle - size / 2, size], axis=1).astype(np.float32)


def landmarks_of(
    numbers: NDArray[np.float32], points: NDArray[np.float32], strides: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Points float32 [n, 5, 2] in pixels of the cells' landmark numbers float32 [n, 10]."""
    return points[:, None, :] + numbers.reshape(-1, 5, 2) * strides[:, None, None]


def weighted_nms(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], points: NDArray[np.float32], iou_threshold: float
) -> list[tuple[NDArray[np.float32], float, NDArray[np.float32]]]:
    """Non-maximum suppression that averages: one (box [4], score, points [5, 2]) for each cluster of boxes float32 [n,
    4] with scores [n] and points [n, 5, 2], the best score first.

    The box with the highest score and those whose IoU with it exceeds `iou_threshold` are replaced by their mean,
    weighted by score (as in BlazeFace), which jitters less from frame to frame than any one of them.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores, points = boxes[order], scores[order], points[order]
    areas, corners = boxes[:, 2] * boxes[:, 3], boxes[:, :2] + boxes[:, 2:]
    is_left = np.ones(len(boxes), bool)
    merged = []
    while is_left.any():
        best = int(is_left.argmax())
        shared = np.minimum(corners[best], corners) - np.maximum(boxes[best, :2], boxes[:, :2])
        shared_area = np.maximum(shared, 0).prod(axis=1)
        same = is_left & (shared_area > iou_threshold * (areas[best] + areas - shared_area))
        same[best] = True
        weight = scores[same].astype(np.float64)
        weight /= weight.sum()
        box, five = weight @ boxes[same], np.tensordot(weight, points[same], 1)
        merged.append((box.astype(np.float32), float(scores[best]), five.astype(np.float32)))
        is_left &= ~same
    return merged
