"""The graph in a .tflite file: operators, tensor types, weights, multiply-accumulates; parsed without running it."""

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from assistant.errors import ModelError
from convert.data import regular_file

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
"""Operators with weights; the others have none, and their cost is not counted."""


@dataclass(frozen=True)
class Graph:
    """Facts about the main graph of a model."""

    operators: tuple[str, ...]
    """Names in order of execution, such as "CONV_2D"."""
    types: frozenset[str]
    """Element types of all tensors, such as "INT8"."""
    input_type: str
    """Element type of the input."""
    output_type: str
    """Element type of the first output."""
    parameters: int
    """Number of weights and biases; fewer than in training, since batch normalization is folded into them."""
    macs: int
    """Multiply-accumulates of one forward pass."""
    operator_macs: tuple[int, ...]
    """Multiply-accumulates of each operator, in the order of `operators`; 0 for those without weights."""
    quantization: tuple[float, int] | None
    """Scale and zero point of the input; None where it is not quantized."""


def read(path: Path) -> Graph:
    """The graph of a .tflite file. Raises ModelError where it cannot be read or parsed."""
    try:
        return parse(str(path), regular_file.read_bytes(path))
    except OSError as err:
        raise ModelError(f"{path}: cannot read the model: {err.strerror}") from err


def parse(name: str, content: bytes) -> Graph:
    """The graph in the bytes of a .tflite file called `name`. Raises ModelError where they cannot be parsed."""
    try:
        return _graph(schema.ModelT.InitFromObj(schema.Model.GetRootAs(content)))
    except (struct.error, LookupError, ValueError, TypeError, AttributeError, OverflowError) as err:
        raise ModelError(f"{name}: not a TensorFlow Lite model ({type(err).__name__})") from err


@dataclass(frozen=True)
class Weights:
    """The weights of an operator."""

    name: str
    """Names of the kernel tensor and of the bias tensor, joined by ";"."""
    kernel: NDArray[np.float32]
    """Dequantized, with the axes in the file's order."""
    bias: NDArray[np.float32]
    """Dequantized, one value per channel."""


def weights(path: Path) -> list[Weights]:
    """The weights of an int8 .tflite file, in order of execution. Raises ModelError."""
    try:
        return _weights(schema.ModelT.InitFromObj(schema.Model.GetRootAs(regular_file.read_bytes(path))))
    except OSError as err:
        raise ModelError(f"{path}: cannot read the model: {err.strerror}") from err
    except (struct.error, LookupError, ValueError, TypeError, AttributeError, OverflowError) as err:
        raise ModelError(f"{path}: not an int8 TensorFlow Lite model ({type(err).__name__})") from err


def _weights(model: schema.ModelT) -> list[Weights]:
    (graph,) = model.subgraphs
    names = kinds(model)
    found = []
    for operator in graph.operators:
        if names[operator.opcodeIndex] in WEIGHTED:
            kernel, bias = (graph.tensors[index] for index in operator.inputs[1:3])
            held = (_values(model, kernel, np.int8), _values(model, bias, np.int32))
            found.append(Weights(f"{kernel.name.decode()};{bias.name.decode()}", *held))
    return found


def _values(model: schema.ModelT, tensor: schema.TensorT, kind: type[np.integer[Any]]) -> NDArray[np.float32]:
    """The dequantized values of a tensor: symmetric quantization, with one scale or one per channel."""
    values = np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)
    scale, axis = np.asarray(tensor.quantization.scale, np.float32), tensor.quantization.quantizedDimension
    return values * (scale.reshape([-1 if each == axis else 1 for each in range(values.ndim)]))


def kinds(model: schema.ModelT) -> list[str]:
    """Names of a model's operator kinds, in the order of its operator codes."""
    codes = _names(schema.BuiltinOperator)
    # old files have the operator in the deprecated one-byte field and 0 in the newer one
    return [codes[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]


def _graph(model: schema.ModelT) -> Graph:
    (graph,) = model.subgraphs
    types = _names(schema.TensorType)
    names = kinds(model)
    operators, parameters, macs = [], 0, []
    for operator in graph.operators:
        kind = names[operator.opcodeIndex]
        operators.append(kind)
        if kind not in WEIGHTED:
            macs.append(0)
            continue
        weights, output = graph.tensors[operator.inputs[1]].shape, graph.tensors[operator.outputs[0]].shape
        parameters += sum(prod(graph.tensors[index].shape) for index in operator.inputs[1:] if index >= 0)
        # multiply-accumulates per output element: kernels [out, h, w, in] and [out, in]: all axes but the first;
        # depthwise kernels [1, h, w, out]: h * w
        each = prod(weights[1:3]) if kind == "DEPTHWISE_CONV_2D" else prod(weights[1:])
        macs.append(int(prod(output)) * int(each))
    first, last = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    scaled = first.quantization is not None and first.quantization.scale is not None
    return Graph(
        operators=tuple(operators),
        types=frozenset(types[tensor.type] for tensor in graph.tensors),
        input_type=types[first.type],
        output_type=types[last.type],
        parameters=int(parameters),
        macs=sum(macs),
        operator_macs=tuple(macs),
        quantization=(float(first.quantization.scale[0]), int(first.quantization.zeroPoint[0])) if scaled else None,
    )


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}
