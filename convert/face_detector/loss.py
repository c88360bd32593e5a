"""What corrects the face detector: quality focal loss for scores, generalized IoU for boxes, distance for points.

A cell that answers for a face should score the overlap of its own box with the face's (Li et al. 2020, generalized
focal loss), so that of several boxes around a face the best one is kept. Boxes: Rezatofighi et al. 2019.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from convert.face_detector.targets import BOX, FACE, HAS_LANDMARKS, IGNORED, LANDMARKS

WEIGHTS = {"score": 1.0, "box": 2.0, "landmarks": 5.0}
"""Landmarks are off by a twentieth of a face where boxes are off by a tenth of their area: this evens them out."""
FOCUS = 2.0
"""Exponent by which well-answered cells count less."""
LOG_SIZES = (-2.0, 4.0)
"""Range of the size numbers that the loss looks at: beyond, exp would run away in the first steps."""


class DetectionLoss(keras.losses.Loss):
    """Of predictions float32 [N, cells, 15] (logit, box and landmark numbers) and targets float32 [N, cells, 17].

    points, strides: the cells, of `grid.centres`. The value is that of the batch per answering cell.
    """

    def __init__(self, points: NDArray[np.float32], strides: NDArray[np.float32]) -> None:
        super().__init__(name="detection", reduction=None)
        self.points, self.strides = points, strides

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        face, target = y_true[..., FACE], y_true[..., BOX]
        points, strides = ops.convert_to_tensor(self.points), ops.convert_to_tensor(self.strides)[:, None]
        size = ops.exp(ops.clip(y_pred[..., 3:5], *LOG_SIZES)) * strides
        corner = points + y_pred[..., 1:3] * strides - size / 2
        overlap, generalized = _overlaps(corner, size, target[..., :2], target[..., 2:])
        quality = ops.stop_gradient(face * overlap)
        logit = y_pred[..., :1]
        score = _cross_entropy(logit, quality) * ops.abs(quality - ops.sigmoid(logit)) ** FOCUS
        off = ops.tile(points, (1, 5)) + y_pred[..., 5:] * strides - y_true[..., LANDMARKS]
        scale = ops.sqrt(ops.maximum(target[..., 2:3] * target[..., 3:4], 1.0))
        distance = ops.mean(ops.abs(off), axis=-1, keepdims=True) / scale
        parts = (
            WEIGHTS["score"] * score * (1 - y_true[..., IGNORED])
            + WEIGHTS["box"] * face * (1 - generalized)
            + WEIGHTS["landmarks"] * face * y_true[..., HAS_LANDMARKS] * distance
        )
        return ops.sum(parts) / ops.maximum(ops.sum(face), 1.0)


def _cross_entropy(logit: Any, target: Any) -> Any:
    return ops.maximum(logit, 0.0) - logit * target + ops.log1p(ops.exp(-ops.abs(logit)))


def _overlaps(corner_a: Any, size_a: Any, corner_b: Any, size_b: Any) -> tuple[Any, Any]:
    """Intersection over union and generalized IoU [..., 1] of boxes given by corner and size [..., 2]."""
    far_a, far_b = corner_a + size_a, corner_b + size_b
    shared = _area(ops.minimum(far_a, far_b) - ops.maximum(corner_a, corner_b))
    union = _area(size_a) + _area(size_b) - shared
    hull = _area(ops.maximum(far_a, far_b) - ops.minimum(corner_a, corner_b))
    overlap = shared / ops.maximum(union, 1e-6)
    return overlap, overlap - (hull - union) / ops.maximum(hull, 1e-6)


def _area(size: Any) -> Any:
    return ops.maximum(size[..., :1], 0.0) * ops.maximum(size[..., 1:], 0.0)
