"""A face detector in an evaluation: its detections, score threshold, size and CPU time."""

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
"""Long side of the pictures that detectors are run on, and width of the smallest detection."""
MIN_SCORE = 0.02
"""Lowest score of the detections in a precision-recall curve."""
TIMED_FRAME = (320, 240)
"""Width and height in pixels of the frame on which times are measured."""
ROUNDS = 31
"""Number of times that each detector is timed; the median is reported."""
TIME_RATIO = "ms_to_haar"
"""Key of the ratio of a detector's time to that of Haar in the same run."""


class DetectorUnderTest:
    """One detector, loaded twice: with the threshold MIN_SCORE, and with the threshold that the assistant uses.

    name: "tflite", "haar" or "yunet". file: the model file, unless it is the shipped one. Raises DetectorError.
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
            self.threshold, self.bytes = 0.0, haar.cascade_file().stat().st_size  # Haar has no score

    def detections(self, image: NDArray[np.uint8]) -> Detections:
        """All detections with a score of at least MIN_SCORE in a BGR picture uint8 [H, W, 3]: boxes in pixels,
        scores."""
        return matching.as_arrays(self.unfiltered.find(image, to_grey(image)))

    def deployed_detections(self, image: NDArray[np.uint8]) -> Detections:
        """The detections at the assistant's threshold. They are not a subset of `detections`, where detections of low
        score take part in the merging and so move boxes."""
        return matching.as_arrays(self.deployed.find(image, to_grey(image)))


def measure_cost(tested: Sequence[DetectorUnderTest], images: Sequence[NDArray[np.uint8]]) -> dict[str, dict[str, Any]]:
    """By detector: milliseconds of CPU time for a frame of 320x240 on one thread, and the size of its model.

    The detectors are timed in turn. CPU time is measured, not wall time, since on a busy machine slow detectors are
    interrupted more often than fast ones.
    """
    frame = next((image for image in images if image.shape[1] > image.shape[0]), images[0])
    frame = np.asarray(cv2.resize(frame, TIMED_FRAME, interpolation=cv2.INTER_AREA), np.uint8)
    grey, threads = to_grey(frame), cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        times: dict[str, list[float]] = {each.name: [] for each in tested}
        for _ in range(ROUNDS):
            for each in tested:
                each.deployed.find(frame, grey)  # not timed: the CPU caches hold the weights of another detector
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
