"""Our own detector: a small int8 network that finds tilted, half-turned and masked faces, with five landmarks.

The network takes the picture as it is: shrunk, not stretched, and padded to whole cells, so that an upright frame is
searched as finely as a lying one and a wide one costs less.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import shown
from assistant.config.settings import Detector as DetectorSettings
from assistant.errors import DetectorError, ModelError
from assistant.records import Box, Face
from assistant.vision.detectors import decode, nearest_first, shrink
from assistant.vision.detectors.printed_faces import drop_printed_faces
from assistant.vision.faces import preprocess
from assistant.vision.inference import model_file

DEFAULT_MODEL = "face-detector-int8"
OUTPUT_OF_CHANNELS = {1: "score", 4: "box", 10: "landmarks"}
"""The network's outputs by their channels; there is one of each for every stride of the grid."""
NMS_IOU = 0.4
"""Intersection over union from which two hits are one face."""
TARGET_MEAN, TARGET_STD, MAX_CONTRAST_GAIN = 140.0, 70.0, 2.0
"""A darker frame is brightened to this mean grey, and the contrast of a flatter one raised to this standard deviation,
by a factor of 2 at the most: of the faces in the held-out pictures that finds more than the frame as it is (average
precision 0.942 against 0.935), most of all in the dark."""
MAX_CANDIDATES = 200
"""At most so many cells, the best ones, are looked at: a crowd of noise must not cost the time of a frame."""


def contrast_table(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A table uint8 [256] that gives each grey level of a picture another one: see MEAN and SPREAD."""
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256])[:, 0]
    share, level = counts / counts.sum(), np.arange(256, dtype=np.float64)
    mean = float(share @ level)
    spread = float(np.sqrt(share @ (level - mean) ** 2))
    gain = min(max(1.0, TARGET_STD / max(spread, 1.0)), MAX_CONTRAST_GAIN)
    table = np.clip((level - mean) * gain + mean, 0, 255)
    mean = max(float(share @ table), 1.0)
    if mean < TARGET_MEAN:
        table = 255 * (table / 255) ** max(math.log(TARGET_MEAN / 255) / math.log(mean / 255), 0.4)
    return np.asarray(np.rint(table), np.uint8)


class TFLiteFaceDetector:
    """The detector of a model file. Raises DetectorError where it is missing, damaged or no such network."""

    needs_colour = False
    crop_margin = 0.0

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        try:
            path = model_file.find_model(settings.model or DEFAULT_MODEL)
            card = model_file.read_card(path)
            self._model = model_file.TFLiteModel(path, card, settings.threads)
        except ModelError as err:
            raise DetectorError(str(err)) from err
        self._outputs = self._by_head()
        self._tensor_of = self._model.quantized(preprocess.scale_grey(np.arange(256, dtype=np.uint8)))
        threshold = settings.score or card.get("threshold")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
            raise DetectorError(
                f"{path}: its card has the threshold {shown(threshold)}; expected a number between 0 and 1"
            )
        self.threshold = float(threshold)
        self._has_landmarks = bool(card.get("landmarks"))
        self._shape = (0, 0)
        self._cells = decode.cell_centers(0, 0)
        self._fit(240, 320)
        if any(not np.isfinite(output).all() for output in self._run(np.full((240, 320), 128, np.uint8))):
            raise DetectorError(f"{path}: the model returns what is no number")

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        small, factor = shrink(grey, self.settings.long_side)
        height, width = small.shape
        self._fit(height, width)
        logits, boxes, landmarks = self._run(small)
        # of a monotonic function only the threshold must be turned round: logits are compared, few become scores
        cells = np.flatnonzero(logits[:, 0] > np.log(self.threshold / (1 - self.threshold)))
        cells = cells[np.argsort(-logits[cells, 0], kind="stable")[:MAX_CANDIDATES]]
        points, strides = self._cells[0][cells], self._cells[1][cells]
        hits = decode.weighted_nms(
            decode.boxes_of(boxes[cells], points, strides),
            decode.scores_of(logits[cells, 0]),
            decode.landmarks_of(landmarks[cells], points, strides),
            NMS_IOU,
        )
        faces = []
        for (x, y, w, h), score, five in hits:
            is_inside = 0 <= x + w / 2 < width and 0 <= y + h / 2 < height  # not in the padding
            if is_inside and min(w, h) >= self.settings.min_face:
                box = Box(*(float(value) * factor for value in (x, y, w, h)))
                marks = tuple((float(px) * factor, float(py) * factor) for px, py in five)
                faces.append(Face(box, score, marks if self._has_landmarks else None))
        return nearest_first(drop_printed_faces(faces))

    def _by_head(self) -> dict[str, list[int]]:
        """Which outputs are the maps of each head, finest first. Raises DetectorError for any other network."""
        found: dict[str, list[tuple[int, int]]] = {head: [] for head in OUTPUT_OF_CHANNELS.values()}
        for index, tensor in enumerate(self._model.outputs):
            shape = tensor["shape"].tolist()
            if len(shape) != 4 or shape[3] not in OUTPUT_OF_CHANNELS:
                raise DetectorError(f"{self._model.path}: an output of shape {shape}; no face detector of ours has one")
            found[OUTPUT_OF_CHANNELS[shape[3]]].append((-shape[1] * shape[2], index))
        if any(len(maps) != len(decode.STRIDES) for maps in found.values()):
            raise DetectorError(
                f"{self._model.path}: {len(self._model.outputs)} outputs; a face detector of ours has 9"
            )
        return {head: [index for _, index in sorted(maps)] for head, maps in found.items()}

    def _fit(self, height: int, width: int) -> None:
        """Have the network take pictures of that size from now on."""
        step = decode.STRIDES[-1] // 2
        shape = (-(-height // step) * step, -(-width // step) * step)
        if shape == self._shape:
            return
        try:
            self._model.resize((1, *shape, 1))
        except ModelError as err:
            raise DetectorError(str(err)) from err
        self._shape, self._cells = shape, decode.cell_centers(*shape)

    def _run(self, small: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Logits [cells, 1], box numbers [cells, 4], landmark numbers [cells, 10] of a picture that fits."""
        height, width = small.shape
        padded = np.full((1, *self._shape, 1), round(preprocess.MID_GREY), np.uint8)
        padded[0, :height, :width, 0] = small
        try:
            outputs = self._model.run(self._tensor_of[contrast_table(small)][padded])
        except ModelError as err:
            raise DetectorError(str(err)) from err
        maps = [
            np.concatenate([outputs[index].reshape(-1, outputs[index].shape[3]) for index in self._outputs[head]])
            for head in OUTPUT_OF_CHANNELS.values()
        ]
        if any(len(cells) != len(self._cells[1]) for cells in maps):
            raise DetectorError(
                f"{self._model.path}: maps of {len(maps[0])} cells for {width}x{height} pixels; "
                f"a face detector of ours has {len(self._cells[1])}"
            )
        return maps
