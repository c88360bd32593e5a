"""Conversion of a Keras model to a .tflite file, float32 or int8, and the check that a file is int8 throughout."""

import contextlib
import io
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from assistant.errors import ModelError
from assistant.vision.faces.input_format import OWN_FORMAT, InputFormat
from assistant.vision.faces.preprocess import GREY_STEP, INPUT_SCALING, MID_GREY, scale_grey
from assistant.vision.inference.runtime import quiet_stderr
from convert.tflite import graph


def to_tflite(model: keras.Model, pictures: NDArray[np.uint8] | None, input_format: InputFormat | None = None) -> bytes:
    """The .tflite file of a model: int8, calibrated on pictures, or float32 if these are None.

    pictures: crops uint8 [M, *input_format.crop_shape]; where input_format is None, grey ones uint8 [M, H, W] of any
    size, which are scaled as the project's own networks take them.
    """
    # the converter prints signatures to stdout, and warnings from C++ to stderr
    with quiet_stderr(), contextlib.redirect_stdout(io.StringIO()):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        if pictures is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: _inputs(pictures, input_format)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type = converter.inference_output_type = tf.int8
        return bytes(converter.convert())


def _inputs(pictures: NDArray[np.uint8], input_format: InputFormat | None) -> Iterator[list[NDArray[np.float32]]]:
    """The converter's representative dataset: one picture at a time, scaled as the assistant does.

    The scale of the model's input follows from the values in this dataset. Two corner pixels of the first picture are
    set to black and white, so that it takes all grey levels, and is exactly 1/64 in the project's own scaling, for any
    set of pictures; a wholly black or white picture would do that too, but would widen the ranges of the inner layers
    beyond the values that faces give.
    """
    full_range = pictures.copy()
    full_range[0, 0, 0], full_range[0, -1, -1] = 0, 255
    for picture in full_range:
        values = scale_grey(picture)[..., np.newaxis] if input_format is None else input_format.tensor(picture)
        yield [values[np.newaxis]]


def check_int8(name: str, content: bytes, input_format: InputFormat = OWN_FORMAT) -> None:
    """Raises ModelError unless a .tflite file is int8 from input to output and represents grey level g as g - 128; in
    other scalings than the project's own, unless its input takes all their values in steps of a grey level or less."""
    made = graph.parse(name, content)
    if (made.input_type, made.output_type) != ("INT8", "INT8"):
        raise ModelError(f"{name}: input is {made.input_type}, output {made.output_type}; both must be INT8")
    if input_format.scaling == INPUT_SCALING and made.quantization != (1 / GREY_STEP, round(MID_GREY) - 128):
        raise ModelError(f"{name}: input scale and zero point are {made.quantization}; they must be 1/64 and 0")
    if made.quantization is not None and not _takes(made.quantization, input_format):
        low, high = input_format.limits()
        raise ModelError(
            f"{name}: input scale and zero point are {made.quantization}; they must take {low:.3g} to {high:.3g}"
        )
    other_types = sorted(made.types - {"INT8", "INT32"})  # biases and shapes are int32
    conversions = sorted({"QUANTIZE", "DEQUANTIZE", "CAST"} & set(made.operators))
    if other_types or conversions:
        raise ModelError(f"{name}: not int8 throughout: tensors {other_types}, operators {conversions}")


def _takes(quantization: tuple[float, int], input_format: InputFormat) -> bool:
    """Whether an int8 input of this scale and zero point holds all values of a format, each to half of a 255th of their
    span and a bit: quantizers round the zero point, which moves either end by half a step."""
    (scale, zero_point), (low, high) = quantization, input_format.limits()
    step = (high - low) / 255
    ends = (-128 - zero_point) * scale, (127 - zero_point) * scale
    return ends[0] <= low + 0.51 * step and ends[1] >= high - 0.51 * step and scale <= 1.01 * step
