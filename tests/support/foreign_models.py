"""Models as other programs make them, for tests: written as flatbuffers, without TensorFlow. Each reads the mean of
every channel of its input, so that what a program gives it can be told from its answer."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from assistant.vision.faces.input_format import InputFormat
from convert.data.fer2013_labels import LABELS

TYPES = {"float32": schema.TensorType.FLOAT32, "int8": schema.TensorType.INT8, "uint8": schema.TensorType.UINT8}


def weights(channels: int, classes: int) -> NDArray[np.float32]:
    """Float32 [classes, channels]: how the logit of each class follows from the means of the channels."""
    rows = np.arange(classes)[:, np.newaxis] * (1 + np.arange(channels))
    return np.asarray(np.sin(1.0 + rows), np.float32)


def logits(wanted: InputFormat, crop: NDArray[np.uint8], classes: int = 7) -> NDArray[np.float64]:
    """The logits float64 [classes] that a float model gives for a crop."""
    means = wanted.tensor(crop).mean(axis=(0, 1), dtype=np.float64)
    return np.asarray(weights(wanted.channels, classes) @ means, np.float64)


def write(
    path: Path,
    wanted: InputFormat,
    *,
    labels: Sequence[str] | None = LABELS,
    classes: int = 7,
    has_softmax: bool = True,
    kind: str = "float32",
    scale: float = 0.0,
    zero_point: int = 0,
    outputs: int = 1,
    gain: float = 1.0,
) -> Path:
    """Write a model that maps an input of the format, float32 or quantized with `scale` and `zero_point`, to
    probabilities or logits; and its card with these labels, or none where labels is None. gain: on `weights`."""
    shape, tensors, buffers, operators = wanted.shape, [], [schema.BufferT()], []

    def tensor(name: str, dims: Sequence[int], type_: int = schema.TensorType.FLOAT32, data: Any = None) -> int:
        made = schema.TensorT()
        made.shape, made.type, made.name, made.buffer = list(dims), type_, name.encode(), 0
        if data is not None:
            held = schema.BufferT()
            held.data = np.frombuffer(data.tobytes(), np.uint8)
            buffers.append(held)
            made.buffer = len(buffers) - 1
        tensors.append(made)
        return len(tensors) - 1

    codes: list[int] = []

    def operator(code: int, inputs: list[int], output: int, options_type: int, options: Any) -> int:
        codes.append(code)
        made = schema.OperatorT()
        made.opcodeIndex, made.inputs, made.outputs = len(codes) - 1, inputs, [output]
        made.builtinOptionsType, made.builtinOptions = options_type, options
        operators.append(made)
        return output

    first = last = tensor("face", shape, TYPES[kind])
    if kind != "float32":
        about = schema.QuantizationParametersT()
        about.scale, about.zeroPoint = np.array([scale], np.float32), np.array([zero_point], np.int64)
        if scale:
            tensors[first].quantization = about
        is_raw = not scale
        code = schema.BuiltinOperator.CAST if is_raw else schema.BuiltinOperator.DEQUANTIZE
        option = (
            (schema.BuiltinOptions.CastOptions, schema.CastOptionsT())
            if is_raw
            else (schema.BuiltinOptions.DequantizeOptions, schema.DequantizeOptionsT())
        )
        if is_raw:
            option[1].inDataType, option[1].outDataType = TYPES[kind], schema.TensorType.FLOAT32
        last = operator(code, [first], tensor("real", shape), *option)
    axes = tensor("axes", [2], schema.TensorType.INT32, np.array([1, 2], np.int32))
    means = tensor("means", [1, wanted.channels])
    last = operator(
        schema.BuiltinOperator.MEAN, [last, axes], means, schema.BuiltinOptions.ReducerOptions, schema.ReducerOptionsT()
    )
    kernel = tensor("kernel", [classes, wanted.channels], data=np.float32(gain) * weights(wanted.channels, classes))
    bias = tensor("bias", [classes], data=np.zeros(classes, np.float32))
    last = operator(
        schema.BuiltinOperator.FULLY_CONNECTED,
        [last, kernel, bias],
        tensor("logits", [1, classes]),
        schema.BuiltinOptions.FullyConnectedOptions,
        schema.FullyConnectedOptionsT(),
    )
    scores = last
    if has_softmax:
        softmax = schema.SoftmaxOptionsT()
        softmax.beta = 1.0
        last = operator(
            schema.BuiltinOperator.SOFTMAX,
            [last],
            tensor("probabilities", [1, classes]),
            schema.BuiltinOptions.SoftmaxOptions,
            softmax,
        )
    graph = schema.SubGraphT()
    graph.tensors, graph.operators, graph.inputs, graph.outputs = tensors, operators, [first], [last, scores][:outputs]
    graph.name = b"main"
    model = schema.ModelT()
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], buffers, []
    for code in codes:
        made = schema.OperatorCodeT()
        made.builtinCode = made.deprecatedBuiltinCode = code
        made.version = 1
        model.operatorCodes.append(made)
    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    content = bytes(builder.Output())
    path.write_bytes(content)
    if labels is not None:
        card = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "labels": list(labels),
            "input": wanted.as_card(),
            "output": {"values": "probabilities" if has_softmax else "logits"},
        }
        path.with_suffix(".json").write_text(json.dumps(card), "utf-8")
    return path
