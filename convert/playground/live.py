"""The camera of the visitor's computer through the assistant, picture by picture, as they come."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.app.simulated_speaker import SimulatedSpeaker
from assistant.config.settings import Settings
from assistant.errors import ModelError
from assistant.records import Fate, Frame, Utterance
from assistant.vision import factory
from convert.playground import choices
from convert.playground.picture import FaceFound, FaceViewer, shrunk


@dataclass(frozen=True)
class LiveView:
    """What one picture of the camera showed."""

    image: NDArray[np.uint8]
    """BGR uint8 [H, W, 3]: what was looked at."""
    faces: tuple[FaceFound, ...]
    spoken: tuple[str, ...]
    """Sentences whose words begin now."""


class LiveSession:
    """The assistant before one camera. Used by one picture at a time; nothing of the pictures is kept.

    Raises ModelError, DetectorError, LocaleError.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """clock: seconds."""
        parts = choices.load_parts(settings)
        self.settings, self.phrases = settings, factory.load_phrases(settings)
        self._pipeline = parts.pipeline(settings)
        self._viewer = FaceViewer(self._pipeline, parts, self.phrases, settings)
        self._clock, self._seq = clock, 0
        self._speaker = SimulatedSpeaker(settings.voice.rate_wpm, self._ended)
        self._speaker.on_start = self._begin
        self._begun: list[str] = []

    def step(self, image: NDArray[np.uint8]) -> LiveView:
        """Take in a picture, BGR uint8 [H, W, 3]. Raises ModelError where the model fails."""
        image, at = shrunk(image), self._clock()
        self._seq += 1
        self._speaker.advance(at)
        step = self._pipeline.step(Frame(image, at, self._seq))
        if (failure := self._pipeline.status.model_failure) is not None:
            raise ModelError(failure.error)
        for topic in step.withdrawn:
            self._speaker.queue.withdraw(topic, at)
        for utterance in (*step.status, *step.utterances):
            self._speaker.say(utterance, at)
        spoken, self._begun = tuple(self._begun), []
        return LiveView(image, self._viewer.faces(step), spoken)

    def _begin(self, utterance: Utterance, at: float) -> None:
        self._begun.append(utterance.text)

    def _ended(self, utterance: Utterance, fate: Fate, at: float) -> None:
        self._pipeline.ended(utterance, fate)
