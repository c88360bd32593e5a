"""The transcript of a scene: what the assistant announced, answered and observed. Pure records."""

from collections.abc import Sequence
from typing import NamedTuple

from assistant.phrases import Sentence
from assistant.records import Box
from convert.scenarios.script.ground_truth import GroundTruth


class TranscriptLine(NamedTuple):
    """An announcement of the assistant."""

    noticed_at: float
    """Seconds: when the change behind it was noticed."""
    started_at: float | None
    """Seconds: when its words began, None if they never did."""
    sentence: Sentence
    expression: str
    """The expression that it names, empty if it names none."""
    text: str
    box: Box | None = None
    """The face that the change was noticed on."""


class TranscriptAnswer(NamedTuple):
    """An answer to a question of the wearer."""

    at: float
    """Seconds: when it was given."""
    state: str
    """The expression that was named, or CANNOT_TELL."""
    reason: str
    """Why no expression was named; empty where one was, or nobody was in view."""
    box: Box | None = None
    """The face that it is about, None where it is about nobody."""


class ObservedFace(NamedTuple):
    """A face in a frame, as the assistant saw it."""

    at: float
    """Seconds."""
    box: Box
    reason: str
    """Why its expression could not be read, empty where it was read."""


class SceneTranscript(NamedTuple):
    """A scene with its ground truth, and what the assistant made of it."""

    truth: GroundTruth
    lines: Sequence[TranscriptLine]
    """With the settings as they are."""
    lines_of_all: Sequence[TranscriptLine]
    """With every expression switched on."""
    answers: Sequence[TranscriptAnswer] = ()
    faces: Sequence[ObservedFace] = ()
    """Every face of every frame."""
