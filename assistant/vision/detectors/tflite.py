"""The default face detector: a small int8 TFLite network (anchor-free, strides 8, 16 and 32) that finds tilted,
half-turned and masked faces and gives five landmarks.

Its input is the picture shrunk, not stretched, and padded to whole cells, so that a portrait frame is searched as
finely as a landscape one and a wide frame costs less. `emotion-convert train` fits it from a recipe
face-detector*.toml.
"""

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.config.settings import DetectorSettings
from assistant.errors import DetectorError, ModelError
from assistant.records import Box, Face
from assistant.vision.detectors import decode, nearest_first, shrink
from assistant.vision.detectors.printed_faces import drop_printed_faces
from assistant.vision.faces import preprocess
from assistant.vision.faces.downscale import Downscaler
from assistant.vision.inference import model_file

DEFAULT_MODEL = "face-detector-int8"
OUTPUT_OF_CHANNELS = {1: "score", 4: "box", 10: "landmarks"}
"""What a network output holds, by its number of channels; there is one output of each kind for every stride."""
ROW = tuple(OUTPUT_OF_CHANNELS.items())
ROW_WIDTH = sum(OUTPUT_OF_CHANNELS)
"""Numbers of a cell: its score, its box and its landmarks."""
NMS_IOU = 0.4
"""Hits whose intersection over union (IoU) exceeds this are one face."""
TARGET_MEAN = 140.0
"""Mean grey level (0 to 255) to which a darker frame is brightened by a gamma curve."""
TARGET_STD = 70.0
"""Standard deviation of the grey levels to which the contrast of a flatter frame is raised."""
MAX_CONTRAST_GAIN = 2.0
"""Largest factor by which contrast is raised. With TARGET_MEAN and TARGET_STD average precision on the held-out
pictures is 0.942, against 0.935 on the frames as they are; most is gained in the dark."""
MIN_GAMMA = 0.4
"""Smallest exponent of the brightening curve."""
GREY_LEVELS = np.arange(256, dtype=np.float64)
MAX_CANDIDATES = 200
"""Cells with the highest scores that are decoded and merged; bounds the time that a frame of noise can cost."""


def contrast_table(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lookup table uint8 [256] that raises a picture's contrast, then its brightness; see TARGET_MEAN and
    TARGET_STD."""
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256])[:, 0].astype(np.float64)
    mean, spread = (each.item() for each in cv2.meanStdDev(grey))
    table = GREY_LEVELS - mean
    table *= min(max(1.0, TARGET_STD / max(spread, 1.0)), MAX_CONTRAST_GAIN)
    table += mean
    np.minimum(np.maximum(table, 0, out=table), 255, out=table)
    mean = max(float(counts @ table) / grey.size, 1.0)
    if mean < TARGET_MEAN:
        table /= 255
        table **= max(math.log(TARGET_MEAN / 255) / math.log(mean / 255), MIN_GAMMA)
        table *= 255
    return np.rint(table, out=table).astype(np.uint8)


class _Searched(NamedTuple):
    """The picture that was searched last, and what the network has made of it. Its boxes and landmarks stay with the
    network until the next run."""

    picture: NDArray[np.uint8]
    scores: list[NDArray[Any]]
    """Of each stride [cells], as the network gives them."""
    size: tuple[int, ...]
    """Height and width of the shrunk picture."""
    factor: float
    """From its coordinates to those of the picture."""


class TFLiteFaceDetector:
    """Runs the network of a model file.

    Raises DetectorError for a file that is missing or damaged, or holds a network of another form.
    """

    needs_colour = False
    crop_margin = 0.0
    threshold: float
    """Probability of a face from which a cell counts: that of the settings, else that of the model's card."""

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        try:
            path = model_file.find_model(settings.model or DEFAULT_MODEL)
            card = model_file.read_card(path)
            self._model = model_file.TFLiteModel(path, card, settings.threads)
        except ModelError as err:
            raise DetectorError(str(err)) from err
        self._outputs = self._outputs_by_kind()
        self._quantized_grey = self._model.quantize(preprocess.scale_grey(np.arange(256, dtype=np.uint8)))
        threshold = settings.score_threshold or card.get("threshold")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 < threshold < 1:
            raise DetectorError(
                f"{path}: its card has the threshold {quoted(threshold)}; expected a number between 0 and 1"
            )
        self.threshold = float(threshold)
        self.has_landmarks = bool(card.get("landmarks"))
        self._searched: _Searched | None = None
        self._shape = (0, 0)
        self._downscale = Downscaler()
        self._padded = self._levels = np.empty((0, 0), np.uint8)
        self._padded_for = (0, 0)
        self._cells = decode.cell_centers(0, 0)
        self._zero_points, self._scales = self._row_quantization()
        self._floors: tuple[float, list[float]] = 0.0, []
        self._resize(240, 320)
        self._run(np.full((240, 320), 128, np.uint8))
        if not all(np.isfinite(self._model.output(index)).all() for index in range(len(self._model.outputs))):
            raise DetectorError(f"{path}: the model returns what is no number")

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        small, factor = shrink(grey, self.settings.long_side, self._downscale)
        self._resize(*small.shape)
        self._searched = None
        self._searched = _Searched(grey, self._run(small), small.shape, factor)
        return self._faces(self._searched, self.threshold)

    def candidates(self, grey: NDArray[np.uint8], threshold: float) -> list[Face]:
        """The faces of a picture uint8 [H, W] from another threshold on. Of the picture that was searched last, which
        must not have changed since, they cost no second run of the network."""
        if self._searched is None or self._searched.picture is not grey:
            self.find(grey, grey)
        assert self._searched is not None
        return self._faces(self._searched, threshold)

    def _faces(self, searched: "_Searched", threshold: float) -> list[Face]:
        height, width = searched.size
        factor = searched.factor
        cells, rows = self._candidates(searched.scores, threshold)
        if not len(cells):
            return []
        points, strides = self._cells[0][cells], self._cells[1][cells]
        hits = decode.weighted_nms(
            decode.boxes_of(rows[:, 1:5], points, strides),
            decode.scores_of(rows[:, 0]),
            decode.landmarks_of(rows[:, 5:], points, strides),
            NMS_IOU,
        )
        faces = []
        for box_in_small, score, points_in_small in hits:
            x, y, w, h = box_in_small.tolist()
            is_inside = 0 <= x + w / 2 < width and 0 <= y + h / 2 < height  # not in the padding
            if is_inside and min(w, h) >= self.settings.min_face_px:
                box = Box(x * factor, y * factor, w * factor, h * factor)
                marks = tuple((px * factor, py * factor) for px, py in points_in_small.tolist())
                faces.append(Face(box, score, marks if self.has_landmarks else None))
        return nearest_first(drop_printed_faces(faces))

    def _outputs_by_kind(self) -> dict[str, list[int]]:
        """Indices of the network's outputs by what they hold, the finest stride first. Raises DetectorError for a
        network of another form."""
        found: dict[str, list[tuple[int, int]]] = {kind: [] for kind in OUTPUT_OF_CHANNELS.values()}
        for index, tensor in enumerate(self._model.outputs):
            shape = tensor["shape"].tolist()
            if len(shape) != 4 or shape[3] not in OUTPUT_OF_CHANNELS:
                raise DetectorError(f"{self._model.path}: an output of shape {shape}; no face detector has one")
            found[OUTPUT_OF_CHANNELS[shape[3]]].append((-shape[1] * shape[2], index))
        if any(len(maps) != len(decode.STRIDES) for maps in found.values()):
            raise DetectorError(f"{self._model.path}: {len(self._model.outputs)} outputs; a face detector has 9")
        return {kind: [index for _, index in sorted(maps)] for kind, maps in found.items()}

    def _row_quantization(self) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
        """Zero points and scales float32 [15] of each stride's rows: score, box and landmarks of a cell."""
        zero_points, scales = [], []
        for stride in range(len(decode.STRIDES)):
            of_kinds = [(width, self._model.quantization(self._outputs[kind][stride])) for width, kind in ROW]
            zero_points.append(np.array([zero for width, (_, zero) in of_kinds for _ in range(width)], np.float32))
            scales.append(np.array([scale for width, (scale, _) in of_kinds for _ in range(width)], np.float32))
        return zero_points, scales

    def _resize(self, height: int, width: int) -> None:
        """Set the network's input to pictures of that size, padded to whole cells."""
        step = decode.STRIDES[-1] // 2
        shape = (-(-height // step) * step, -(-width // step) * step)
        if shape == self._shape:
            return
        try:
            self._model.resize((1, *shape, 1))
        except ModelError as err:
            raise DetectorError(str(err)) from err
        self._shape, self._cells = shape, decode.cell_centers(*shape)

    def _run(self, small: NDArray[np.uint8]) -> list[NDArray[Any]]:
        """The network's scores for a picture of the size that `_resize` was given, as they are: [cells] for each
        stride, the finest first."""
        picture = small
        if small.shape != self._shape:
            picture = self._pad(small)
        self._levels = cv2.LUT(picture, self._quantized_grey[contrast_table(small)], dst=self._levels)
        try:
            self._model.invoke(self._levels.reshape(1, *self._shape, 1))
            scores = [self._model.output(index).reshape(-1) for index in self._outputs["score"]]
        except ModelError as err:
            raise DetectorError(str(err)) from err
        cells = sum(map(len, scores))
        if cells != len(self._cells[1]):
            height, width = small.shape
            raise DetectorError(
                f"{self._model.path}: maps of {cells} cells for {width}x{height} pixels; "
                f"a face detector has {len(self._cells[1])}"
            )
        return scores

    def _pad(self, small: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A picture padded to whole cells with mid-grey, in memory that is used again."""
        if (self._padded.shape, self._padded_for) != (self._shape, small.shape):
            self._padded, self._padded_for = np.full(self._shape, round(preprocess.MID_GREY), np.uint8), small.shape
        self._padded[: small.shape[0], : small.shape[1]] = small
        return self._padded

    def _candidates(self, scores: list[NDArray[Any]], threshold: float) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """The cells whose score exceeds the threshold, the best first and at most MAX_CANDIDATES, and a row of real
        numbers for each, float32 [n, 15]: logit, box and landmarks. Of boxes and landmarks those of a hit alone are
        brought into real numbers."""
        found: list[tuple[NDArray[np.intp], NDArray[np.float32]]] = []
        first = 0
        for stride, (of_cells, floor) in enumerate(zip(scores, self._score_floors(threshold), strict=True)):
            hits = (of_cells > floor).nonzero()[0]
            if len(hits):
                found.append((hits + first, self._rows(stride, of_cells, hits)))
            first += len(of_cells)
        if not found:
            return np.empty(0, np.intp), np.empty((0, ROW_WIDTH), np.float32)
        cells, rows = found[0]
        if len(found) > 1:
            cells, rows = np.concatenate([each for each, _ in found]), np.concatenate([each for _, each in found])
        order = np.argsort(-rows[:, 0], kind="stable")[:MAX_CANDIDATES]
        return cells[order], rows[order]

    def _rows(self, stride: int, scores: NDArray[Any], hits: NDArray[np.intp]) -> NDArray[np.float32]:
        rows = np.empty((len(hits), ROW_WIDTH), np.float32)
        rows[:, 0] = scores[hits]
        rows[:, 1:5] = self._model.output(self._outputs["box"][stride]).reshape(-1, 4)[hits]
        rows[:, 5:] = self._model.output(self._outputs["landmarks"][stride]).reshape(-1, 10)[hits]
        rows -= self._zero_points[stride]
        rows *= self._scales[stride]
        return rows

    def _score_floors(self, threshold: float) -> list[float]:
        """The number that a cell's score, as the network gives it, must exceed, for each stride. The sigmoid is
        monotonic: scores are logits, and compared with the threshold's. Quantized ones are compared as they are."""
        if self._floors[0] != threshold:
            logit = math.log(threshold / (1 - threshold))
            self._floors = threshold, [self._score_floor(index, logit) for index in self._outputs["score"]]
        return self._floors[1]

    def _score_floor(self, index: int, logit: float) -> float:
        kind = np.dtype(self._model.outputs[index]["dtype"])
        if kind.kind == "f":
            return logit
        limits = np.iinfo(kind)
        values = np.arange(limits.min, limits.max + 1)
        below = values[self._model.dequantize(index, values) <= logit]
        return int(below.max()) if len(below) else int(limits.min) - 1
