"""A face detector as the evaluation needs it: its detections, its threshold, its size and its time."""

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.vision import detectors
from assistant.vision.detectors import FaceDetector, haar, tflite, yunet
from assistant.vision.faces.preprocess import to_grey
from assistant.vision.inference import model_file
from convert.face_detector import matching
from convert.face_detector.matching import Detections
from convert.tflite import graph

LONG_SIDE_PX, MIN_FACE_PX = 320, 24
"""Long side at which pictures are searched, and width of the smallest detection."""
MIN_SCORE = 0.02
"""Lowest score of a detection that goes into a precision-recall curve."""
TIMED_FRAME = (320, 240)
"""Width and height of the frame that times are measured on."""
ROUNDS = 31
"""How often each detector is timed; the median counts."""
TIME_RATIO = "ms_to_haar"
"""Key of a detector's time divided by that of Haar in the same run."""


class DetectorUnderTest:
    """One detector, loaded twice: with every detection from MIN_SCORE on, and with the threshold that the assistant
    uses it with.

    name: "tflite", "haar" or "yunet"; file: its model, where it needs one that is not shipped. Raises DetectorError.
    """

    def __init__(self, name: str, file: Path | None = None) -> None:
        def settings(score: float) -> DetectorSettings:
            return DetectorSettings(
                driver=name,
                model=str(file or ""),
                long_side=LONG_SIDE_PX,
                min_face_px=MIN_FACE_PX,
                score_threshold=score,
            )

        self.name = name
        self.unfiltered: FaceDetector = detectors.open_detector(settings(MIN_SCORE))
        self.deployed: FaceDetector = detectors.open_detector(settings(0.0))
        self.macs: int | None = None
        if isinstance(self.deployed, tflite.TFLiteFaceDetector):
            self.threshold, model = self.deployed.threshold, model_file.find_model(str(file or tflite.DEFAULT_MODEL))
            self.macs, self.bytes = graph.read(model).macs, model.stat().st_size
        elif name == "yunet" and file is not None:
            self.threshold, self.bytes = yunet.DEFAULT_SCORE_THRESHOLD, file.stat().st_size
        else:
            self.threshold, self.bytes = 0.0, haar.cascade_file().stat().st_size  # Haar gives no probability

    def detections(self, image: NDArray[np.uint8]) -> Detections:
        """Every detection from MIN_SCORE on: boxes in pixels of the picture, BGR uint8 [H, W, 3], and scores."""
        return matching.as_arrays(self.unfiltered.find(image, to_grey(image)))

    def deployed_detections(self, image: NDArray[np.uint8]) -> Detections:
        """The detections that the assistant is given. They are not a subset of `detections`: merging moves boxes, and
        there weak detections take part in it."""
        return matching.as_arrays(self.deployed.find(image, to_grey(image)))


def measure_cost(tested: Sequence[DetectorUnderTest], images: Sequence[NDArray[np.uint8]]) -> dict[str, dict[str, Any]]:
    """Milliseconds of CPU a frame of 320x240 on one thread, all detectors in turn, and what is known of their size.

    CPU time, not wall time: on a busy machine slow detectors are interrupted and quick ones are not, so that wall time
    would flatter the quick ones.
    """
    frame = next((image for image in images if image.shape[1] > image.shape[0]), images[0])
    frame = np.asarray(cv2.resize(frame, TIMED_FRAME, interpolation=cv2.INTER_AREA), np.uint8)
    grey, threads = to_grey(frame), cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        times: dict[str, list[float]] = {each.name: [] for each in tested}
        for _ in range(ROUNDS):
            for each in tested:
                each.deployed.find(frame, grey)  # untimed: the caches hold another detector's weights
                begun = time.process_time_ns()
                each.deployed.find(frame, grey)
                times[each.name].append((time.process_time_ns() - begun) / 1e6)
    finally:
        cv2.setNumThreads(threads)
    costs = {}
    for each in tested:
        median = statistics.median(times[each.name])
        costs[each.name] = {
            "ms": round(median, 3),
            TIME_RATIO: round(median / statistics.median(times["haar"]), 4) if "haar" in times else None,
            "mmac": round(each.macs / 1e6, 2) if each.macs else None,
            "kib": round(each.bytes / 1024, 1),
        }
    return costs
