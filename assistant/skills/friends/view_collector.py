"""Views of one person from whole pictures, in this process: for the command line, which has pictures and clips."""

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import DetectorError
from assistant.skills.friends.enrolment import Enrolment
from assistant.skills.friends.gates import Refusal
from assistant.skills.friends.recognizer import Recognizer
from assistant.skills.friends.view_taking import take_view
from assistant.vision.detectors import FaceDetector, open_detector
from assistant.vision.faces.preprocess import to_grey


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
        faces = self._detector.find(image, to_grey(image))
        return take_view(self.enrolment, image, faces, name, self._recognizer.embed)
