"""Matching of detections with annotated faces; recall, precision, average precision and landmark errors of a detector.

The protocol: the long side of a picture is 320 pixels. Faces whose shorter side has 30 pixels or more are expected.
Smaller faces and ignored regions are not expected, and detections in them are not false positives. Detections under 24
pixels are dropped. In order of descending score, each detection is matched with the unmatched face of the highest IoU.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.records import Face
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces.quality import head_pose
from convert.data.boxes import intersection_areas, iou
from convert.face_detector.pictures import Picture

MIN_FACE_PX, MIN_DETECTION_PX = 30.0, 24.0
"""Shorter side of the smallest face that is expected, and of the smallest detection that is counted."""
IGNORED_SHARE = 0.5
"""A detection is ignored if at least this share of its area is inside an ignored region."""
LANDMARK_MIN_IOU = 0.5
"""Smallest IoU at which a detection is matched with a face with known landmarks."""

Boxes = NDArray[np.float32]
"""[n, 4]: left, top, width, height."""
Detections = tuple[Boxes, NDArray[np.float32]]
"""Boxes [n, 4] and their scores [n]."""


def as_arrays(faces: Sequence[Face], factor: float = 1.0) -> Detections:
    """A detector's faces as arrays, their boxes multiplied by `factor`."""
    boxes = np.array([face.box for face in faces], np.float32).reshape(-1, 4) * np.float32(factor)
    return boxes, np.array([face.score for face in faces], np.float32)


@dataclass(frozen=True)
class Matches:
    """Result of matching: of one picture, or of several pooled."""

    scores: NDArray[np.float32]
    """[n]: scores of the detections that are counted."""
    is_true: NDArray[np.bool_]
    """[n]: whether each of these detections is a true positive."""
    face_scores: NDArray[np.float32]
    """[m]: for each expected face the score of its detection, 0 if it was not detected."""


def is_expected(faces: Boxes) -> NDArray[np.bool_]:
    """Whether each face is large enough to be expected, bool [n]."""
    return np.asarray(faces[:, 2:].min(axis=1, initial=np.inf) >= MIN_FACE_PX)


def match(faces: Boxes, ignored: Boxes, detections: Detections, min_iou: float) -> Matches:
    """Match the detections of one picture; min_iou: smallest IoU of a true positive."""
    expected = is_expected(faces)
    regions = np.concatenate([faces[~expected], ignored])
    boxes, scores = detections
    is_large = boxes[:, 2:].min(axis=1, initial=np.inf) >= MIN_DETECTION_PX
    boxes, scores = boxes[is_large], scores[is_large]
    face_scores = np.zeros(len(faces), np.float32)
    kept, is_true = [], []
    for index in np.argsort(-scores, kind="stable"):
        overlaps = np.where(face_scores > 0, 0, iou(boxes[index], faces))
        best = int(overlaps.argmax()) if len(overlaps) else -1
        is_match = best >= 0 and overlaps[best] >= min_iou
        if is_match:
            face_scores[best] = scores[index]
        area = boxes[index, 2] * boxes[index, 3]
        if expected[best] if is_match else (intersection_areas(boxes[index], regions) < IGNORED_SHARE * area).all():
            kept.append(scores[index])
            is_true.append(is_match)
    return Matches(np.array(kept, np.float32), np.array(is_true, bool), face_scores[expected])


def match_all(
    faces: Sequence[Boxes], ignored: Sequence[Boxes], detections: Sequence[Detections], min_iou: float
) -> list[Matches]:
    """Match the detections of several pictures, each separately."""
    return [match(*each, min_iou) for each in zip(faces, ignored, detections, strict=True)]


def pool(pictures: Sequence[Matches]) -> Matches:
    """The matches of several pictures, concatenated."""
    return Matches(
        np.concatenate([each.scores for each in pictures]),
        np.concatenate([each.is_true for each in pictures]),
        np.concatenate([each.face_scores for each in pictures]),
    )


def average_precision(matches: Matches) -> float:
    """Area under the precision-recall curve, with precision made monotonic (as in PASCAL VOC from 2010 on)."""
    recall, precision, _ = precision_recall_curve(matches)
    return float(np.diff(recall, prepend=0) @ precision)


def precision_recall_curve(matches: Matches) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float32]]:
    """Recall, highest precision at that recall or more, and score, for each detection in order of descending score."""
    order = np.argsort(-matches.scores, kind="stable")
    true_positives = np.cumsum(matches.is_true[order])
    precision = np.maximum.accumulate((true_positives / np.arange(1, len(true_positives) + 1))[::-1])[::-1]
    return true_positives / max(1, len(matches.face_scores)), precision, matches.scores[order]


def recall_precision(matches: Matches, threshold: float) -> tuple[float, float]:
    """Recall and precision of the detections with at least this score; precision is 1 if there are none."""
    chosen = matches.is_true[matches.scores >= threshold]
    return float(chosen.sum() / max(1, len(matches.face_scores))), float(chosen.mean()) if len(chosen) else 1.0


def recall_at_precision(matches: Matches, min_precision: float) -> float:
    """The highest recall with a precision of at least `min_precision`."""
    recall, precision, _ = precision_recall_curve(matches)
    return float(recall[precision >= min_precision].max(initial=0.0))


def confidence_intervals(
    pictures: Sequence[Matches], groups: Sequence[str], threshold: float, resamples: int = 1000, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % intervals of recall, precision and average precision by a cluster bootstrap (Efron 1979).

    groups: the cluster of each picture (a recording, a person); clusters are drawn with replacement.
    """
    names = sorted(set(groups))
    parts = [pool([each for each, group in zip(pictures, groups, strict=True) if group == name]) for name in names]
    random, figures = np.random.default_rng(seed), []
    for _ in range(resamples):
        sample = pool([parts[index] for index in random.integers(len(parts), size=len(parts))])
        figures.append((*recall_precision(sample, threshold), average_precision(sample)))
    low, high = np.percentile(np.array(figures), [2.5, 97.5], axis=0)
    return {name: (float(low[index]), float(high[index])) for index, name in enumerate(("recall", "precision", "ap"))}


def landmark_error(detector: FaceDetector, pictures: Sequence[Picture]) -> dict[str, float]:
    """Errors of a detector's landmarks, over the detected faces whose landmarks are known.

    faces: number of these faces. distance: median distance as a share of the face's size (root of its area). roll_deg:
    median absolute error of the roll. turn_slope: slope of the regression of the detected turn of the head on the known
    one; 1 is ideal, 0 means that the turn has no effect on the landmarks. Without such faces the only key is `faces`.
    """
    distances, rolls, turns = [], [], []
    for picture in pictures:
        detected = [face for face in detector.find(picture.grey, picture.grey) if face.landmarks is not None]
        boxes = np.array([face.box for face in detected], np.float32).reshape(-1, 4)
        for box, known in zip(picture.boxes, picture.landmarks, strict=True):
            overlaps = iou(box, boxes)
            if not overlaps.size or overlaps.max() < LANDMARK_MIN_IOU or not np.isfinite(known).all():
                continue
            found = detected[int(overlaps.argmax())].landmarks or ()
            distances.append(np.hypot(*(np.array(found) - known).T).mean() / np.sqrt(box[2] * box[3]))
            known_pose, found_pose = head_pose([(float(x), float(y)) for x, y in known]), head_pose(found)
            rolls.append(abs(found_pose.roll_deg - known_pose.roll_deg))
            turns.append((known_pose.turn, found_pose.turn))
    if not distances:
        return {"faces": 0}
    known_turn, found_turn = np.array(turns).T
    spread = float(((known_turn - known_turn.mean()) ** 2).sum())
    slope = float(((known_turn - known_turn.mean()) * (found_turn - found_turn.mean())).sum()) / max(spread, 1e-9)
    return {
        "faces": len(distances),
        "distance": float(np.median(distances)),
        "roll_deg": float(np.median(rolls)),
        "turn_slope": slope,
    }
