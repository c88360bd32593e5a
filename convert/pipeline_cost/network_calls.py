"""The calls that a step cannot do without: grey, the detector's resize, and every run of a network that it made."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from numpy.typing import NDArray

from assistant.records import Frame
from assistant.vision.detectors import shrink
from assistant.vision.faces import preprocess
from assistant.vision.inference.model_file import TFLiteModel

NetworkCall = tuple[TFLiteModel, NDArray[Any]]
"""A network and the tensor that it was run on."""


@contextmanager
def recorded_calls() -> Iterator[list[NetworkCall]]:
    """While it is open, every run of a network is added to the list."""
    calls: list[NetworkCall] = []
    run_raw = TFLiteModel.run_raw

    def record(model: TFLiteModel, tensor: NDArray[Any]) -> list[NDArray[Any]]:
        calls.append((model, tensor))
        return run_raw(model, tensor)

    TFLiteModel.run_raw = record  # type: ignore[assignment, method-assign]
    try:
        yield calls
    finally:
        TFLiteModel.run_raw = run_raw  # type: ignore[method-assign]


def repeat(frame: Frame, calls: list[NetworkCall], long_side: int) -> None:
    """Make the unavoidable calls of one step again, and nothing else. long_side: `detector.long_side`."""
    shrink(preprocess.to_grey(frame.image), long_side)
    for model, tensor in calls:
        interpreter = model.interpreter
        if tuple(interpreter.get_input_details()[0]["shape"]) != tensor.shape:
            model.resize(tensor.shape)
        interpreter.set_tensor(model.input["index"], tensor)
        interpreter.invoke()
