"""Face recognizers: an aligned face in, an embedding out, whose cosine with another tells whether they are of the same
person.

The protocol, the driver for SFace, and one for any other ONNX file. SFace is known by the hash of its file; any other
file has a card beside it, which says what the network takes and from which cosine on it may name somebody: thresholds
of one recognizer mean nothing for another.
"""

import hashlib
import json
import logging
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.dataclass import dataclass
from assistant.errors import ModelError, SkillError
from assistant.skills.friends.alignment import SIDE
from assistant.skills.friends.friend import MAX_DIMENSIONS
from assistant.skills.friends.thresholds import SFACE_THRESHOLDS, NameThresholds
from assistant.vision.inference.model_file import MAX_CARD_BYTES, read_limited

log = logging.getLogger(__name__)

SFACE_SHA256 = "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee"
"""Of face_recognition_sface_2021dec_int8bq.onnx (Zhong et al. 2021, Apache-2.0), which `install.sh --friends` gets from
the OpenCV model zoo."""
CHANNEL_ORDERS = ("BGR", "RGB")
MAX_SIDE = 512
"""Pixels. No known recognizer takes more than 224."""


class Recognizer(Protocol):
    """Turns aligned faces into embeddings."""

    sha256: str
    """Of the model file: embeddings of different models cannot be compared."""
    thresholds: NameThresholds
    """From which cosine on somebody may be named."""

    def embed(self, aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The embedding float32 [D] of length 1 of an aligned face uint8 [112, 112, 3] BGR. Raises SkillError."""
        ...


@dataclass(frozen=True)
class RecognizerCard:
    """What a recognizer's file takes, as its card states it."""

    side: int
    """Pixels along a side of the input."""
    channels: str
    """One of CHANNEL_ORDERS."""
    mean: float
    """Subtracted from each grey level, of 0 to 255, before ..."""
    scale: float
    """... it is multiplied by this."""
    thresholds: NameThresholds


def open_recognizer(path: Path) -> Recognizer:
    """The recognizer in an ONNX file, tried on one picture. Raises SkillError where it is missing or of no use."""
    try:
        content = read_limited(path)
        digest = hashlib.sha256(content).hexdigest()
        if digest == SFACE_SHA256:
            return SFace(content, digest)
        card = read_card(path.with_suffix(".json"))
        log.info("%s: a face recognizer of the user's own; its figures are those of its card", path)
        return OnnxRecognizer(content, digest, card)
    except ModelError as err:
        raise SkillError(str(err), "missing") from err
    except cv2.error as err:
        why = str(err).strip().rpartition("\n")[2]
        raise SkillError(f"{path}: OpenCV cannot use this as a face recognizer: {why}", "missing") from err


def read_card(path: Path) -> RecognizerCard:
    """The card beside a recognizer's file: side, channels, mean, scale, name and maybe. Raises ModelError."""
    try:
        held = json.loads(read_limited(path, MAX_CARD_BYTES))
        card = RecognizerCard(
            int(held["side"]),
            str(held["channels"]),
            float(held["mean"]),
            float(held["scale"]),
            NameThresholds(float(held["name"]), float(held["maybe"])),
        )
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as err:
        raise ModelError(f"{path}: not a recognizer's card ({type(err).__name__}: {str(err)[:100]})") from err
    if not 16 <= card.side <= MAX_SIDE or card.channels not in CHANNEL_ORDERS or not np.isfinite(card.mean):
        raise ModelError(f"{path}: side is 16 to {MAX_SIDE}, channels BGR or RGB, mean a number")
    if not (np.isfinite(card.scale) and card.scale > 0):
        raise ModelError(f"{path}: scale is {quoted(card.scale)}; it must be above 0")
    if not -1 <= card.thresholds.maybe <= card.thresholds.name <= 1:
        raise ModelError(f"{path}: maybe and name are cosines, from -1 to 1, and maybe is not above name")
    return card


class SFace:
    """SFace through cv2.FaceRecognizerSF, on OpenCV's threads."""

    thresholds = SFACE_THRESHOLDS

    def __init__(self, content: bytes, sha256: str) -> None:
        """Raises cv2.error."""
        self.sha256 = sha256
        empty = np.zeros(0, np.uint8)
        self._net = cv2.FaceRecognizerSF.create("onnx", np.frombuffer(content, np.uint8), empty)
        self._net.feature(np.zeros((SIDE, SIDE, 3), np.uint8))

    def embed(self, aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        return _normalized(self._net.feature(_checked(aligned)))


class OnnxRecognizer:
    """Any network with one picture as its input and one embedding as its output, through cv2.dnn."""

    def __init__(self, content: bytes, sha256: str, card: RecognizerCard) -> None:
        """Raises cv2.error, or SkillError where the network does not give an embedding."""
        self.sha256, self.thresholds, self._card = sha256, card.thresholds, card
        self._net = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
        self.embed(np.full((SIDE, SIDE, 3), 128, np.uint8))

    def embed(self, aligned: NDArray[np.uint8]) -> NDArray[np.float32]:
        card = self._card
        blob = cv2.dnn.blobFromImage(
            _checked(aligned), card.scale, (card.side, card.side), [card.mean] * 3, swapRB=card.channels == "RGB"
        )
        self._net.setInput(blob)
        return _normalized(self._net.forward())


def _checked(aligned: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if aligned.shape != (SIDE, SIDE, 3) or aligned.dtype != np.uint8:
        raise SkillError(f"expected a face uint8 [{SIDE}, {SIDE}, 3], got {aligned.dtype} {list(aligned.shape)}")
    return aligned


def _normalized(output: NDArray[np.float32]) -> NDArray[np.float32]:
    """An embedding of length 1. Raises SkillError for what is none."""
    values = np.asarray(output, np.float32).reshape(-1)
    length = float(np.linalg.norm(values))
    if not 2 <= values.size <= MAX_DIMENSIONS or not np.isfinite(length) or length == 0:
        raise SkillError("the face recognizer gives no embedding", "failed")
    return values / np.float32(length)
