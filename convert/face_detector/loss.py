"""Training targets of the face detector, and its loss: quality focal loss for scores, generalized IoU for boxes.

The target score of a cell that is responsible for a face is the IoU of its predicted box with the face's (Li et al.
2020, generalized focal loss), so that non-maximum suppression keeps the best of several boxes. Boxes: generalized IoU
(Rezatofighi et al. 2019). Landmarks: mean absolute error.
"""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from assistant.vision.detectors import decode
from convert.face_detector.compose import TrainingFrame

FACE, IGNORED, BOX, LANDMARKS, HAS_LANDMARKS = slice(0, 1), slice(1, 2), slice(2, 6), slice(6, 16), slice(16, 17)
"""Columns of a target: 1 if the cell is responsible for a face; 1 if its score is ignored; the face's box (left, top,
width, height) and landmarks (x, y of five) in pixels; 1 if the landmarks are known."""
TARGET_COLUMNS = 17

SIZE_RANGES_PX = {8: (0.0, 64.0), 16: (40.0, 128.0), 32: (88.0, np.inf)}
"""Face sizes (root of the area) for which the map of each stride is responsible; where ranges overlap, both maps
are."""
IGNORE_FACTOR = 1.5
"""At a face that is too small or too large for a map by less than this factor, the score of the map is ignored."""
RADIUS_STRIDES, RADIUS_FACE_SIZES = 1.5, 0.3
"""Cells whose centre is within both distances (in strides and in face sizes) of the face's centre are responsible for
it; the nearest cell always is."""

WEIGHTS = {"score": 1.0, "box": 2.0, "landmarks": 5.0}
"""Weights of the parts of the loss. Typical errors are a twentieth of the face size for landmarks and a tenth of the
area for boxes; the weights balance these."""
FOCAL_EXPONENT = 2.0
"""Exponent of the focal loss, which reduces the weight of cells whose score is already close to its target."""
LOG_SIZE_RANGE = (-2.0, 4.0)
"""Range to which the loss clips predicted log sizes, since their exponential may diverge in the first steps."""


def targets(frame: TrainingFrame) -> NDArray[np.float32]:
    """The target of a frame, float32 [cells, 17], with the cells in the order of `decode.cell_centers`."""
    points, strides = decode.cell_centers(*frame.grey.shape)
    rows = np.zeros((len(points), TARGET_COLUMNS), np.float32)
    for x, y, width, height in frame.ignored:
        inside = (np.abs(points - (x + width / 2, y + height / 2)) <= (width / 2, height / 2)).all(axis=1)
        rows[inside, IGNORED] = 1
    order = np.argsort(-np.prod(frame.boxes[:, 2:], axis=1), kind="stable")  # small faces overwrite large ones
    for index in order:
        box, landmarks = frame.boxes[index], frame.landmarks[index]
        size = float(np.sqrt(box[2] * box[3]))
        distance = np.abs(points - (box[:2] + box[2:] / 2)).max(axis=1)
        near = distance <= np.maximum(strides / 2, np.minimum(RADIUS_STRIDES * strides, RADIUS_FACE_SIZES * size))
        for stride, (smallest, largest) in SIZE_RANGES_PX.items():
            cells = near & (strides == stride)
            if smallest <= size < largest:
                rows[cells] = 0
                rows[cells, FACE], rows[cells, BOX] = 1, box
                if np.isfinite(landmarks).all():
                    rows[cells, LANDMARKS], rows[cells, HAS_LANDMARKS] = landmarks.ravel(), 1
            elif smallest / IGNORE_FACTOR <= size < largest * IGNORE_FACTOR:
                cells &= rows[:, 0] == 0
                rows[cells, IGNORED] = 1
    return rows


class DetectionLoss(keras.losses.Loss):
    """The loss of predictions float32 [N, cells, 15] (logit, box, landmarks) for targets float32 [N, cells, 17].

    points, strides: the cells, from `decode.cell_centers`. The value is the sum over the batch, divided by the number
    of responsible cells.
    """

    def __init__(self, points: NDArray[np.float32], strides: NDArray[np.float32]) -> None:
        super().__init__(name="detection", reduction=None)
        self.points, self.strides = points, strides

    def call(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = ops.cast(y_true, "float32"), ops.cast(y_pred, "float32")
        face, target = y_true[..., FACE], y_true[..., BOX]
        points, strides = ops.convert_to_tensor(self.points), ops.convert_to_tensor(self.strides)[:, None]
        size = ops.exp(ops.clip(y_pred[..., 3:5], *LOG_SIZE_RANGE)) * strides
        corner = points + y_pred[..., 1:3] * strides - size / 2
        overlap, generalized = _overlaps(corner, size, target[..., :2], target[..., 2:])
        quality = ops.stop_gradient(face * overlap)
        logit = y_pred[..., :1]
        score = _cross_entropy(logit, quality) * ops.abs(quality - ops.sigmoid(logit)) ** FOCAL_EXPONENT
        offset = ops.tile(points, (1, 5)) + y_pred[..., 5:] * strides - y_true[..., LANDMARKS]
        scale = ops.sqrt(ops.maximum(target[..., 2:3] * target[..., 3:4], 1.0))
        distance = ops.mean(ops.abs(offset), axis=-1, keepdims=True) / scale
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
