"""Faces that a detector sees where none are, or misses in motion: rooms panned like a camera, and clips."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import DetectorError
from assistant.records import Face
from assistant.vision.detectors import FaceDetector
from assistant.vision.faces.preprocess import to_grey
from convert.data import picture_files
from convert.data.boxes import Annotated
from convert.face_detector.candidates import FRAME
from convert.face_detector.pictures import is_held_out

PAN_FRAMES = 10
PAN_SHARE = 0.75
"""Of a room's picture that is in view while the camera pans over it."""
CLIPS = {
    "one-person-signing-help.mkv": 1,
    "one-person-signing-no.mkv": 1,
    "one-person-smiling.mp4": 1,
    "three-people-approaching.mp4": 3,
    "two-people-head-pose.mp4": 2,
}
"""How many people are in each clip. The one who signs wears a jumper with a large skull on it."""


def look(detector: FaceDetector, image: NDArray[np.uint8], threshold: float) -> list[Face]:
    """The faces in a picture, BGR uint8 [H, W, 3], with at least this score."""
    return [face for face in detector.find(image, to_grey(image)) if face.score >= threshold]


def rooms(known: Sequence[Annotated]) -> list[NDArray[np.uint8]]:
    """The held-out rooms among some pictures, seen by a camera that pans from corner to corner: BGR frames."""
    frames = []
    for each in known:
        if each.path.name.startswith("ho_") and is_held_out(each.path.name):
            frames += list(panned(picture_files.colour(each.path)))
    return frames


def panned(image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """PAN_FRAMES frames of FRAME (width, height), moving from the top left to the bottom right."""
    height, width = image.shape[:2]
    view = PAN_SHARE * min(width / FRAME[0], height / FRAME[1])
    size = FRAME[0] * view, FRAME[1] * view
    for share in np.linspace(0, 1, PAN_FRAMES):
        left, top = share * (width - size[0]), share * (height - size[1])
        move = np.array([[1 / view, 0, -left / view], [0, 1 / view, -top / view]])
        yield np.asarray(cv2.warpAffine(image, move, FRAME, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def in_clip(detector: FaceDetector, clip: Path, people: int, threshold: float) -> dict[str, Any]:
    """Frames of a clip, the share of them in which all of its people were found, and in how many there were more."""
    video, counts = cv2.VideoCapture(str(clip)), []
    while (read := video.read())[0]:
        counts.append(len(look(detector, np.asarray(read[1], np.uint8), threshold)))
    if not counts:
        raise DetectorError(f"{clip}: this clip cannot be read")
    return {
        "people": people,
        "frames": len(counts),
        "all_found": sum(count >= people for count in counts) / len(counts),
        "frames_with_phantoms": sum(count > people for count in counts),
    }
