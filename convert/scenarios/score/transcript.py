"""The transcript of a scene: what the assistant announced, answered and observed. Pure records."""

from collections.abc import Sequence
from typing import NamedTuple

from assistant.records import Box
from assistant.sentences import Sentence
from convert.scenarios.script.ground_truth import GroundTruth


class TranscriptLine(NamedTuple):
    """An announcement of the assistant."""

    noticed_at: float
    """Seconds: when the assistant noticed the change that it announces."""
    started_at: float | None
    """Seconds: when its speech started, None if it was not spoken."""
    sentence: Sentence
    expression: str
    """The expression that it names, empty if it names none."""
    text: str
    box: Box | None = None
    """Box of the face on which the change was noticed."""
    track_id: int = 0
    """The track that it is about."""
    people: int = 0
    """How many people it says are in view; 0 if it does not count them."""
    is_cue: bool = False
    """Whether it was made by a sound alone."""
    friend: str = ""
    """The friend whose name it says; empty if it says none."""
    is_maybe: bool = False
    """Whether the name is said with "maybe"."""


class TranscriptAnswer(NamedTuple):
    """An answer to a question of the wearer."""

    at: float
    """Seconds: when it was given."""
    state: str
    """The expression that was named, or CANNOT_TELL."""
    reason: str
    """Why no expression was named; empty if one was, or if no person was in view."""
    box: Box | None = None
    """Box of the face that it is about, None if it is about no face."""


class ObservedFace(NamedTuple):
    """A detected face in a frame."""

    at: float
    """Seconds."""
    box: Box
    reason: str
    """Why its expression could not be read, empty if it was read."""


class SceneTranscript(NamedTuple):
    """A scene: its ground truth, and the assistant's announcements, answers and observed faces."""

    truth: GroundTruth
    lines: Sequence[TranscriptLine]
    """Announcements with the settings of the run."""
    lines_of_all: Sequence[TranscriptLine]
    """Announcements of a rerun with all expressions switched on."""
    answers: Sequence[TranscriptAnswer] = ()
    faces: Sequence[ObservedFace] = ()
    """All detected faces of all frames."""
    friends: Sequence[str] = ()
    """Names of the people who are known to the assistant."""
    cues: Sequence[TranscriptLine] = ()
    """The lines of a rerun with cues of attention."""
