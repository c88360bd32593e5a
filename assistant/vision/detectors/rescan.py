"""Rescan: a second, multi-view search for faces while nobody is in view.

It searches at two scales: the detector's own, whose view of the frame is there already, and a finer one that sees
farther, on the picture and on its mirror image. A detection in a single view that is not sure is not accepted, but
agreeing detections of several views are. A round begins with one fine view and the near one; where neither has anything
that comes near to a face, it ends there, and else the mirror image follows a frame later. There is a round every 3 s,
every 2 s while something moves.

In 690 rooms with a person, 14 to 40 pixels from ear to ear, in whom the detector sees nobody, a round finds 453, and in
716 empty ones a false face in 36; it costs 5.4 times as much as the detector's view of a frame. With a fourth view, of
the near mirror image, and all four in each round, these were 454, 57 and 11.6.
"""

import dataclasses
import logging
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import DetectorError
from assistant.records import Face
from assistant.system.memory import trim_heap
from assistant.vision.detectors import FaceDetector, nearest_first
from assistant.vision.detectors.motion import Motion
from assistant.vision.detectors.on_demand import OnDemandDetector
from assistant.vision.faces.tracker import match_cost

log = logging.getLogger(__name__)

STILL_INTERVAL_S, MOVING_INTERVAL_S = 3.0, 2.0
"""Seconds from the start of one round to the start of the next: while nothing moves, and else. In a still room with
nobody in it the search then takes a tenth of a frame's CPU time; each second, it took two fifths."""
MAX_AGE_S = 1.0
"""Seconds after a round for which its result is used while the next one is not complete; then its own views are."""
VIEW_SCORE_THRESHOLD = 0.25
"""Score threshold of the detectors that a rescan uses; detections below the normal threshold count if views agree."""
GATE_SCORE = 0.35
"""A round whose first views have no detection with this score ends there. In the rooms with somebody in them it costs
one of 454, and in the empty ones it spares nine of ten second views; at 0.4 it costs three."""
MISSED_SCORE = 0.1
"""Score that stands for a view in which a face was not detected."""
MIXED_SCALE_BONUS = 0.1
"""Added to the mean score over all views before it is compared with the mean over the two fine-scale views: a face
that both scales see need not score as high as one that only the fine scale sees. Raising it accepts more faces, and
more false ones."""
ACCEPT_SCORE = 0.46
"""Combined score from which a face is accepted."""
MAX_VIEW_DISTANCE = 0.5
"""Detections of two views whose centres are at most this far apart, in widths of a face, are the same face."""
MIRRORED_LANDMARKS = (1, 0, 2, 4, 3)
"""Order of the landmarks (right eye, left eye, nose, right and left mouth corner) after mirroring."""


class _View(NamedTuple):
    is_fine: bool
    faces: list[Face]


class NearDetector(FaceDetector, Protocol):
    """The detector that searches every frame."""

    def candidates(self, grey: NDArray[np.uint8], threshold: float) -> list[Face]:
        """The faces of a picture uint8 [H, W] from another threshold on; of the picture that was searched last they
        cost no second search."""
        ...


class Rescan:
    """Searches the frames that it is given, at most one fine view in a frame.

    fine: a detector at the finer scale with the threshold VIEW_SCORE_THRESHOLD; near: the one that has searched the
    frame; min_score: combined score from which a face is accepted. Where the fine one fails, which may be opened long
    after the start, its views are empty until it works: nobody far away is found, and all else goes on.
    """

    crop_margin: float
    """As that of the detectors."""
    min_score: float

    def __init__(self, fine: FaceDetector, near: NearDetector, min_score: float = ACCEPT_SCORE) -> None:
        self.crop_margin, self.min_score = fine.crop_margin, min_score
        self._fine, self._near = fine, near
        self._motion = Motion()
        self._flipped = np.empty((0, 0), np.uint8)
        self._error = ""
        self.reset()

    def reset(self) -> None:
        """Drop all views and the last result: the next frame begins a new round."""
        self._views: list[_View] = []
        self._is_complete = False
        self._began = self._ended = -np.inf
        self._last: list[Face] = []

    @property
    def is_under_way(self) -> bool:
        """Whether a round has begun and its next view is due with the next frame."""
        return bool(self._views) and not self._is_complete

    def release(self) -> None:
        """Give back the memory of the fine detector, where it is one that can be opened again."""
        if isinstance(self._fine, OnDemandDetector) and self._fine.release():
            trim_heap()

    def update(self, grey: NDArray[np.uint8], at: float) -> list[Face]:
        """Search the next view in a frame uint8 [H, W] taken at `at` (seconds), if it is due; returns the faces that
        the last round accepted or, once that is older than MAX_AGE_S and another has begun, those of the unfinished
        round, largest first."""
        if self._is_complete and at - self._began >= MOVING_INTERVAL_S:
            is_due = at - self._began >= STILL_INTERVAL_S or self._motion.is_since_mark(grey)
            if is_due:
                self._views, self._is_complete = [], False
        if self._is_complete:
            return self._last
        if not self._views:
            self._began = at
            self._motion.mark(grey)
            self._views = [
                _View(True, self._fine_faces(grey)),
                _View(False, self._near.candidates(grey, VIEW_SCORE_THRESHOLD)),
            ]
            best = max((face.score for view in self._views for face in view.faces), default=0.0)
            self._is_complete = best < GATE_SCORE
        else:
            self._flipped = cv2.flip(grey, 1, dst=self._flipped)
            seen = self._fine_faces(self._flipped)
            self._views.append(_View(True, [mirror_face(face, grey.shape[1]) for face in seen]))
            self._is_complete = True
        if self._is_complete or at - self._ended > MAX_AGE_S:
            self._last = accepted_faces(self._views, self.min_score)
        if self._is_complete:
            self._ended = at
        return self._last

    def _fine_faces(self, picture: NDArray[np.uint8]) -> list[Face]:
        """The faces of a fine view; none where the detector fails."""
        try:
            found, error = self._fine.find(picture, picture), ""
        except DetectorError as err:
            found, error = [], str(err)
        if error != self._error and error:
            log.warning("nobody far away is found: %s", error)
        self._error = error
        return found


def accepted_faces(views: Sequence[_View], min_score: float = ACCEPT_SCORE) -> list[Face]:
    """The faces whose combined score reaches `min_score`, the largest first: each with the box and landmarks of the
    view in which it scored highest, and the combined score."""
    detections = sorted(((face, number) for number, view in enumerate(views) for face in view.faces), key=_by_score)
    groups: list[tuple[Face, dict[int, float]]] = []
    for face, number in detections:
        for first, scores in groups:
            if match_cost(first.box, face.box, MAX_VIEW_DISTANCE) is not None:
                scores.setdefault(number, face.score)
                break
        else:
            groups.append((face, {number: face.score}))
    found = (dataclasses.replace(face, score=_combined_score(views, scores)) for face, scores in groups)
    return nearest_first([face for face in found if face.score >= min_score])


def _combined_score(views: Sequence[_View], scores: dict[int, float]) -> float:
    """The mean score over the fine views, or over all views plus MIXED_SCALE_BONUS where that is higher; scores: by the
    index of the view."""
    all_scores = [scores.get(number, MISSED_SCORE) for number in range(len(views))]
    fine = [score for score, view in zip(all_scores, views, strict=True) if view.is_fine]
    fine_mean = sum(fine) / len(fine)
    if len(fine) == len(all_scores):
        return fine_mean
    return max(fine_mean, sum(all_scores) / len(all_scores) + MIXED_SCALE_BONUS)


def _by_score(detection: tuple[Face, int]) -> float:
    return -detection[0].score


def mirror_face(face: Face, width: int) -> Face:
    """A face of a picture `width` pixels wide as it lies in the mirror image of that picture."""
    landmarks = face.landmarks
    if landmarks is not None:
        landmarks = tuple((width - landmarks[index][0], landmarks[index][1]) for index in MIRRORED_LANDMARKS)
    box = face.box._replace(x=width - face.box.x - face.box.width)
    return dataclasses.replace(face, box=box, landmarks=landmarks)
