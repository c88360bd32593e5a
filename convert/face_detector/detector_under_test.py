"""A face detector in an evaluation: its detections, score threshold and size."""

from pathlib import Path

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
