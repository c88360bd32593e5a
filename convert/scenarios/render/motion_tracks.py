"""Head and mouth motion of people in clips: measured by their landmarks and pixels, and kept as numbers.

`motion.json` holds the tracks that scenes are made with. They were measured in Intel's IoT sample videos (CC BY 4.0),
of which no picture is kept; `emotion-convert scenarios --measure-motion DIR` measures them anew. Each half of the
scenes has other people's motion. The clips are short (2 to 5 s) and nobody in them opens the mouth wide, so the
opening is relative to the person's own range: its rhythm is real, its size is not. Nods up and down are kept as the
movement of the head, not as its pitch.
"""

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.records import Face
from assistant.vision import detectors
from assistant.vision.faces import preprocess
from convert.data.fer2013_labels import DatasetError
from convert.scenarios.script.motion import HeadPose, MotionTrack

MOTION_LIST = Path(__file__).with_name("motion.json")
"""The tracks, measured."""
MIN_SECONDS = 1.5
"""Shortest track that is kept."""
WIDTHS_PER_EYE_DISTANCE = 50.0 / 112.0
"""Distance between the eyes in widths of the face, as the actors of scenes have it (`sprite`)."""
NOSE_DEPTH = 0.55
"""Height of the tip of the nose above the eyes, in distances between these: what it moves by when the head turns."""
MAX_ROLL_DEG, MAX_YAW_DEG, MAX_OFFSET = 20.0, 25.0, 0.5
"""Largest roll and yaw, degrees, and offset, widths of the face, that are kept: landmarks jump beside a hand."""
MOUTH_SIDE = 64
"""Side in pixels of the patch around the mouth, in which the lips are 32 pixels wide."""
CLOSED_WITHIN_S = 0.4
"""A mouth that talks closes at least so long before or after any time; teeth that a smile shows are no opening."""
LIP_ROWS = ((18, 30), (34, 48))
"""Rows of that patch above and below the gap between the lips."""


class Source(NamedTuple):
    """A person in a clip."""

    clip: str
    person: int
    """Number from left to right, from 0 on."""
    half: str
    """One of assets.HALVES."""
    is_mouth_seen: bool = False


SOURCES = (
    Source("one-person-signing-no.mkv", 0, "tuning", True),
    Source("three-people-approaching.mp4", 0, "tuning"),
    Source("three-people-approaching.mp4", 2, "tuning"),
    Source("two-people-head-pose.mp4", 1, "tuning"),
    Source("one-person-smiling.mp4", 0, "report", True),
    Source("one-person-signing-help.mkv", 0, "report"),
    Source("three-people-approaching.mp4", 1, "report"),
    Source("two-people-head-pose.mp4", 0, "report"),
)
"""Whose motion is measured, and for which half of the scenes."""


class _Seen(NamedTuple):
    """A face in a picture of a clip."""

    number: int
    """Of the picture."""
    grey: NDArray[np.uint8]
    face: Face


def load(half: str) -> tuple[MotionTrack, ...]:
    """The measured tracks of a half."""
    rows = json.loads(MOTION_LIST.read_text("utf-8"))
    return tuple(
        MotionTrack(row["name"], row["rate_hz"], tuple(HeadPose(*pose) for pose in row["head"]), tuple(row["mouth"]))
        for row in rows
        if row["half"] == half
    )


def measure(folder: Path) -> str:
    """The text of motion.json, measured in the clips of a folder. Raises DatasetError where a clip cannot be read."""
    clips = {source.clip: _people(folder / source.clip) for source in SOURCES}
    rows = []
    for source in SOURCES:
        rate_hz, people = clips[source.clip]
        if source.person >= len(people):
            raise DatasetError(f"{folder / source.clip}: person {source.person} is not in view for {MIN_SECONDS} s")
        seen = people[source.person]
        name = f"{Path(source.clip).stem}-{source.person}"
        head = [[round(value, 3) for value in pose] for pose in _head(seen)]
        mouth = [round(float(value), 3) for value in _mouth(seen, rate_hz)] if source.is_mouth_seen else []
        rows.append({"name": name, "half": source.half, "rate_hz": rate_hz, "head": head, "mouth": mouth})
    return "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n"


def _people(path: Path) -> tuple[float, list[list[_Seen]]]:
    """Pictures a second, and the faces of each person in a clip who is long enough in view, from left to right."""
    clip, detector = cv2.VideoCapture(str(path)), detectors.open_detector(Settings().detector)
    people: list[list[_Seen]] = []
    number = 0
    while (picture := clip.read())[0]:
        grey = np.asarray(cv2.cvtColor(picture[1], cv2.COLOR_BGR2GRAY), np.uint8)
        for face in detector.find(np.asarray(picture[1], np.uint8), grey):
            seen = _Seen(number, grey, face)
            near = [each for each in people if each[-1].number < number and _is_near(each[-1].face, face)]
            if near:
                near[0].append(seen)
            else:
                people.append([seen])
        number += 1
    if not number:
        raise DatasetError(f"{path}: this clip cannot be read")
    rate_hz = float(clip.get(cv2.CAP_PROP_FPS))
    long = [each for each in people if len(each) >= MIN_SECONDS * rate_hz]
    return rate_hz, sorted(long, key=lambda each: each[-1].face.box.x)


def _is_near(one: Face, other: Face) -> bool:
    return math.dist(one.box.center, other.box.center) < other.box.width


def _head(seen: Sequence[_Seen]) -> list[HeadPose]:
    """The poses of a head, without the walk across the picture and without the mean."""
    points = np.array([each.face.landmarks for each in seen], np.float64)
    eyes = points[:, 1] - points[:, 0]
    distance = np.hypot(eyes[:, 0], eyes[:, 1])
    middle = points[:, :2].mean(axis=1)
    along = eyes / distance[:, None]
    nose = ((points[:, 2] - middle) * along).sum(axis=1) / distance
    roll = np.degrees(np.arctan2(eyes[:, 1], eyes[:, 0]))
    yaw = np.degrees(np.arcsin(np.clip((nose - np.median(nose)) / NOSE_DEPTH, -1, 1)))
    offset = [_without_drift(middle[:, axis]) / np.median(distance) * WIDTHS_PER_EYE_DISTANCE for axis in (0, 1)]
    limits = (MAX_OFFSET, MAX_OFFSET, MAX_ROLL_DEG, MAX_YAW_DEG)
    columns = (*offset, roll - np.median(roll), yaw)
    limited = [np.clip(_smooth(column), -limit, limit) for column, limit in zip(columns, limits, strict=True)]
    return [HeadPose(*map(float, row)) for row in np.stack(limited, axis=1)]


def _without_drift(values: NDArray[np.float64]) -> NDArray[np.float64]:
    moments = np.arange(len(values))
    return np.asarray(values - np.polyval(np.polyfit(moments, values, 2), moments), np.float64)


def _smooth(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values without the jitter of landmarks, which is that of single pictures."""
    padded = np.pad(values, 1, mode="edge")
    return np.asarray((padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4, np.float64)


def _mouth(seen: Sequence[_Seen], rate_hz: float) -> NDArray[np.float64]:
    """How far a mouth is open in each picture, 0 to 1 of its own range, by the movement of the lips apart."""
    patches = [_mouth_patch(each) for each in seen]
    apart = [0.0]
    for before, after in pairwise(patches):
        still = np.zeros((*before.shape, 2), np.float32)
        flow = cv2.calcOpticalFlowFarneback(before, after, still, 0.5, 2, 15, 3, 5, 1.1, 0)[:, 16:48, 1]
        (top, bottom), (low, end) = LIP_ROWS
        apart.append(float(flow[low:end].mean() - flow[top:bottom].mean()))
    moved, reach = np.cumsum(apart), round(CLOSED_WITHIN_S * rate_hz)
    opening = np.array(
        [moved[index] - moved[max(0, index - reach) : index + reach + 1].min() for index in range(len(moved))]
    )
    return np.asarray(np.clip(opening / max(float(np.percentile(opening, 95)), 1e-6), 0, 1), np.float64)


def _mouth_patch(seen: _Seen) -> NDArray[np.uint8]:
    template = preprocess.LANDMARK_TEMPLATE
    centre = template[3:].mean(axis=0)
    wide = 32.0 / float(template[4, 0] - template[3, 0])
    target = (template - centre) * wide + MOUTH_SIDE / 2
    matrix = preprocess.similarity_transform(np.array(seen.face.landmarks, np.float64), target)
    patch = cv2.warpAffine(seen.grey, matrix, (MOUTH_SIDE, MOUTH_SIDE), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(patch, np.uint8)
