"""What each frame leaves for the wearer's questions: the people in it, those of a moment ago, and those far away.

A face that was found once, and not surely, is nobody to answer about; a person who is missed for a moment is still
there; and with nobody in view a slower search goes on (`detectors.rescan`).
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.records import CANNOT_TELL, Frame, PersonView, Track
from assistant.vision.decisions.stabilizer import TrackEstimate
from assistant.vision.detectors.rescan import Rescan
from assistant.vision.faces import geometry, quality

MAX_AGE_S = 1.0
"""An older picture answers nothing."""
CONFIRMED_HITS, CONFIRMED_SCORE = 3, 0.6
"""A face is a person to answer about once it was found in so many frames, or with such a score in one. Of what the
detector finds in tuning scenes where nobody is, a tenth scores more; of the faces of people, when first seen, four
fifths do."""
RESCAN_FAR_FACTOR = 1.5
"""A person found by the rescan alone is called too far away up to so many times the width below which no face is read.
"""


@dataclass(frozen=True)
class SceneSnapshot:
    """What one frame showed."""

    at: float
    """When it was taken, seconds."""
    people: tuple[PersonView, ...] = ()
    """The nearest first."""
    count: int = 0
    """How many faces were found, where those are more than are looked at; else 0."""
    seen_at: float | None = None
    """Set where `people` are those of an earlier frame, taken at that time; None: they are in this one."""
    problem: str = ""
    """Why nobody could be found in it, a key of [reasons]; empty where that is not known."""
    is_lens_covered: bool = False
    """Nothing can be seen."""
    width: int = 640
    """Of the frame, pixels."""
    height: int = 480


def person_view(track: Track, estimate: TrackEstimate, width: int, fov_deg: float, partner: int | None) -> PersonView:
    """What is known of a person in a frame `width` pixels and `fov_deg` degrees wide. partner: track_id of the
    conversation partner."""
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
        """rescan: looks for people while nobody is in view. occlusion: tells whether a crop shows an occluded face.
        max_faces: so many faces of a frame are looked at. fov_deg: the camera's field of view along its longer side."""
        self._rescan, self._occlusion, self._max_faces, self._fov_deg = rescan, occlusion, max_faces, fov_deg
        self._last: SceneSnapshot | None = None
        if rescan:
            rescan.reset()

    def build(
        self,
        frame: Frame,
        grey: NDArray[np.uint8],
        tracks: Sequence[Track],
        estimate: Callable[[int], TrackEstimate],
        partner: int | None,
        *,
        found: int,
    ) -> SceneSnapshot:
        """The snapshot of a frame.

        grey: the frame as uint8 [H, W]. estimate: what the readings of a track say, by track_id. partner: track_id of
        the conversation partner. found: how many faces the detector found.
        """
        height, width = grey.shape
        there = [(track, estimate(track.track_id)) for track in tracks if _is_confirmed(track)]
        problem = "" if there else quality.frame_rejection_reason(grey)
        far = self._look_far(frame, grey, is_needed=not there and not problem)
        if not there and self._last and frame.at - self._last.at <= MAX_AGE_S:
            return dataclasses.replace(self._last, at=frame.at, seen_at=self._last.at)
        fov_deg = geometry.horizontal_fov_deg(self._fov_deg, grey.shape)
        people = tuple(person_view(track, known, width, fov_deg, partner) for track, known in (*there, *far))
        count = found if found > self._max_faces else 0
        made = SceneSnapshot(frame.at, people, count, problem=problem, width=width, height=height)
        self._last = made if there else None
        return made

    def _look_far(
        self, frame: Frame, grey: NDArray[np.uint8], *, is_needed: bool
    ) -> tuple[tuple[Track, TrackEstimate], ...]:
        """The people found by the rescan alone; they have no state, but a reason why. Their track_ids are negative."""
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
