"""Models of one operator, cut from a .tflite file with its weights, so that each can be run and timed by itself."""

import struct
from dataclasses import dataclass

import flatbuffers
from ai_edge_litert import schema_py_generated as schema

from assistant.errors import ModelError
from convert.tflite import graph

IDENTIFIER = b"TFL3"
"""What stands at the beginning of a .tflite file."""
VERSION = 3
"""Version of the format of all .tflite files."""


@dataclass(frozen=True)
class SingleOperator:
    """A model that holds one operator of another one."""

    index: int
    """Its place in the main graph of the other model."""
    kind: str
    """Its name, such as "CONV_2D"."""
    shape: tuple[int, ...]
    """Shape of what it makes."""
    content: bytes
    """The .tflite file."""


def cut(name: str, content: bytes) -> list[SingleOperator]:
    """A model of each operator of the main graph in the bytes of a .tflite file called `name`. Raises ModelError."""
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
        kinds = graph.kinds(model)
        return [
            SingleOperator(
                number,
                kinds[operator.opcodeIndex],
                tuple(map(int, model.subgraphs[0].tensors[operator.outputs[0]].shape)),
                _cut(model, operator),
            )
            for number, operator in enumerate(model.subgraphs[0].operators)
        ]
    except (struct.error, LookupError, ValueError, TypeError, AttributeError, OverflowError) as err:
        raise ModelError(f"{name}: cannot be cut into its operators ({type(err).__name__})") from err


def _cut(model: schema.ModelT, operator: schema.OperatorT) -> bytes:
    """The file of a model of one operator: its tensors alone, its weights; the inputs are those that are no weights."""
    whole = model.subgraphs[0]
    inputs = [int(index) for index in operator.inputs]
    used = list(dict.fromkeys([each for each in inputs if each >= 0] + [int(index) for index in operator.outputs]))
    place = {index: number for number, index in enumerate(used)}
    made = schema.ModelT()
    made.version, made.description = VERSION, b"one operator"
    code = schema.OperatorCodeT()
    vars(code).update(vars(model.operatorCodes[operator.opcodeIndex]))
    made.operatorCodes = [code]
    made.buffers = [schema.BufferT()]  # by the format's rules the first is empty
    part = schema.SubGraphT()
    part.tensors = [_tensor(model, whole.tensors[index], made) for index in used]
    alone = schema.OperatorT()
    vars(alone).update(vars(operator))
    alone.opcodeIndex = 0
    alone.inputs = [place.get(index, -1) for index in inputs]
    alone.outputs = [place[int(index)] for index in operator.outputs]
    part.operators = [alone]
    part.inputs = [place[each] for each in dict.fromkeys(inputs) if each >= 0 and part.tensors[place[each]].buffer == 0]
    part.outputs = alone.outputs
    made.subgraphs = [part]
    builder = flatbuffers.Builder(1024)
    builder.Finish(made.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _tensor(model: schema.ModelT, tensor: schema.TensorT, made: schema.ModelT) -> schema.TensorT:
    """A copy of a tensor for the new model, to which its weights are added, if it has any."""
    copy = schema.TensorT()
    vars(copy).update(vars(tensor))
    data = model.buffers[tensor.buffer].data
    copy.buffer = 0
    if data is not None and len(data):
        copy.buffer = len(made.buffers)
        held = schema.BufferT()
        held.data = data
        made.buffers.append(held)
    return copy
