"""The snapshot from which the wearer's questions are answered: the people in the last frame, those of a moment before,
and those far away.

A face detected once, with a low score, is left out; a person missed by the detector for a moment stays in; with nobody
in view a slower search goes on (`detectors.rescan`).
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.people import KnownName, PersonView
from assistant.records import CANNOT_TELL, Frame, Track
from assistant.vision.decisions.stabilizer import TrackEstimate
from assistant.vision.detectors.rescan import Rescan
from assistant.vision.faces import geometry, quality
from assistant.vision.faces.downscale import Downscaler

MAX_AGE_S = 1.0
"""Seconds after which a snapshot is too old to answer from."""
CONFIRMED_HITS, CONFIRMED_SCORE = 3, 0.6
"""A track counts as a person once it was detected in so many frames, or in one with such a score. In tuning scenes a
tenth of the detections where nobody is score more, and four fifths of the faces of people when first detected."""
RESCAN_FAR_FACTOR = 1.5
"""A person found by the rescan alone counts as too far away up to so many times the width below which no face is read.
"""


@dataclass(frozen=True)
class SceneSnapshot:
    """The people in one frame."""

    at: float
    """When the frame was taken, seconds."""
    people: tuple[PersonView, ...] = ()
    """The nearest first."""
    count: int = 0
    """Number of faces detected, where there are more than are processed; else 0."""
    seen_at: float | None = None
    """Set where `people` are those of an earlier frame, taken at that time; None: they are in this one."""
    problem: str = ""
    """Why no face could be found in it, a key of [reasons]; empty where that is not known."""
    is_lens_covered: bool = False
    """Whether the lens is covered, so that nothing can be seen."""
    width: int = 640
    """Of the frame, pixels."""
    height: int = 480


def person_view(
    track: Track,
    estimate: TrackEstimate,
    width: int,
    fov_deg: float,
    *,
    partner: int | None,
    known: KnownName | None = None,
) -> PersonView:
    """What is known of a person in a frame `width` pixels and `fov_deg` degrees wide. partner: track_id of the
    conversation partner. known: who it is."""
    box = track.face.box
    return PersonView(
        track.track_id,
        box,
        estimate.state,
        estimate.expression,
        estimate.probability,
        estimate.since,
        estimate.reason,
        geometry.direction(box, width),
        geometry.clock_hour(box, width, fov_deg),
        geometry.distance_band(box, width, fov_deg),
        geometry.facing(track.face),
        track.track_id == partner,
        track.face.landmarks,
        known,
    )


class SnapshotBuilder:
    """Builds the snapshot of each frame."""

    def __init__(
        self,
        rescan: Rescan | None,
        occlusion: Callable[[NDArray[np.uint8]], bool] | None,
        max_faces: int,
        fov_deg: float,
    ) -> None:
        """rescan: looks for people while nobody is in view. occlusion: classifies whether the face in a crop is
        occluded. max_faces: how many faces of a frame are processed. fov_deg: the camera's field of view along its
        longer side."""
        self._rescan, self._occlusion, self._max_faces, self._fov_deg = rescan, occlusion, max_faces, fov_deg
        self._last: SceneSnapshot | None = None
        self._downscale = Downscaler()
        if rescan:
            rescan.reset()

    @property
    def is_searching(self) -> bool:
        """Whether the search for people far away goes on with the next frame."""
        return self._rescan is not None and self._rescan.is_under_way

    def build(
        self,
        frame: Frame,
        grey: NDArray[np.uint8],
        tracks: Sequence[Track],
        estimate: Callable[[int], TrackEstimate],
        partner: int | None,
        *,
        found: int,
        known: Mapping[int, KnownName] = MappingProxyType({}),
    ) -> SceneSnapshot:
        """The snapshot of a frame.

        grey: the frame as uint8 [H, W]. estimate: the estimate of a track, by track_id. partner: track_id of
        the conversation partner. found: how many faces the detector found. known: who the tracks are.
        """
        height, width = grey.shape
        confirmed = [(track, estimate(track.track_id)) for track in tracks if _is_confirmed(track)]
        problem = "" if confirmed else quality.frame_rejection_reason(grey, self._downscale)
        far = self._rescan_people(frame, grey, is_needed=not confirmed and not problem)
        if not confirmed and self._last and frame.at - self._last.at <= MAX_AGE_S:
            held = tuple(dataclasses.replace(each, landmarks=None) for each in self._last.people)
            return dataclasses.replace(self._last, at=frame.at, people=held, seen_at=self._last.at)
        fov_deg = geometry.horizontal_fov_deg(self._fov_deg, grey.shape)
        people = tuple(
            person_view(track, each, width, fov_deg, partner=partner, known=known.get(track.track_id))
            for track, each in (*confirmed, *far)
        )
        count = found if found > self._max_faces else 0
        snapshot = SceneSnapshot(frame.at, people, count, problem=problem, width=width, height=height)
        self._last = snapshot if confirmed else None
        return snapshot

    def _rescan_people(
        self, frame: Frame, grey: NDArray[np.uint8], *, is_needed: bool
    ) -> tuple[tuple[Track, TrackEstimate], ...]:
        """The people found by the rescan alone; they have no state, only a reason for that. Their track_ids are
        negative."""
        if self._rescan is None:
            return ()
        if not is_needed:
            self._rescan.reset()
            return ()
        found = self._rescan.update(grey, frame.at)[: self._max_faces]
        tracks = [Track(-number, face) for number, face in enumerate(found, 1)]
        margin = self._rescan.crop_margin
        return tuple(
            (track, TrackEstimate(CANNOT_TELL, "", 0.0, self._reason(track, grey, margin), 0.0)) for track in tracks
        )

    def _reason(self, track: Track, grey: NDArray[np.uint8], margin: float) -> str:
        if track.face.box.width * quality.REFERENCE_WIDTH < RESCAN_FAR_FACTOR * quality.MIN_FACE_WIDTH_PX * max(
            grey.shape
        ):
            return "far"
        _, reason = quality.assess_face(grey, track.face, margin, self._occlusion)
        return reason or "unclear"


def _is_confirmed(track: Track) -> bool:
    return track.hits >= CONFIRMED_HITS or track.face.score >= CONFIRMED_SCORE
