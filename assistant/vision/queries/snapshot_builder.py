"""What each frame leaves for whoever asks: who is there, what was there a moment ago, and who is far away.

A face that was found once, and not surely, is a shadow; who is missed for a moment is still there; with nobody in view
a search goes on.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.records import CANNOT_TELL, Frame, Track
from assistant.vision.decisions.stabilizer import Glance
from assistant.vision.detectors.rescan import Rescan
from assistant.vision.faces import geometry, preprocess, quality
from assistant.vision.queries import snapshot
from assistant.vision.queries.answers import FRESH_S
from assistant.vision.queries.snapshot import Sight

CERTAIN_FRAMES, CERTAIN_SCORE = 3, 0.6
"""A face is somebody to answer about once it was found in so many frames, or so surely in one. Of what the detector
finds in tuning scenes where nobody is, the tenth that scores more; of the faces of people, seen first, four fifths."""
FAR_LOOK = 1.5
"""Who is found by the search alone is too far up to so many times the width from which faces are read."""


class Lookout:
    """Keeps what answers are made of. search: for who was not found, if there is one; covered: as the pipeline's;
    most: so many faces are looked at."""

    def __init__(
        self, search: Rescan | None, covered: Callable[[NDArray[np.uint8]], bool] | None, most: int, fov_deg: float
    ) -> None:
        self.search, self.covered, self.most, self.fov_deg = search, covered, most, fov_deg
        self._seen: Sight | None = None
        if search:
            search.reset()

    def look(
        self, frame: Frame, grey: NDArray[np.uint8], people: Sequence[Track],
        glance: Callable[[int], Glance], partner: int | None, *, found: int,
    ) -> Sight:  # fmt: skip
        """What a frame shows. glance: what is known of a person by number; partner: who talks to the wearer; found: how
        many faces were."""
        height, width = grey.shape
        there = [(person, glance(person.track_id)) for person in people if _is_certain(person)]
        trouble = "" if there else quality.frame_rejection_reason(grey)
        far = self._far(frame, grey, is_needed=not there and not trouble)
        if not there and self._seen and frame.at - self._seen.at <= FRESH_S:
            return dataclasses.replace(self._seen, at=frame.at, seen_at=self._seen.at)
        fov_deg = geometry.horizontal_fov_deg(self.fov_deg, grey.shape)
        seen = tuple(snapshot.seen(who, known, width, fov_deg, partner) for who, known in (*there, *far))
        count = found if found > self.most else 0
        made = Sight(frame.at, seen, count, trouble=trouble, width=width, height=height)
        self._seen = made if there else None
        return made

    def _far(self, frame: Frame, grey: NDArray[np.uint8], *, is_needed: bool) -> tuple[tuple[Track, Glance], ...]:
        """Who is found by the search alone: they have no state, but a reason why."""
        if self.search is None:
            return ()
        if not is_needed:
            self.search.reset()
            return ()
        found = self.search.update(grey, frame.at)[: self.most]
        people = [Track(-number, face) for number, face in enumerate(found, 1)]
        margin = self.search.crop_margin
        return tuple((who, Glance(CANNOT_TELL, "", 0.0, self._reason(who, grey, margin), 0.0)) for who in people)

    def _reason(self, person: Track, grey: NDArray[np.uint8], margin: float) -> str:
        if person.face.box.width * 640 < FAR_LOOK * quality.MIN_FACE_WIDTH_PX * max(grey.shape):
            return "far"
        crop = preprocess.face_crop(grey, person.face, margin)
        return quality.rejection_reason(person.face, crop, grey, self.covered) or "unclear"


def _is_certain(person: Track) -> bool:
    return person.hits >= CERTAIN_FRAMES or person.face.score >= CERTAIN_SCORE
