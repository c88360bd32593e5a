"""Every record that flows between the rooms, and the tree of errors. Imports nothing of ours, and no NumPy at run time.

All records are frozen. `at` is monotonic time in seconds at the exposure of the frame that a record comes from: time
travels in the records, so that nobody but a thread needs a clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt")
"""Every expression that a model card may name; the first seven are FER-2013's, in its order."""

CANNOT_TELL = "cannot tell"
NOBODY = "nobody"
"""The two states of a person that are no expression. A state is one of these or one of EXPRESSIONS."""


class AssistantError(Exception):
    """Base of all errors that people are meant to read: one line, what happened, where, what to do."""


class ConfigError(AssistantError):
    """Settings that cannot be used; one mistake a line. lines: of the file, where the mistakes are, as far as known;
    usable: the settings with defaults in the place of what is wrong, for who must go on even so; None where nothing
    could be read."""

    def __init__(self, message: str, lines: Sequence[int] = (), usable: object = None) -> None:
        super().__init__(message)
        self.lines, self.usable = tuple(lines), usable


class Trouble(NamedTuple):
    """Why these are not the settings that the user wrote: the fault, its detail, and the wrong lines of the file."""

    fault: str
    detail: str
    lines: tuple[int, ...] = ()


class CameraError(AssistantError):
    """A camera that is not there, is busy or has stopped. Another try may succeed."""


class CameraBusyError(CameraError):
    """Another program holds the camera."""


class CameraSpentError(CameraError):
    """What the camera needs is used up in this process: only another one can open it again."""


class SourceError(CameraError):
    """A file or folder that will never give a picture: no other try helps."""


class DetectorError(AssistantError):
    """A face detector that cannot be loaded."""


class ModelError(AssistantError):
    """A model file or card that must not be used."""


class VoiceError(AssistantError):
    """A voice that could not speak, or a player that did not play."""


class ControlError(AssistantError):
    """Buttons or keys that cannot be used."""


class LinkError(AssistantError):
    """The other process is not there, or says what nobody understands."""


@dataclass(frozen=True)
class Frame:
    """A picture: uint8 [H, W] grey or [H, W, 3] BGR; seq counts what the camera delivered."""

    image: NDArray[np.uint8]
    at: float
    seq: int


class Box(NamedTuple):
    """A rectangle in pixels of the frame; x, y is its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Face:
    """A detected face. landmarks, where the detector gives them: (x, y) in pixels of the subject's right eye, left eye,
    nose, right and left mouth corner."""

    box: Box
    score: float
    landmarks: tuple[tuple[float, float], ...] | None = None


@dataclass(frozen=True)
class Person:
    """A face that kept its number since it came into view. found: in so many frames so far."""

    id: int
    face: Face
    found: int = 1


@dataclass(frozen=True)
class Reading:
    """What one frame says of one person: a probability for each label of the model, or None and the reason why not."""

    person: int
    at: float
    probabilities: tuple[float, ...] | None
    reason: str = ""


@dataclass(frozen=True)
class Change:
    """A person's state became another one; rare by design."""

    at: float
    person: int
    old: str
    new: str
    reason: str = ""


@dataclass(frozen=True)
class Levels:
    """How sure a model must be, by expression: the mean probability from which it is told that somebody *looks* so, and
    from which, to who asks, that it *may be* so."""

    looks: Mapping[str, float] = field(default_factory=dict)
    maybe: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What is known of a person in view at one moment; what answers are made of.

    state: an expression, CANNOT_TELL, or NOBODY for who has just come; since: when it began (the clock of a frame's
    `at`). expression: that of the state, or else the likeliest, with its mean probability; empty where none is likely.
    reason: why there is no state, else empty. where: "left", "ahead" or "right";
    hour: "10" to "2" on a clock face whose twelve lies ahead. distance: "near", "far" or empty between the two. facing:
    "you", "left", "right" or empty where that is not known. is_partner: the one whom the wearer is facing and talking
    to."""

    person: int
    box: Box
    state: str
    expression: str = ""
    probability: float = 0.0
    since: float = 0.0
    reason: str = ""
    where: str = "ahead"
    hour: str = "12"
    distance: str = ""
    facing: str = ""
    is_partner: bool = False


class Priority(IntEnum):
    """What goes before what at the mouth. PAUSE: that the assistant pauses, or looks again."""

    STATUS = 0
    CHANGE = 1
    PAUSE = 2
    ANSWER = 3
    FAULT = 4


class Fate(StrEnum):
    """How an utterance ended; each one ends in exactly one of these."""

    SPOKEN = "spoken"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    DROPPED = "dropped"
    FAILED = "failed"


@dataclass(frozen=True)
class Utterance:
    """Words for the wearer. topic: of two that wait, only the newest of a topic is heard. expires_at: monotonic seconds
    after which it is no longer true, None = never. why: for the log and the transcript, never spoken. sound: the short
    sound that may stand for the words (an expression, or "still_here"), empty where none does. is_over: it tells the
    end of what was told of this topic, and is not worth a word to who never heard of that."""

    text: str
    priority: Priority
    topic: str
    expires_at: float | None = None
    why: str = ""
    sound: str = ""
    is_over: bool = False


@dataclass(frozen=True)
class Fault:
    """Something is wrong (or, with is_over, no longer wrong). name is a key of the locale's [faults]; detail is for the
    log."""

    name: str
    at: float
    detail: str = ""
    is_over: bool = False
