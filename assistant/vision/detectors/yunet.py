"""YuNet (Wu et al. 2023) through OpenCV: finds tilted and half-turned faces too; the settings must name its ONNX
file."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.errors import DetectorError, ModelError
from assistant.records import Box, Face
from assistant.vision.detectors import nearest_first, shrink
from assistant.vision.inference import model_file

DEFAULT_SCORE_THRESHOLD = 0.6
"""Lowest score of a face where the settings name none; the documented default of 0.9 loses a quarter of the faces."""
NMS_IOU = 0.3
"""Hits whose intersection over union (IoU) exceeds this are one face."""
INPUT_SIDE = 320
"""Pixels. The export of fixed shape 320x320 is the one that OpenCV 4.14 loads; pictures are letterboxed into it,
whatever `detector.long_side` says: fewer pixels would take the same time, and more do not fit."""


class YuNetFaceDetector:
    """cv2.FaceDetectorYN on one thread of OpenCV. Raises DetectorError where the file is missing or not YuNet."""

    has_landmarks, needs_colour = True, True
    """In grey the detector loses one of the two people of a test clip whom it finds in colour in every frame."""
    crop_margin = 0.08
    """Of the margins -0.15 to 0.2 in steps of 0.05, expressions of 900 faces of muxspace (happy, neutral, surprise)
    were read best at 0.05 and 0.1."""

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        if not settings.model:
            raise DetectorError("detector.model is empty; name YuNet's ONNX file there, or choose detector.driver haar")
        try:  # OpenCV is given the content: it crashes on a name that is not UTF-8, and waits for a FIFO
            content = np.frombuffer(model_file.read_limited(Path(settings.model)), np.uint8)
            self._net = cv2.FaceDetectorYN.create(
                "onnx",
                content,
                np.zeros(0, np.uint8),
                (INPUT_SIDE, INPUT_SIDE),
                settings.score_threshold or DEFAULT_SCORE_THRESHOLD,
                NMS_IOU,
                5000,
            )
            self._net.detect(np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8))
        except ModelError as err:
            raise DetectorError(str(err)) from err
        except cv2.error as err:
            why = str(err).strip().rpartition("\n")[2]
            raise DetectorError(
                f"{settings.model}: OpenCV cannot use this as YuNet's 320x320 ONNX file: {why}"
            ) from err

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        small, factor = shrink(image if image.ndim == 3 else grey[:, :, np.newaxis], INPUT_SIDE)
        height, width = small.shape[:2]
        square = np.zeros((INPUT_SIDE, INPUT_SIDE, 3), np.uint8)
        square[:height, :width] = small if small.ndim == 3 else small[:, :, np.newaxis]
        _, rows = self._net.detect(square)
        faces = []
        for row in rows if rows is not None else ():
            centre_x, centre_y = row[0] + row[2] / 2, row[1] + row[3] / 2
            is_inside = 0 <= centre_x < width and 0 <= centre_y < height  # not in the padding
            if is_inside and min(row[2], row[3]) >= self.settings.min_face_px:
                x, y, w, h, *coordinates = (float(value) * factor for value in row[:14])
                landmarks = tuple(zip(coordinates[::2], coordinates[1::2], strict=True))
                faces.append(Face(Box(x, y, w, h), float(row[14]), landmarks))
        return nearest_first(faces)
