"""Views of one person from whole pictures, in this process: for the command line, which has pictures and clips."""

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import DetectorError
from assistant.records import Face
from assistant.skills.friends import gates
from assistant.skills.friends.alignment import align
from assistant.skills.friends.enrolment import Enrolment, View
from assistant.skills.friends.gates import Refusal
from assistant.skills.friends.recognizer import Recognizer
from assistant.vision.detectors import FaceDetector, open_detector
from assistant.vision.faces.preprocess import to_grey

SECOND_FACE = 0.4
"""A second face of this share of the nearest one's area makes it unclear whom the picture shows."""


def open_collector(settings: Settings, recognizer: Recognizer, enrolment: Enrolment) -> "ViewCollector":
    """A collector with the detector of the settings. Raises DetectorError."""
    detector = open_detector(settings.detector)
    if not detector.has_landmarks:
        raise DetectorError(
            f"detector.driver is {settings.detector.driver}, which finds no landmarks; friends need tflite or yunet"
        )
    return ViewCollector(detector, recognizer, enrolment)


class ViewCollector:
    """Adds the good views to an enrolment."""

    def __init__(self, detector: FaceDetector, recognizer: Recognizer, enrolment: Enrolment) -> None:
        self._detector, self._recognizer, self.enrolment = detector, recognizer, enrolment

    def add(self, image: NDArray[np.uint8], name: str) -> Refusal | None:
        """Look at a picture uint8 [H, W, 3] BGR or [H, W]: its face becomes a view, called `name` in messages, or is
        refused. Raises SkillError where the recognizer fails."""
        grey = to_grey(image)
        faces = self._detector.find(image, grey)
        if len(faces) > 1 and faces[1].box.area >= SECOND_FACE * faces[0].box.area:
            return Refusal.SEVERAL
        if not faces:
            return Refusal.NO_FACE
        return gates.refusal(faces[0], grey, gates.ENROLMENT_WIDTH_PX) or self._take(image, grey, faces[0], name)

    def _take(self, image: NDArray[np.uint8], grey: NDArray[np.uint8], face: Face, name: str) -> Refusal | None:
        aligned = align(image, face)
        if aligned is None:
            return Refusal.NO_FACE
        embedding = self._recognizer.embed(aligned)
        if not self.enrolment.is_new(embedding):
            return Refusal.SAME_VIEW
        self.enrolment.views.append(View(name, embedding, gates.view_quality(face, grey)))
        return None
