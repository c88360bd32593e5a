"""The records that the packages exchange. Imports nothing of this program but `dataclass`, and no NumPy at run time.

All records are frozen. `at` is monotonic time in seconds at the exposure of the frame that a record comes from: time
travels in the records, so that only threads need a clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, NamedTuple

from assistant.dataclass import dataclass

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXPRESSIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral", "contempt")
"""Every expression that a model card may name; the first seven are FER-2013's, in its order."""

CANNOT_TELL = "cannot tell"
NOBODY = "nobody"
"""The two states of a track that are not an expression. A state is one of these or one of EXPRESSIONS."""


@dataclass(frozen=True)
class Frame:
    """A picture from the camera."""

    image: NDArray[np.uint8]
    """uint8 [H, W] grey or [H, W, 3] BGR."""
    at: float
    """Monotonic seconds at the exposure."""
    seq: int
    """How many frames the camera has delivered, this one included."""
    colour: Callable[[], NDArray[np.uint8]] | None = None
    """Makes the picture in colour, uint8 [H, W, 3] BGR, where `image` is grey and the camera has colour: only a skill
    asks for it, seldom. None: there is no more colour than in `image`."""


class Box(NamedTuple):
    """A rectangle in pixels of the frame."""

    x: float
    """Left edge."""
    y: float
    """Top edge."""
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """x and y of the middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def intersection(self, other: Box) -> float:
        """The area that both boxes cover, in square pixels."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: Box) -> float:
        """Intersection over union, from 0 to 1; 0 where both boxes are empty."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True)
class Face:
    """A detected face."""

    box: Box
    score: float
    """The detector's confidence, from 0 to 1."""
    landmarks: tuple[tuple[float, float], ...] | None = None
    """(x, y) in pixels of the subject's right eye, left eye, nose, right and left mouth corner; None where the detector
    does not give them."""


@dataclass(frozen=True)
class Track:
    """A tracked face in a frame."""

    track_id: int
    """Constant since the face came into view; never used again for another face."""
    face: Face
    hits: int = 1
    """In how many frames the face was found so far."""


@dataclass(frozen=True)
class Reading:
    """The result of the expression classifier for one track in one frame."""

    track_id: int
    at: float
    """Monotonic seconds at the exposure of the frame."""
    probabilities: tuple[float, ...] | None
    """One for each label of the model, in the order of its card; None where the face could not be classified."""
    reason: str = ""
    """Why there are no probabilities: a key of [reasons] in the locale files."""


@dataclass(frozen=True)
class Change:
    """The state of a track became another one; rare by design."""

    at: float
    """Monotonic seconds at the exposure of the frame with which it changed."""
    track_id: int
    old: str
    """The state before."""
    new: str
    """The state from `at` on."""
    reason: str = ""
    """Why the expression cannot be told, where `new` is CANNOT_TELL: a key of [reasons]."""


@dataclass(frozen=True)
class Thresholds:
    """Confidence thresholds of a model, by expression. A missing expression has no threshold of its own."""

    looks: Mapping[str, float] = field(default_factory=dict)
    """Mean probability from which an expression is announced: "looks happy"."""
    maybe: Mapping[str, float] = field(default_factory=dict)
    """Mean probability, weighted, from which an answer says "maybe"."""
    weights: Mapping[str, float] = field(default_factory=dict)
    """Weights that make up for how often each expression was seen in training, for answers alone; an expression that is
    missing is never answered. Empty: none are weighted."""


class Priority(IntEnum):
    """The order in which waiting utterances are spoken, highest first."""

    STATUS = 0
    CHANGE = 1
    PAUSE = 2
    """The assistant pauses because its lens is covered, or looks again; or the guide speaks, which is asked for."""
    ANSWER = 3
    FAULT = 4


MAX_UNASKED, UNASKED_WINDOW_S = 4, 60.0
"""At most so many unasked utterances (CHANGE and STATUS) begin in so many seconds."""


class Fate(StrEnum):
    """How an utterance ended; each utterance ends in exactly one of these."""

    SPOKEN = "spoken"
    INTERRUPTED = "interrupted"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    DROPPED = "dropped"
    FAILED = "failed"


class UtteranceKind(StrEnum):
    """What an utterance is, where its priority and its topic do not decide how it is treated."""

    ANNOUNCEMENT = "announcement"
    """About people in view, unasked."""
    ANSWER = "answer"
    """Answers a question of the wearer, or repeats the last utterance."""
    FAULT = "fault"
    """Announces the beginning or the end of a fault."""
    STATUS = "status"
    """Any other sentence about the assistant."""
    READY = "ready"
    """Vision has started: the queue forgets the faults that were announced before."""
    STOPPING = "stopping"
    """Vision ends: the queue forgets the faults that were announced before."""
    COMMAND_REPLY = "command_reply"
    """Confirms a command; `repeat` passes over it."""
    CUE = "cue"
    """Is played as its earcon alone, and does not count among the minute's utterances; `repeat` says its words."""
    IDLE_TICK = "idle_tick"
    """Signals after a long silence that the assistant still works; `repeat` passes over it."""
    AUDIO_OUTAGE = "audio_outage"
    """Announces for how long no sound could be played."""
    GUIDE = "guide"
    """A line of the spoken guide; `repeat` passes over it."""
    NAME_REQUEST = "name_request"
    """Asks for a friend's name, which is recorded right after it."""
    SOUND_SAMPLE = "sound_sample"
    """Its earcon, as the guide demonstrates it; the text is only spoken where it cannot be played."""


@dataclass(frozen=True)
class Utterance:
    """A text for the wearer, as it goes to the speech queue."""

    text: str
    """One or more sentences, in the language of the settings."""
    priority: Priority
    topic: str
    """Of two waiting utterances with the same topic only the newer is spoken."""
    expires_at: float | None = None
    """Monotonic seconds after which the text is no longer true, and not spoken; None: never."""
    log_note: str = ""
    """For the log and the transcript; never spoken, and nothing depends on it."""
    earcon: str = ""
    """The earcon that may replace the text (an expression, "came", "over", "still_here"); empty where none is."""
    is_over: bool = False
    """It ends a fault or a pause of the same topic, and is not spoken where its beginning was not; or an attention."""
    kind: UtteranceKind = UtteranceKind.STATUS
    spoken_name: str = ""
    """The name in the text for which a voice tag may be played; empty where there is no tag."""
    name_sound: str = ""
    """That voice tag."""


class FaultName(StrEnum):
    """Everything that can be wrong. Its beginning and its end have a sentence: [faults] and [faults_over]."""

    CAMERA = "camera"
    CAMERA_LOST = "camera_lost"
    CAMERA_BUSY = "camera_busy"
    TORN = "torn"
    BLACK = "black"
    BLANK = "blank"
    BLURRED = "blurred"
    SLOW = "slow"
    DETECTOR = "detector"
    DETECTOR_FALLBACK = "detector_fallback"
    MODEL = "model"
    MODEL_FALLBACK = "model_fallback"
    OCCLUSION = "occlusion"
    FRIENDS = "friends"
    STEP = "step"
    STARTING = "starting"
    VISION = "vision"
    VOICE = "voice"
    SETTINGS = "settings"
    SETTINGS_LAST_GOOD = "settings_last_good"
    MEMORY = "memory"
    DAMAGED = "damaged"
    DISK = "disk"
    SOUND_CARD = "sound_card"
    VOICE_NAME = "voice_name"
    VOICE_MODEL = "voice_model"
    VOICE_ENGINE = "voice_engine"
    VOICE_DEVICE = "voice_device"
    CONTROL_SOCKET = "control_socket"
    BUTTONS = "buttons"
    BUTTON = "button"
    MEDIA_KEYS = "media_keys"
    CAMERA_LED = "camera_led"
    MICROPHONE = "microphone"
    HAPTICS = "haptics"
    UNDERVOLTAGE = "undervoltage"
    OVERHEATING = "overheating"


@dataclass(frozen=True)
class Fault:
    """Something is wrong, or no longer wrong."""

    name: FaultName
    at: float
    """Monotonic seconds."""
    detail: str = ""
    """For the log."""
    is_over: bool = False
    """Whether this is the end of the fault."""
