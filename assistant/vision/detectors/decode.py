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
    clipped = np.maximum(np.minimum(logits, 80, dtype=np.float64), -80)
    return np.asarray(1 / (1 + np.exp(-clipped)), np.float32)


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
    if not len(boxes):
        return []
    order = np.argsort(-scores, kind="stable")
    weights = scores[order].astype(np.float64)
    numbers = np.concatenate([boxes, points.reshape(-1, 10)], axis=1, dtype=np.float64)[order]
    merged = []
    for cluster in _clusters(numbers[:, :4].tolist(), iou_threshold):
        weight = weights[cluster]
        mean = ((weight / weight.sum()) @ numbers[cluster]).astype(np.float32)
        merged.append((mean[:4], float(weight[0]), mean[4:].reshape(5, 2)))
    return merged


def _clusters(boxes: list[list[float]], iou_threshold: float) -> list[list[int]]:
    """Indices of the boxes of each cluster: the first box that is left, and all whose IoU with it exceeds a threshold.

    Computed number by number: there are a dozen boxes, for which that takes a third of the time that arrays take.
    """
    left = [(x, y, x + width, y + height, width * height, index) for index, (x, y, width, height) in enumerate(boxes)]
    clusters = []
    while left:
        (x, y, right, bottom, area, best), *others = left
        cluster, left = [best], []
        for other in others:
            other_x, other_y, other_right, other_bottom, other_area, index = other
            shared_x = (right if right < other_right else other_right) - (x if x > other_x else other_x)
            shared_y = (bottom if bottom < other_bottom else other_bottom) - (y if y > other_y else other_y)
            shared = shared_x * shared_y if shared_x > 0 and shared_y > 0 else 0.0
            if shared > iou_threshold * (area + other_area - shared):
                cluster.append(index)
            else:
                left.append(other)
        clusters.append(cluster)
    return clusters
