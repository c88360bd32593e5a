"""The heavy half of the things: the detector, in a process of its own."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import SkillError
from assistant.records import Box
from assistant.skills.things import nanodet, self_test, yolox
from assistant.skills.things.detection import Thing, ThingDetector
from assistant.skills.things.weights import detector_file, read_known

LOWEST_SCORE = 0.05
"""A smaller `min_score` is raised to this: below it every cell of the network is a thing."""


class Expected(NamedTuple):
    """What a detector finds in the picture of the self-test."""

    score: float
    box: Box


EXPECTED = {
    "yolox": Expected(0.824, Box(47, 61, 166, 165)),
    "nanodet": Expected(0.641, Box(47, 57, 168, 168)),
}
"""Measured on x86-64 with OpenCV 4.14, with 4.11 the same to three digits, and ncnn 1.0.20261020."""


class ThingsEngine:
    """Answers one request: {"op": "detect", "min_score": …} with a picture."""

    def __init__(self, detector: ThingDetector, name: str) -> None:
        self.detector, self.name = detector, name

    def handle(self, request: Mapping[str, Any], image: NDArray[np.uint8] | None) -> dict[str, Any]:
        """{"detector": "yolox" or "nanodet", "things": [[label, score, x, y, width, height], …]}, the box in pixels,
        the highest score first. Raises SkillError."""
        if request.get("op") != "detect":
            raise SkillError(f"things: unknown request {str(request.get('op'))[:40]!r}")
        if image is None or image.ndim not in (2, 3) or 0 in image.shape:
            raise SkillError("things: detect wants a picture", "no_picture")
        min_score = request.get("min_score", 0.25)
        if isinstance(min_score, bool) or not isinstance(min_score, int | float) or not 0 <= min_score <= 1:
            raise SkillError("things: min_score must be a number from 0 to 1")
        colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
        found = self.detector.find(np.asarray(colour, np.uint8), max(LOWEST_SCORE, min_score))
        return {
            "detector": self.name,
            "things": [
                [thing.label, round(thing.score, 4), *(round(value, 1) for value in thing.box)] for thing in found
            ],
        }

    def close(self) -> None:
        """Nothing to close: the process ends."""


def open_engine(settings: Settings) -> ThingsEngine:
    """Loads the detector that things.model names: NanoDet-Plus where it ends in .param, else YOLOX-nano. Raises
    SkillError where it is missing or wrong, or fails its self-test."""
    path = detector_file(settings)
    detector: ThingDetector
    if path.suffix == ".param":
        weights = path.with_suffix(".bin")
        graph = read_known(path, nanodet.SHA256)
        read_known(weights, nanodet.WEIGHTS_SHA256)
        detector, name = nanodet.NanoDetDetector(graph, weights), "nanodet"
    else:
        detector, name = yolox.YoloxDetector(read_known(path, yolox.SHA256)), "yolox"
    found: list[Thing] = detector.find(self_test.clock(), self_test.LOWEST_SCORE)
    if wrong := self_test.mismatch(found, *EXPECTED[name]):
        raise SkillError(f"{path}: the detector {wrong}; reinstall opencv-python-headless (or ncnn)", "missing")
    return ThingsEngine(detector, name)
