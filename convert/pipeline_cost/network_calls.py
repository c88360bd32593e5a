"""The calls that a step cannot do without: grey, the detector's resize, and every run of a network that it made."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.records import Frame
from assistant.vision.detectors import shrink
from assistant.vision.faces.downscale import Downscaler
from assistant.vision.faces.grey_plane import GreyPlane
from assistant.vision.inference.model_file import TFLiteModel

NetworkCall = tuple[TFLiteModel, NDArray[Any]]
"""A network and the tensor that it was run on."""


@contextmanager
def recorded_calls() -> Iterator[list[NetworkCall]]:
    """While it is open, every run of a network is added to the list."""
    calls: list[NetworkCall] = []
    invoke = TFLiteModel.invoke

    def record(model: TFLiteModel, tensor: NDArray[Any]) -> None:
        calls.append((model, tensor))
        invoke(model, tensor)

    TFLiteModel.invoke = record  # type: ignore[assignment, method-assign]
    try:
        yield calls
    finally:
        TFLiteModel.invoke = invoke  # type: ignore[method-assign]


class BareCalls:
    """Makes the unavoidable calls of one step after the other, and nothing else, in memory that is used again, as the
    step does. long_side: `detector.long_side`."""

    def __init__(self, long_side: int) -> None:
        self._long_side = long_side
        self._grey_plane, self._downscale = GreyPlane(), Downscaler()

    def grey(self, frame: Frame) -> NDArray[np.uint8]:
        """The grey picture of a frame."""
        return self._grey_plane.of(frame)

    def networks(self, grey: NDArray[np.uint8], calls: Sequence[NetworkCall]) -> None:
        """The detector's resize, and the runs of the networks."""
        shrink(grey, self._long_side, self._downscale)
        for model, tensor in calls:
            interpreter = model.interpreter
            if tuple(interpreter.get_input_details()[0]["shape"]) != tensor.shape:
                model.resize(tensor.shape)
            interpreter.set_tensor(model.input["index"], tensor)
            interpreter.invoke()
