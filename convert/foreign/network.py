"""A foreign classifier, whatever file it is in: its shapes, and what it answers to input tensors."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.system.progress import Progress
from assistant.vision.faces.input_format import InputFormat
from assistant.vision.inference import self_test

MAX_SUM_ERROR = 0.05
"""Probabilities sum to 1; those of an int8 output, in steps of 1/256, nearly so."""


@dataclass(frozen=True)
class Network:
    """A classifier with one input and one output."""

    file: Path
    form: str
    """By what it was read, for its card: "Keras 3.15.1", "TensorFlow Lite"."""
    shape: tuple[int | None, ...]
    """[height, width, channels] of its input; None where it leaves one open."""
    classes: int
    """How many numbers it gives."""
    predict: Callable[[NDArray[np.float32]], NDArray[np.float32]]
    """Function from inputs float32 [N, side, side, channels] to outputs float32 [N, classes]."""
    batch: int
    """How many inputs `predict` is given at once."""
    model: Any = None
    """The Keras model; None where there is a .tflite file."""
    content: bytes = b""
    """The .tflite file's; empty for a Keras model."""

    def outputs(self, input_format: InputFormat, crops: Any, title: str) -> NDArray[np.float32]:
        """Outputs float32 [N, classes] of crops uint8 [N, *crop_shape]. Raises ModelError where one is not finite."""
        parts = []
        with Progress(title, len(crops), "faces") as progress:
            for start in range(0, len(crops), self.batch):
                chunk = np.asarray(crops[start : start + self.batch])
                parts.append(self.predict(input_format.tensor(chunk)))
                progress.update(len(chunk))
        made = np.concatenate(parts)
        if not np.isfinite(made).all():
            raise ModelError(f"{self.file}: gives numbers that are not finite; was it trained?")
        return made


def has_logits(network: Network, input_format: InputFormat) -> bool:
    """Whether the outputs are logits and not probabilities, by what the model answers to a few pictures. Raises
    ModelError for outputs that look like a sigmoid for each class."""
    made = network.outputs(input_format, self_test.crops(input_format), "outputs")
    sums = made.sum(axis=1)
    if made.min() >= 0 and np.abs(sums - 1).max() <= MAX_SUM_ERROR:
        return False
    if made.min() >= 0 and made.max() <= 1 and len({round(float(each), 3) for each in sums}) > 1:
        raise ModelError(
            f"{network.file}: its outputs are from 0 to 1 but sum to {sums.min():.2f} to {sums.max():.2f}, as of a "
            "sigmoid for each class; export it with a softmax, or without the last activation"
        )
    return True
