"""One frame through all stages, in the order in which they stand here. The file to open first.

    frame → grey → faces → people → readings → changes → remarks → utterances

Everything that looks at hardware reaches the pipeline as an argument; `step` knows no clock, no thread and no queue.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.config import Settings
from assistant.phrases import Phrases
from assistant.records import Change, Frame, Person, Priority, Reading, Utterance
from assistant.vision import preprocess, quality
from assistant.vision.detectors import Detector
from assistant.vision.scene import Remark, Scene
from assistant.vision.stabilizer import Stabilizer
from assistant.vision.tracker import Tracker

CHANGE_LIVES_S = 2.0
"""An expression that could not be said within this time is no longer news."""


class Reader(Protocol):
    """What reads a face crop uint8 [48, 48]: `classifier.Classifier`, or a stand-in."""

    labels: tuple[str, ...]

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]: ...


@dataclass(frozen=True)
class Step:
    """What came of one frame."""

    people: tuple[Person, ...]
    readings: tuple[Reading, ...]
    changes: tuple[Change, ...]
    remarks: tuple[Remark, ...]
    utterances: tuple[Utterance, ...]
    stage_ms: dict[str, float] = field(default_factory=dict)


class Pipeline:
    """The chain of stages with the memory that they keep from frame to frame.

    Without a reader (its model is missing) people are still found and told.
    """

    def __init__(self, detector: Detector, reader: Reader | None, settings: Settings, phrases: Phrases) -> None:
        self.detector, self.reader, self.phrases = detector, reader, phrases
        self.tracker = Tracker()
        self.stabilizer = Stabilizer(settings.decide, reader.labels if reader else ())
        self.scene = Scene(settings.words)

    def step(self, frame: Frame) -> Step:
        """Look at one frame; frames must come in the order of their time.

        Raises ModelError where the model returns no probabilities.
        """
        stage_ms: dict[str, float] = {}
        with _timed(stage_ms, "grey"):
            grey = preprocess.to_grey(frame.image)
        with _timed(stage_ms, "detect"):
            faces = self.detector.find(frame.image, grey)
        with _timed(stage_ms, "track"):
            people = self.tracker.update(faces, frame.at)
        with _timed(stage_ms, "read"):
            readings = tuple(self._read(grey, person, frame.at) for person in people)
        with _timed(stage_ms, "decide"):
            changes = self.stabilizer.update(frame.at, readings)
            remarks = self.scene.update(changes, people, grey.shape[1])
            utterances = tuple(self._utterance(remark, frame.at) for remark in remarks)
        return Step(people, readings, changes, remarks, utterances, stage_ms)

    def _read(self, grey: NDArray[np.uint8], person: Person, at: float) -> Reading:
        if self.reader is None:
            return Reading(person.id, at, None, "unclear")
        if quality.is_side_on(person.face.landmarks):
            return Reading(person.id, at, None, "side_on")
        crop = preprocess.face(grey, person.face, self.detector.margin)
        return Reading(person.id, at, tuple(map(float, self.reader.probabilities(crop))))

    def _utterance(self, remark: Remark, at: float) -> Utterance:
        change = remark.change
        text = self.phrases.remark(
            remark.sentence, expression=remark.expression, where=remark.where, reason=remark.reason
        )
        why = f"person {change.person}: {change.old} -> {change.new}" + (f" ({change.reason})" if change.reason else "")
        return Utterance(text, Priority.CHANGE, f"person {change.person}", at + CHANGE_LIVES_S, why)


@contextmanager
def _timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    stage_ms[stage] = (time.perf_counter() - began) * 1000
