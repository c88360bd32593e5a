"""What the assistant makes of one picture: its faces, the probabilities of the model, and what it would say.

The picture is shown to the whole assistant for as long as `replay` shows one, with the wearer's question at the end.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.app.replay import AnnouncementOutcome, AnswerOutcome, replay
from assistant.config.settings import Settings
from assistant.ipc.commands import Command
from assistant.people import PersonView
from assistant.phrases import Phrases
from assistant.records import Box, Frame
from assistant.vision import factory
from assistant.vision.detectors import shrink
from assistant.vision.factory import VisionParts
from assistant.vision.pipeline import Pipeline
from assistant.vision.queries.answers import Answers
from assistant.vision.step import Step
from convert.playground import choices

MAX_SIDE = 1920
"""Pixels. The longer side of what is worked on: a larger picture is shrunk to it, as no camera of the assistant sends
more (camera.width), and the picture is searched again and again."""


@dataclass(frozen=True)
class FaceFound:
    """A face of a picture."""

    box: Box
    words: str
    """What an answer says of it."""
    probabilities: dict[str, float] | None
    """Mean over the readings, by expression, the likeliest first; None where the face could not be read."""


@dataclass(frozen=True)
class PictureResult:
    """What was found in a picture."""

    image: NDArray[np.uint8]
    """BGR uint8 [H, W, 3], or [H, W]: what was looked at."""
    faces: tuple[FaceFound, ...]
    """The nearest first, no more than the assistant looks at."""
    answer: str
    """What is said when the wearer asks."""
    unasked: tuple[str, ...]
    """What is said by itself."""
    voice: str
    """The espeak-ng voice of the language."""


class StillCamera:
    """Shows one picture again and again, as long as a folder's picture is shown."""

    is_live = False

    def __init__(self, image: NDArray[np.uint8], settings: Settings) -> None:
        self._image, self._seq = image, 0
        self.step_s = 1 / settings.camera.fps
        self.frames = max(1, round(settings.camera.picture_s * settings.camera.fps))

    def read(self) -> Frame | None:
        if self._seq >= self.frames:
            return None
        self._seq += 1
        return Frame(self._image, (self._seq - 1) * self.step_s, self._seq)

    def close(self) -> None:
        """Nothing is open."""


def look(image: NDArray[np.uint8], settings: Settings) -> PictureResult:
    """Show a picture, BGR uint8 [H, W, 3], to the assistant. Raises ModelError, DetectorError, LocaleError."""
    image = shrunk(image)
    parts = choices.load_parts(settings)
    pipeline, phrases = parts.pipeline(settings), factory.load_phrases(settings)
    camera, mean, last = StillCamera(image, settings), MeanReadings(), Step()

    def on_step(_: Frame, step: Step) -> None:
        nonlocal last
        last = step
        mean.add(step)

    ask_at = (camera.frames - 1) * camera.step_s
    answer, unasked = "", list[str]()
    for outcome in replay(camera, pipeline, settings, [(ask_at, Command.ASK)], on_step):
        if isinstance(outcome, AnswerOutcome):
            answer = outcome.utterance.text
        elif isinstance(outcome, AnnouncementOutcome):
            unasked.append(outcome.utterance.text)
    faces = FaceViewer(pipeline, parts, phrases, settings).faces(last, mean)
    return PictureResult(image, faces, answer, tuple(unasked), phrases.voice)


class FaceViewer:
    """Puts the steps of a pipeline into words: the faces, what is said of them, and their probabilities."""

    def __init__(self, pipeline: Pipeline, parts: VisionParts, phrases: Phrases, settings: Settings) -> None:
        self.pipeline = pipeline
        self._labels = parts.classifier.labels if parts.classifier else ()
        self._answers = Answers(phrases, settings.announcements.expressions)

    def faces(self, step: Step, mean: "MeanReadings | None" = None) -> tuple[FaceFound, ...]:
        """The faces of the last step. mean: the readings of all steps, whose mean counts; else those of the step."""
        snapshot = self.pipeline.snapshot
        people = {each.track_id: each for each in snapshot.people} if snapshot else {}
        if mean is None:
            (mean := MeanReadings()).add(step)
        return tuple(
            FaceFound(
                track.face.box,
                self._words(people.get(track.track_id)),
                _sorted(self._labels, mean.of(track.track_id)),
            )
            for track in step.tracks
        )

    def _words(self, person: PersonView | None) -> str:
        """What an answer says of a person's expression; empty for a face that does not count as a person yet."""
        return self._answers.expression(person) if person else ""


class MeanReadings:
    """The mean probabilities of each track."""

    def __init__(self) -> None:
        self._sums: dict[int, NDArray[np.float64]] = {}
        self._counts: dict[int, int] = {}

    def add(self, step: Step) -> None:
        """Take in the readings of a step."""
        for reading in step.readings:
            if reading.probabilities is not None:
                values = np.asarray(reading.probabilities, np.float64)
                self._sums[reading.track_id] = self._sums.get(reading.track_id, 0.0) + values
                self._counts[reading.track_id] = self._counts.get(reading.track_id, 0) + 1

    def of(self, track_id: int) -> NDArray[np.float64] | None:
        """Float64 [labels]; None where none of the track's readings has probabilities."""
        count = self._counts.get(track_id, 0)
        return self._sums[track_id] / count if count else None


def _sorted(labels: tuple[str, ...], values: NDArray[np.float64] | None) -> dict[str, float] | None:
    """Probabilities by label, the likeliest first."""
    if values is None:
        return None
    return dict(sorted(zip(labels, map(float, values), strict=True), key=lambda each: -each[1]))


def shrunk(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with its longer side at most MAX_SIDE pixels."""
    return shrink(image, MAX_SIDE)[0]
