"""Stand-ins for cameras and models with the same interface, scripted by the test."""

import functools
import importlib.util
from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.records import Box, Face, Frame, Thresholds
from assistant.vision.faces.input_format import OWN_FORMAT

needs_photographs = pytest.mark.skipif(
    not (importlib.util.find_spec("skimage") and importlib.util.find_spec("matplotlib")),
    reason="the demo's photographs come with scikit-image and matplotlib: pip install 'emotion-assistant[demo]'",
)

BASE = 90
"""Smallest mean grey level of `picture`."""
LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def probabilities(expression: str, confidence: float = 0.9) -> tuple[float, ...]:
    """A distribution over LABELS with the probability `confidence` for one expression, the rest divided equally."""
    rest = (1 - confidence) / (len(LABELS) - 1)
    return tuple(confidence if label == expression else rest for label in LABELS)


def face(x: float, y: float = 100.0, size: float = 80.0) -> Face:
    return Face(Box(x, y, size, size), 0.9)


class ScriptedDetector:
    """A detector that returns the faces of `script(number of the frame)`, numbers from 0."""

    crop_margin = 0.0
    needs_colour, has_landmarks = False, True

    def __init__(self, script: Callable[[int], Sequence[Face]]) -> None:
        self.script, self.frame = script, -1

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        self.frame += 1
        return list(self.script(self.frame))

    def candidates(self, grey: NDArray[np.uint8], threshold: float) -> list[Face]:
        return [each for each in self.script(max(self.frame, 0)) if each.score >= threshold]


class ScriptedClassifier:
    """A classifier by the mean grey level of a crop: BASE + 10 * index in LABELS."""

    labels = LABELS
    thresholds = Thresholds()
    input = OWN_FORMAT

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.array(probabilities(LABELS[max(0, min(6, (int(crop.mean()) - BASE) // 10))]), np.float32)


@functools.cache
def picture(expression: str = "angry", size: tuple[int, int] = (640, 480)) -> NDArray[np.uint8]:
    """A picture that ScriptedClassifier classifies as the expression, with patches and grain, so that it is not dark,
    blurred or blank. It is the same array each time, which cannot be written."""
    random, patch = np.random.default_rng(1), 10
    coarse = random.integers(-20, 21, (size[1] // patch + 1, size[0] // patch + 1))
    patches = coarse.repeat(patch, axis=0).repeat(patch, axis=1)[: size[1], : size[0]]
    grain = random.integers(-12, 13, (size[1], size[0]))
    image = (BASE + 10 * LABELS.index(expression) + 5 + patches + grain).astype(np.uint8)
    image.setflags(write=False)
    return image


class ScriptedCamera:
    """A camera with the frames of a list; an exception in the list is raised. is_live: a camera, else a clip."""

    def __init__(self, frames: Sequence[Frame | Exception], *, is_live: bool = True) -> None:
        self.frames, self.is_live, self.is_closed = iter(frames), is_live, False

    def read(self) -> Frame | None:
        item = next(self.frames, None)
        if isinstance(item, Exception):
            raise item
        return item

    def close(self) -> None:
        self.is_closed = True


def clip(path: str, pictures: Sequence[NDArray[np.uint8]], fps: float = 10.0) -> str:
    """Write pictures [H, W] or BGR [H, W, 3] as an MJPEG clip."""
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(path, cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for image in pictures:
        writer.write(image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    writer.release()
    return path
