"""NanoDet-Plus-m (RangiLyu, Apache-2.0) through ncnn, of the extra `nanodet`: more is found, with another library."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import SkillError
from assistant.skills.things.detection import INPUT_SIDE, Thing, letterbox, things_of

FILE, WEIGHTS_FILE = "nanodet-plus-m_416.param", "nanodet-plus-m_416.bin"
SHA256 = "d79e18ecd8595081bb29fdf0c790a47fcea96fbf58598350569a92e71e915b72"
WEIGHTS_SHA256 = "f7555ca6cb9650ee41e2f0a53fdf46b6e187a2a09792208d8c3eec033b6ac615"
"""Of the copies in Qengineering/NanoDetPlus-ncnn-Raspberry-Pi-4."""
NOT_INSTALLED = "NanoDet needs ncnn, which is missing; install.sh --extra nanodet, or: pip install ncnn"
STRIDES = (8, 16, 32, 64)
"""Pixels of the square between neighbouring cells, in the order in which the network lists their maps."""
STEPS = 8
"""Each side of a box is the mean of so many distances, 0 to 7 strides, weighted by the network."""
MEAN = np.array([103.53, 116.28, 123.675], np.float32)
DEVIATION = np.array([57.375, 57.12, 58.395], np.float32)
"""Of blue, green and red in training: the input is (level - MEAN) / DEVIATION."""


class NanoDetDetector:
    """Runs the network on one thread of ncnn. Raises SkillError where ncnn is not installed or cannot use the files."""

    def __init__(self, graph: bytes, weights: Path) -> None:
        """graph: the content of FILE. weights: WEIGHTS_FILE, which ncnn can read from a file only: the weights that it
        is given as a text in memory it does not copy, and Python frees them."""
        try:
            import ncnn
        except ImportError as err:
            raise SkillError(NOT_INSTALLED, "missing") from err
        self._ncnn: Any = ncnn
        self._net = ncnn.Net()
        self._net.opt.num_threads = 1
        if self._net.load_param_mem(graph.decode("ascii", "replace")) != 0 or self._net.load_model(str(weights)) != 0:
            raise SkillError(f"{weights}: ncnn cannot load it", "missing")
        self._points, self._strides = cells()

    def find(self, image: NDArray[np.uint8], min_score: float) -> list[Thing]:
        square, factor = letterbox(image)
        planes = np.ascontiguousarray(((square - MEAN) / DEVIATION).transpose(2, 0, 1), np.float32)
        with self._net.create_extractor() as extractor:
            # A Mat made of an array does not own the array's memory; its clone does.
            extractor.input("data", self._ncnn.Mat(planes).clone())
            code, output = extractor.extract("output")
        rows = np.array(output) if code == 0 else np.zeros(0, np.float32)
        if rows.shape != (len(self._points), 80 + 4 * STEPS):
            raise SkillError(f"{FILE}: gives {list(rows.shape)} numbers, not {[len(self._points), 80 + 4 * STEPS]}")
        corners = decode(rows[:, 80:], self._points, self._strides)
        return things_of(corners, rows[:, :80], (image.shape[0], image.shape[1]), factor, min_score)


def cells() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The point float32 [3598, 2] (x, y) and the stride float32 [3598, 1] of each cell, in pixels of the square."""
    points, strides = [], []
    for stride in STRIDES:
        count = -(-INPUT_SIDE // stride)
        y, x = np.mgrid[:count, :count].astype(np.float32)
        points.append(np.stack([x, y], axis=-1).reshape(-1, 2) * stride)
        strides.append(np.full((points[-1].shape[0], 1), stride, np.float32))
    return np.concatenate(points), np.concatenate(strides)


def decode(
    logits: NDArray[np.float32], points: NDArray[np.float32], strides: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Corners float32 [cells, 4] (left, top, right, bottom in pixels of the square) of the logits float32 [cells, 32]
    of the distances from each cell's point to the left, upper, right and lower side."""
    steps = logits.reshape(-1, 4, STEPS)
    weights = np.exp(steps - steps.max(axis=2, keepdims=True))
    distances = weights @ np.arange(STEPS, dtype=np.float32) / weights.sum(axis=2) * strides
    return np.concatenate([points - distances[:, :2], points + distances[:, 2:]], axis=1)
