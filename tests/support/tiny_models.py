"""Models of one convolution, int8 and float, cut from a shipped model: without a card, made without TensorFlow."""

from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from assistant.vision.inference.model_file import find_model
from convert.tflite import single_operator

SHIPPED = "emotion-small-int8"


def int8_model(operator: int = 0) -> bytes:
    """The .tflite file of an operator of the shipped model, by its place."""
    path = find_model(SHIPPED)
    return single_operator.cut(path.name, path.read_bytes())[operator].content


def float_model() -> bytes:
    """The .tflite file of the shipped model's first convolution, in float32."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(int8_model()))
    for tensor in model.subgraphs[0].tensors:
        stored = np.int8 if tensor.type == schema.TensorType.INT8 else np.int32
        if tensor.buffer:
            values = np.frombuffer(bytes(model.buffers[tensor.buffer].data), stored).astype(np.float32) / 128
            model.buffers[tensor.buffer].data = np.frombuffer(values.tobytes(), np.uint8)
        tensor.type, tensor.quantization = schema.TensorType.FLOAT32, None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=single_operator.IDENTIFIER)
    return bytes(builder.Output())


def write_pair(folder: Path, name: str = "tiny") -> tuple[Path, Path]:
    """Write the float and the int8 file of a model into a folder, without cards; returns both."""
    whole, quantized = folder / f"{name}-float.tflite", folder / f"{name}-int8.tflite"
    whole.write_bytes(float_model())
    quantized.write_bytes(int8_model())
    return whole, quantized
