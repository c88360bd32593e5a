"""Operators cut out of a model: run one after the other they give what the whole gives, to the last bit."""

import numpy as np
import pytest

from assistant.errors import ModelError
from assistant.vision.inference.model_file import find_model
from assistant.vision.inference.runtime import load_interpreter
from convert.benchmark.loading import values
from convert.tflite import graph, single_operator

SHIPPED = ("emotion-cnn-int8", "emotion-small-int8", "face-detector-int8")


def run(content: bytes, tensors: list[np.ndarray]) -> list[np.ndarray]:
    _, interpreter = load_interpreter(content, 1)
    for detail, tensor in zip(interpreter.get_input_details(), tensors, strict=True):
        interpreter.set_tensor(detail["index"], tensor)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_parts_in_turn_are_the_whole(name: str) -> None:
    content = find_model(name).read_bytes()
    _, whole = load_interpreter(content, 1)
    (first,) = whole.get_input_details()
    made = {int(first["index"]): values(first)}
    parts = single_operator.cut(name, content)
    nodes = [node for node in whole._get_ops_details() if node["op_name"] != "DELEGATE"]
    assert [part.kind for part in parts] == [node["op_name"] for node in nodes]
    for part, node in zip(parts, nodes, strict=True):
        outputs = run(part.content, [made[index] for index in dict.fromkeys(map(int, node["inputs"])) if index in made])
        assert outputs[0].shape == part.shape
        made.update(zip(map(int, node["outputs"]), outputs, strict=True))
    for detail, expected in zip(whole.get_output_details(), run(content, [values(first)]), strict=True):
        assert np.array_equal(made[int(detail["index"])], expected)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_multiply_accumulates_of_the_parts_are_those_of_the_whole(name: str) -> None:
    content = find_model(name).read_bytes()
    whole = graph.parse(name, content)
    assert sum(whole.operator_macs) == whole.macs
    parts = [graph.parse(name, part.content) for part in single_operator.cut(name, content)]
    assert tuple(part.macs for part in parts) == whole.operator_macs
    assert sum(part.parameters for part in parts) == whole.parameters


def test_what_is_no_model_cannot_be_cut() -> None:
    with pytest.raises(ModelError, match=r"x\.tflite: cannot be cut into its operators"):
        single_operator.cut("x.tflite", b"nothing")
