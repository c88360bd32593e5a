"""False positives of a face detector in frames of panned rooms; false positives and missed faces in video clips."""

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
from convert.data.boxes import ROOM_PREFIX, AnnotatedPicture, is_held_out

PAN_SIZE = (320, 240)
"""Width and height of the frames of a panned room."""
PAN_FRAMES = 10
"""Frames of one pan."""
PAN_VIEW_SHARE = 0.75
"""Share of a room's picture that is in view in a panned frame."""
CLIPS = {
    "one-person-signing-help.mkv": 1,
    "one-person-signing-no.mkv": 1,
    "one-person-smiling.mp4": 1,
    "three-people-approaching.mp4": 3,
    "two-people-head-pose.mp4": 2,
}
"""Number of people in each clip. The person who signs wears a jumper with a large skull printed on it."""


def detect(detector: FaceDetector, image: NDArray[np.uint8], threshold: float) -> list[Face]:
    """The detections in a BGR picture uint8 [H, W, 3] with at least this score."""
    return [face for face in detector.find(image, to_grey(image)) if face.score >= threshold]


def room_frames(pictures: Sequence[AnnotatedPicture]) -> list[NDArray[np.uint8]]:
    """BGR frames of a camera that pans over each held-out picture of a room from corner to corner."""
    frames = []
    for each in pictures:
        if each.path.name.startswith(ROOM_PREFIX) and is_held_out(each.path.name):
            frames += list(pan(picture_files.colour(each.path)))
    return frames


def pan(image: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """PAN_FRAMES frames of PAN_SIZE, from the top left to the bottom right of a picture."""
    height, width = image.shape[:2]
    view = PAN_VIEW_SHARE * min(width / PAN_SIZE[0], height / PAN_SIZE[1])
    size = PAN_SIZE[0] * view, PAN_SIZE[1] * view
    for share in np.linspace(0, 1, PAN_FRAMES):
        left, top = share * (width - size[0]), share * (height - size[1])
        matrix = np.array([[1 / view, 0, -left / view], [0, 1 / view, -top / view]])
        yield np.asarray(cv2.warpAffine(image, matrix, PAN_SIZE, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def evaluate_clip(detector: FaceDetector, clip: Path, people: int, threshold: float) -> dict[str, Any]:
    """Number of frames of a clip, share of frames with at least `people` detections, number of frames with more.

    Raises DetectorError where the clip cannot be read.
    """
    video, counts = cv2.VideoCapture(str(clip)), []
    while (read := video.read())[0]:
        counts.append(len(detect(detector, np.asarray(read[1], np.uint8), threshold)))
    if not counts:
        raise DetectorError(f"{clip}: this clip cannot be read")
    return {
        "people": people,
        "frames": len(counts),
        "all_found": sum(count >= people for count in counts) / len(counts),
        "frames_with_false_positives": sum(count > people for count in counts),
    }
