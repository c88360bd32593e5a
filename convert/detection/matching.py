"""Hits against faces: who matches whom, and what recall, precision and average precision come of it. Pure.

The protocol: at the long side of 320 pixels faces whose narrower side has 30 pixels count; smaller ones, and regions
nobody is sure of, are neither asked for nor held against a hit that lies in them; hits under 24 pixels are dropped;
hits take the face that they overlap most, the best hit first.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face

LEAST_FACE, LEAST_HIT = 30.0, 24.0
INSIDE = 0.5
"""Share of a hit's area in an ignored region from which it is ignored too."""

Boxes = NDArray[np.float32]
Hits = tuple[Boxes, NDArray[np.float32]]
"""Boxes [n, 4] (left, top, width, height) and their scores [n]."""


def as_arrays(faces: Sequence[Face], factor: float = 1.0) -> Hits:
    """A detector's faces, their boxes times `factor`."""
    boxes = np.array([face.box for face in faces], np.float32).reshape(-1, 4) * np.float32(factor)
    return boxes, np.array([face.score for face in faces], np.float32)


def judged(faces: Boxes, ignored: Boxes, hits: Hits, overlap: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Scores of the hits that count in one picture, and whether each found a face."""
    counts = faces[:, 2:].min(axis=1, initial=np.inf) >= LEAST_FACE
    regions = np.concatenate([faces[~counts], ignored])
    boxes, scores = hits
    large = boxes[:, 2:].min(axis=1, initial=np.inf) >= LEAST_HIT
    boxes, scores = boxes[large], scores[large]
    taken = np.zeros(len(faces), bool)
    kept, found = [], []
    for index in np.argsort(-scores, kind="stable"):
        shared = _shared(boxes[index], faces)
        area = boxes[index, 2] * boxes[index, 3]
        overlaps = np.where(taken, 0, shared / (area + faces[:, 2] * faces[:, 3] - shared))
        best = int(overlaps.argmax()) if len(overlaps) else -1
        is_match = best >= 0 and overlaps[best] >= overlap
        if is_match:
            taken[best] = True
        if (is_match and counts[best]) or (not is_match and (_shared(boxes[index], regions) < INSIDE * area).all()):
            kept.append(scores[index])
            found.append(is_match)
    return np.array(kept, np.float32), np.array(found, bool)


def asked(faces: Boxes) -> int:
    """How many faces of a picture count."""
    return int((faces[:, 2:].min(axis=1, initial=np.inf) >= LEAST_FACE).sum())


def average_precision(faces: Sequence[Boxes], ignored: Sequence[Boxes], hits: Sequence[Hits], overlap: float) -> float:
    """Area under the precision-recall curve, precision made to fall with recall (as PASCAL VOC from 2010 on)."""
    scores, found, total = _pooled(faces, ignored, hits, overlap)
    if not total or not len(scores):
        return 0.0
    right = np.cumsum(found[np.argsort(-scores, kind="stable")])
    precision = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    return float(np.diff(right / total, prepend=0) @ precision)


def recall_precision(
    faces: Sequence[Boxes], ignored: Sequence[Boxes], hits: Sequence[Hits], threshold: float, overlap: float = 0.5
) -> tuple[float, float]:
    """Of the hits with at least this score; precision is 1 where there are none."""
    scores, found, total = _pooled(faces, ignored, hits, overlap)
    chosen = found[scores >= threshold]
    return float(chosen.sum() / max(1, total)), float(chosen.mean()) if len(chosen) else 1.0


def _pooled(
    faces: Sequence[Boxes], ignored: Sequence[Boxes], hits: Sequence[Hits], overlap: float
) -> tuple[NDArray[np.float32], NDArray[np.bool_], int]:
    parts = [judged(*each, overlap) for each in zip(faces, ignored, hits, strict=True)]
    return (
        np.concatenate([scores for scores, _ in parts]),
        np.concatenate([found for _, found in parts]),
        sum(map(asked, faces)),
    )


def _shared(box: Boxes, boxes: Boxes) -> NDArray[np.float32]:
    corner = np.maximum(box[:2], boxes[:, :2])
    far = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    return np.asarray(np.prod(np.maximum(0, far - corner), axis=1), np.float32)
