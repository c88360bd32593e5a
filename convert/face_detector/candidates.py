"""The detectors that are measured side by side, and what each costs."""

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
from convert.face_detector.matching import Hits
from convert.tflite import graph

LONG_SIDE, MIN_FACE, LEAST_SCORE = 320, 24, 0.02
FRAME = (320, 240)
"""Width and height that times are measured on."""
ROUNDS = 31
DRIVERS = {"ours": "tflite", "haar": "haar", "yunet": "yunet"}
RATIO = "ms_to_haar"


class Candidate:
    """A detector as the evaluation needs it: every hit, and what it would cost and keep in the assistant.

    name: "ours", "haar" or "yunet"; file: its model, where it needs one that is not shipped. Raises DetectorError.
    """

    def __init__(self, name: str, file: Path | None = None) -> None:
        def settings(score: float) -> DetectorSettings:
            return DetectorSettings(
                driver=DRIVERS[name],
                model=str(file or ""),
                long_side=LONG_SIDE,
                min_face_px=MIN_FACE,
                score_threshold=score,
            )

        self.name = name
        self.every: FaceDetector = detectors.open_detector(settings(LEAST_SCORE))
        self.served: FaceDetector = detectors.open_detector(settings(0.0))
        self.macs: int | None = None
        if isinstance(self.served, tflite.TFLiteFaceDetector):
            self.threshold, model = self.served.threshold, model_file.find_model(str(file or tflite.DEFAULT_MODEL))
            self.macs, self.bytes = graph.read(model).macs, model.stat().st_size
        elif name == "yunet" and file is not None:
            self.threshold, self.bytes = yunet.DEFAULT_SCORE_THRESHOLD, file.stat().st_size
        else:
            self.threshold, self.bytes = (
                0.0,
                haar.cascade_file().stat().st_size,
            )  # all that it finds: it gives no probability

    def hits(self, image: NDArray[np.uint8]) -> Hits:
        """Every hit from LEAST_SCORE on: boxes in pixels of the picture, BGR uint8 [H, W, 3], and scores."""
        return matching.as_arrays(self.every.find(image, to_grey(image)))

    def served_hits(self, image: NDArray[np.uint8]) -> Hits:
        """What the assistant is given: not what is sure enough of `hits`, for weak ones draw at the boxes of others."""
        return matching.as_arrays(self.served.find(image, to_grey(image)))


def measure(candidates: Sequence[Candidate], images: Sequence[NDArray[np.uint8]]) -> dict[str, dict[str, Any]]:
    """Milliseconds of CPU a frame of 320x240 on one thread, all detectors in turn, and what is known of their size.

    Time on the wall would flatter the quick ones on a busy machine: the slow ones are interrupted, they are not.
    """
    frame = next((image for image in images if image.shape[1] > image.shape[0]), images[0])
    frame = np.asarray(cv2.resize(frame, FRAME, interpolation=cv2.INTER_AREA), np.uint8)
    grey, threads = to_grey(frame), cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        times: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
        for _ in range(ROUNDS):
            for candidate in candidates:
                candidate.served.find(frame, grey)  # the caches hold another one's weights
                begun = time.process_time_ns()
                candidate.served.find(frame, grey)
                times[candidate.name].append((time.process_time_ns() - begun) / 1e6)
    finally:
        cv2.setNumThreads(threads)
    made = {}
    for candidate in candidates:
        median = statistics.median(times[candidate.name])
        made[candidate.name] = {
            "ms": round(median, 3),
            RATIO: round(median / statistics.median(times["haar"]), 4) if "haar" in times else None,
            "mmac": round(candidate.macs / 1e6, 2) if candidate.macs else None,
            "kib": round(candidate.bytes / 1024, 1),
        }
    return made
