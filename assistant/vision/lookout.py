"""What each frame leaves for whoever asks: who is there, what was there a moment ago, and who is far away.

A face that was found once, and not surely, is a shadow; who is missed for a moment is still there; with nobody in view
the look goes farther, if not at every frame.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.records import CANNOT_TELL, Frame, Person
from assistant.vision import preprocess, quality, sight
from assistant.vision.answers import FRESH_S
from assistant.vision.detectors import Detector
from assistant.vision.sight import Sight
from assistant.vision.stabilizer import Glance

CERTAIN_FRAMES, CERTAIN_SCORE = 3, 0.6
"""A face is somebody to answer about once it was found in so many frames, or so surely in one. Of what the detector
finds in tuning scenes where nobody is, the tenth that scores more; of the faces of people, seen first, four fifths."""
FAR_LOOK = 1.5
"""Who is found by the farther look alone is too far up to so many times the width from which faces are read."""
FAR_EVERY_S, FAR_SCORE = 1.0, 0.5
"""With nobody in view, the look into the distance is taken so often, and who scores so much is somebody. In tuning
scenes without anybody else in view 98 % of the people found by it do, and 43 % of what was nobody."""


class Lookout:
    """Keeps what answers are made of. far: a detector that sees farther, if there is one; covered: as the pipeline's;
    most: so many faces are looked at."""

    def __init__(
        self, far: Detector | None, covered: Callable[[NDArray[np.uint8]], bool] | None, most: int, fov_deg: float
    ) -> None:
        self.far, self.covered, self.most, self.fov_deg = far, covered, most, fov_deg
        self._seen: Sight | None = None
        self._far_people: tuple[Person, ...] = ()
        self._far_at: float | None = None

    def look(
        self, frame: Frame, grey: NDArray[np.uint8], people: Sequence[Person],
        glance: Callable[[int], Glance], partner: int | None,
    ) -> Sight:  # fmt: skip
        """What a frame shows. glance: what is known of a person by number; partner: who talks to the wearer."""
        height, width = grey.shape
        there = [(person, glance(person.id)) for person in people if _is_certain(person)]
        if not there and self._seen and frame.at - self._seen.at <= FRESH_S:
            return self._seen
        trouble = "" if there else quality.frame_trouble(grey)
        far = () if there or trouble else self._far(frame, grey)
        if there or trouble:
            self._far_at = None
        seen = tuple(sight.seen(who, known, width, self.fov_deg, partner) for who, known in (*there, *far))
        made = Sight(frame.at, seen, trouble, width=width, height=height)
        self._seen = made if there else None
        return made

    def _far(self, frame: Frame, grey: NDArray[np.uint8]) -> tuple[tuple[Person, Glance], ...]:
        """Who is found by the farther look alone: they have no state, but a reason why."""
        if self.far is None:
            return ()
        if self._far_at is None or frame.at - self._far_at >= FAR_EVERY_S:
            found = [face for face in self.far.find(frame.image, grey) if face.score >= FAR_SCORE]
            self._far_people = tuple(Person(-n, face) for n, face in enumerate(found[: self.most], 1))
            self._far_at = frame.at
        return tuple((who, Glance(CANNOT_TELL, "", 0.0, self._reason(who, grey), 0.0)) for who in self._far_people)

    def _reason(self, person: Person, grey: NDArray[np.uint8]) -> str:
        if self.far is None or person.face.box.width * 640 < FAR_LOOK * quality.FAR * grey.shape[1]:
            return "far"
        crop = preprocess.face(grey, person.face, self.far.margin)
        return quality.trouble(person.face, crop, grey, self.covered) or "unclear"


def _is_certain(person: Person) -> bool:
    return person.found >= CERTAIN_FRAMES or person.face.score >= CERTAIN_SCORE
