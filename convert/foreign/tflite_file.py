"""A foreign classifier in a .tflite file. The file is not trusted: it is loaded and run in the sandbox first."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.inference.model_file import MAX_BYTES, TFLiteModel, read_limited
from convert.foreign.network import Network


def load(file: Path) -> Network:
    """The classifier in a .tflite file. Raises ModelError, in one line, for a file that is none."""
    content = read_limited(file, MAX_BYTES)
    model = TFLiteModel(file, {"sha256": hashlib.sha256(content).hexdigest()}, threads=1)
    if len(model.outputs) != 1:
        names = ", ".join(f"{each['name']} {each['shape'].tolist()}" for each in model.outputs)
        raise ModelError(f"{file}: has {len(model.outputs)} outputs ({names[:200]}); export it with one")
    shape, output = model.input["shape"].tolist(), model.outputs[0]["shape"].tolist()
    if len(output) != 2 or shape[:1] != [1] or output[0] != 1:
        raise ModelError(
            f"{file}: maps {shape} to {output}; the assistant takes [1, side, side, 1 or 3] to [1, classes]"
        )
    for size, stated in zip(shape, model.input.get("shape_signature", shape), strict=True):
        if stated < 0 and size == 1 and shape.index(size) > 0:
            raise ModelError(f"{file}: leaves the side of its pictures open; export it with a fixed side")

    def predict(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.stack([model.run(model.quantize(each[np.newaxis]))[0][0] for each in values])

    return Network(file, "TensorFlow Lite", tuple(shape[1:]), output[1], predict, 1, content=content)
