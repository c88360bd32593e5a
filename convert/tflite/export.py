"""A Keras model to the bytes of a .tflite file, float32 or int8, and the check that it is int8 throughout."""

import contextlib
import io
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.faces.preprocess import GREY_STEP, MID_GREY, scale_grey
from assistant.vision.inference.runtime import quiet_stderr
from convert.tflite import graph


def to_tflite(model: keras.Model, pictures: NDArray[np.uint8] | None) -> bytes:
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


def check_int8(name: str, content: bytes) -> None:
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
