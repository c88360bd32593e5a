"""A pipeline on scripted faces, and the loop around it on frames that a test hands out one by one."""

import math
import threading
from collections.abc import Sequence

import numpy as np

from assistant import phrases
from assistant.config.settings import Settings
from assistant.records import Box, Face, Frame, Utterance
from assistant.vision.cameras.capture import Capture
from assistant.vision.faces.preprocess import LANDMARK_TEMPLATE
from assistant.vision.loop import VisionLoop
from assistant.vision.pipeline import Pipeline
from tests.support.standins import ScriptedCamera, ScriptedClassifier, ScriptedDetector, face, picture

EN = phrases.load("en")


def scripted_pipeline(faces: Sequence[Face] = (face(280),), classifier: ScriptedClassifier | None = None) -> Pipeline:
    return Pipeline(ScriptedDetector(lambda frame: faces), classifier or ScriptedClassifier(), Settings(), EN)


def with_landmarks(turn: float = 0.0, tilt_deg: float = 0.0, size: float = 96.0) -> Face:
    """A face whose box is 96 pixels wide around (320, 240): its nose moved aside, its head tilted."""
    points, angle = (LANDMARK_TEMPLATE - 24) * size / 48, math.radians(tilt_deg)
    points[2, 0] += turn * (points[3, 1] - points[0, 1])
    turned = points @ np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]) + (320, 240)
    return Face(Box(320 - 48, 240 - 48, 96, 96), 0.9, tuple((float(x), float(y)) for x, y in turned))


class ScriptedOcclusionModel:
    """Calls every face occluded, but fails for the crops from `first` (exclusive) to `end`."""

    def __init__(self, first: int = 0, end: int = 0) -> None:
        self.error, self.crops, self.first, self.end = "", 0, first, end

    def __call__(self, crop: np.ndarray) -> bool:
        self.crops += 1
        self.error = "the model returned nan" if self.first < self.crops <= self.end else ""
        return not self.error


def pipeline_with_occlusion(occlusion: ScriptedOcclusionModel) -> Pipeline:
    return Pipeline(
        ScriptedDetector(lambda frame: [face(280)]), ScriptedClassifier(), Settings(), EN, occlusion=occlusion
    )


class LoopRig:
    """A running VisionLoop on scripted frames; `utterances` holds all of its utterances, and the clock moves by step_s
    at each reading."""

    def __init__(self, frames: Sequence[Frame | Exception], pipeline: Pipeline, step_s: float = 0.1) -> None:
        self.utterances: list[Utterance] = []
        self.stop, self.now = threading.Event(), 0.0
        capture = Capture(lambda: ScriptedCamera(frames), repeat=False)
        self.loop = VisionLoop(capture, pipeline, EN, self.utterances.append, self.stop, clock=self.tick)
        self.step_s = step_s

    def tick(self) -> float:
        self.now += self.step_s
        return self.now

    def texts(self) -> list[str]:
        return [utterance.text for utterance in self.utterances]


class ScriptedCapture:
    """A capture that hands out its frames in order, as if each were the newest; None: no frame came in time."""

    def __init__(self, frames: Sequence[Frame | None], stop: threading.Event, error: str = "") -> None:
        self.frames, self.stop, self.error, self.dropped = iter(frames), stop, error, 0
        self.cpu_ms = 0.0
        self.is_stuck = lambda: False
        self.has_ended = self.is_busy = self.is_exhausted = self.is_torn = False

    def take(self, timeout_s: float) -> Frame | None:
        try:
            return next(self.frames)
        except StopIteration:
            self.stop.set()
            return None


def run_loop(frames: Sequence[Frame | None], pipeline: Pipeline, step_s: float = 0.1, error: str = "") -> list[str]:
    """The texts of the utterances once the loop has run on these frames."""
    rig = LoopRig([], pipeline, step_s)
    rig.loop.capture = ScriptedCapture(frames, rig.stop, error)
    rig.loop.run()
    return rig.texts()


def shots(expression: str, count: int, start: int = 0) -> list[Frame]:
    """Frames of ten a second that ScriptedClassifier classifies as an expression; start: the number of the first."""
    return [Frame(picture(expression), (start + number) / 10, start + number) for number in range(count)]
