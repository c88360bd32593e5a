"""A trained run to a .tflite file that is int8 throughout, with its card: post-training quantization, checked.

Weights are quantized per channel, activations by the ranges that the calibration pictures show. The result is written
only if it is what the assistant expects: int8 in and out, grey levels carried unchanged, no operator left in float.
"""

import contextlib
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.system.atomic_files import write_atomically
from assistant.vision.faces.preprocess import GREY_STEP, MID_GREY, scale_grey
from assistant.vision.inference.runtime import quiet_stderr
from convert.data.fer2013 import Faces
from convert.expression import calibration, card, networks
from convert.expression.fixed_views import view
from convert.tflite import graph
from convert.training.provenance import data_sha256
from convert.training.run_folder import Run

JITTERED = 2
"""The calibration pictures are seen as they are and once more in this view, off as a detector's box may be."""


def quantize(run: Run, faces: Faces, model: Path, chosen: list[tuple[str, str]], head: str) -> None:
    """Write `model` (int8) with its card, and the float model with a card of its own into the run folder.

    chosen: the calibration list, (digest, class) of each picture. Raises RunError, DatasetError, or ModelError where
    the result is not wholly int8; nothing is written then.
    """
    given = calibration.find(faces, chosen)
    pictures = np.concatenate([given, [view(picture, JITTERED) for picture in given]])
    served, reference = networks.with_head(networks.restore(run), head), run.float_model(model.stem, head)
    contents = {reference: convert(served, None), model: convert(served, pictures)}
    check(model.name, contents[model])
    facts = {"pictures": len(given), "views": [0, JITTERED], "sha256": hashlib.sha256(pictures.tobytes()).hexdigest()}
    files: dict[Path, bytes] = {}
    for path, content in contents.items():
        about = card.describe(
            path.stem,
            content,
            run,
            head=head,
            labels=networks.HEADS[head],
            data_sha256=data_sha256(faces),
            calibration=facts,
        )
        files |= {path: content, card.path_of(path): card.encode(about)}
    write_atomically(files)


def convert(model: keras.Model, pictures: NDArray[np.uint8] | None) -> bytes:
    """The flatbuffer of a model: int8, calibrated on grey pictures uint8 [M, H, W], or float32 without any."""
    # the converter prints the signatures it met, and from C++ what it thinks of them
    with quiet_stderr(), contextlib.redirect_stdout(io.StringIO()):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if pictures is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: _inputs(pictures)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def _inputs(pictures: NDArray[np.uint8]) -> Iterator[list[NDArray[np.float32]]]:
    """What the converter calibrates on: one batch of one picture at a time, as the assistant will serve them.

    The input's scale comes from the values that occur. Two corner pixels of one picture are set to black and to white,
    so that it is exactly 1/64 whatever pictures the list names; a wholly black or white picture would do that too, but
    would stretch the ranges of the inner layers to values that no face gives.
    """
    ranged = pictures.copy()
    ranged[0, 0, 0], ranged[0, -1, -1] = 0, 255
    for values in scale_grey(ranged):
        yield [values[np.newaxis, ..., np.newaxis]]


def check(name: str, content: bytes) -> None:
    """Raises ModelError unless a flatbuffer is int8 from input to output and carries grey g as g - 128."""
    made = graph.parse(name, content)
    if (made.input_type, made.output_type) != ("INT8", "INT8"):
        raise ModelError(f"{name}: input is {made.input_type}, output {made.output_type}; both must be INT8")
    if made.quantization != (1 / GREY_STEP, round(MID_GREY) - 128):
        raise ModelError(f"{name}: input scale and zero point are {made.quantization}; they must be 1/64 and 0")
    foreign = sorted(made.types - {"INT8", "INT32"})  # biases and shapes are int32
    between = sorted({"QUANTIZE", "DEQUANTIZE", "CAST"} & set(made.operators))
    if foreign or between:
        raise ModelError(f"{name}: not int8 throughout: tensors {foreign}, operators {between}")
