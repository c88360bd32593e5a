"""Hits against faces: who matches whom, and what recall, precision and average precision come of it. Pure.

The protocol: at the long side of 320 pixels faces whose narrower side has 30 pixels count; smaller ones, and regions
nobody is sure of, are neither asked for nor held against a hit that lies in them; hits under 24 pixels are dropped;
the best hit chooses first, and takes the free face that it overlaps most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Judged:
    """One picture, or several pooled. scores [n] of the hits that count, right [n]: whether each found a face;
    found [m]: for each face that counts the score of the hit that found it, 0 where none did."""

    scores: NDArray[np.float32]
    right: NDArray[np.bool_]
    found: NDArray[np.float32]


def counting(faces: Boxes) -> NDArray[np.bool_]:
    """Which faces are large enough to be asked for."""
    return np.asarray(faces[:, 2:].min(axis=1, initial=np.inf) >= LEAST_FACE)


def judge(faces: Boxes, ignored: Boxes, hits: Hits, overlap: float) -> Judged:
    """The hits of one picture at a least overlap (intersection over union)."""
    counts = counting(faces)
    regions = np.concatenate([faces[~counts], ignored])
    boxes, scores = hits
    large = boxes[:, 2:].min(axis=1, initial=np.inf) >= LEAST_HIT
    boxes, scores = boxes[large], scores[large]
    found = np.zeros(len(faces), np.float32)
    kept, right = [], []
    for index in np.argsort(-scores, kind="stable"):
        common = shared(boxes[index], faces)
        area = boxes[index, 2] * boxes[index, 3]
        overlaps = np.where(found > 0, 0, common / (area + faces[:, 2] * faces[:, 3] - common))
        best = int(overlaps.argmax()) if len(overlaps) else -1
        is_match = best >= 0 and overlaps[best] >= overlap
        if is_match:
            found[best] = scores[index]
        if counts[best] if is_match else (shared(boxes[index], regions) < INSIDE * area).all():
            kept.append(scores[index])
            right.append(is_match)
    return Judged(np.array(kept, np.float32), np.array(right, bool), found[counts])


def judge_all(faces: Sequence[Boxes], ignored: Sequence[Boxes], hits: Sequence[Hits], overlap: float) -> list[Judged]:
    """Each of several pictures by itself."""
    return [judge(*each, overlap) for each in zip(faces, ignored, hits, strict=True)]


def pooled(pictures: Sequence[Judged]) -> Judged:
    """Several pictures as one."""
    return Judged(
        np.concatenate([each.scores for each in pictures]),
        np.concatenate([each.right for each in pictures]),
        np.concatenate([each.found for each in pictures]),
    )


def average_precision(judged: Judged) -> float:
    """Area under the precision-recall curve, precision made to fall with recall (as PASCAL VOC from 2010 on)."""
    recall, precision, _ = curve(judged)
    return float(np.diff(recall, prepend=0) @ precision)


def curve(judged: Judged) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """Recall, the best precision at that recall or more, and the score, for each hit from the best one on."""
    order = np.argsort(-judged.scores, kind="stable")
    right = np.cumsum(judged.right[order])
    precision = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    return right / max(1, len(judged.found)), precision, judged.scores[order]


def recall_precision(judged: Judged, threshold: float) -> tuple[float, float]:
    """Of the hits with at least this score; precision is 1 where there are none."""
    chosen = judged.right[judged.scores >= threshold]
    return float(chosen.sum() / max(1, len(judged.found))), float(chosen.mean()) if len(chosen) else 1.0


def recall_at_precision(judged: Judged, least: float) -> float:
    """The highest recall at which so many of the hits are right."""
    recall, precision, _ = curve(judged)
    return float(recall[precision >= least].max(initial=0.0))


def intervals(
    pictures: Sequence[Judged], groups: Sequence[str], threshold: float, resamples: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % intervals of recall, precision and average precision: whole groups (a recording, a person) drawn with
    replacement (the bootstrap of Efron 1979, by clusters)."""
    names = sorted(set(groups))
    parts = [pooled([each for each, group in zip(pictures, groups, strict=True) if group == name]) for name in names]
    random, drawn = np.random.default_rng(seed), []
    for _ in range(resamples):
        sample = pooled([parts[index] for index in random.integers(len(parts), size=len(parts))])
        drawn.append((*recall_precision(sample, threshold), average_precision(sample)))
    low, high = np.percentile(np.array(drawn), [2.5, 97.5], axis=0)
    return {name: (float(low[index]), float(high[index])) for index, name in enumerate(("recall", "precision", "ap"))}


def shared(box: Boxes, boxes: Boxes) -> NDArray[np.float32]:
    """Area [n], in square pixels, that a box [4] has in common with each of boxes [n, 4]."""
    corner = np.maximum(box[:2], boxes[:, :2])
    far = np.minimum(box[:2] + box[2:], boxes[:, :2] + boxes[:, 2:])
    return np.asarray(np.prod(np.maximum(0, far - corner), axis=1), np.float32)
