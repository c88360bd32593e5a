"""The configuration of an .h5 file of Keras 2, put in terms that Keras 3 builds: what its converter forgot, and the
arithmetic of `preprocess_input`, which Keras 2 saved as calls of TensorFlow's functions."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.config.schema import quoted
from assistant.errors import ModelError

REVERSED = "ReversedChannels"
"""Name of the layer that stands for `x[..., ::-1]`; `keras_file` has it."""
Layer = dict[str, Any]


def modernized(config: Any, name: str) -> Any:
    """A copy of a model's configuration that Keras 3 builds. name: of the file, for errors. Raises ModelError for a
    function that has no layer."""
    made = copy.deepcopy(config)
    for layer in _layers(made):
        kind, options = layer.get("class_name"), layer.get("config")
        if kind == "DepthwiseConv2D" and isinstance(options, dict):
            options.pop("groups", None)  # always 1, and no option of Keras 3
        elif kind in ("TFOpLambda", "SlicingOpLambda"):
            _replace_call(layer, name)
        if isinstance(options, dict) and isinstance(options.get("layers"), list):
            _renumber_calls(options)
    return made


def _renumber_calls(model: Layer) -> None:
    """Count the calls of the models inside of a model from 0: Keras 2 gave number 0 to their own input."""
    layers = [each for each in model["layers"] if isinstance(each, dict)]
    inside = {
        each.get("name") or each["config"].get("name")
        for each in layers
        if isinstance(each.get("config"), dict) and "layers" in each["config"]
    }
    stack: list[Any] = [each.get("inbound_nodes") for each in layers]
    stack += [model.get(key) for key in ("input_layers", "output_layers")]
    while stack:
        each = stack.pop()
        if not isinstance(each, list):
            continue
        if len(each) >= 3 and isinstance(each[0], str) and type(each[1]) is int:
            each[1] -= each[0] in inside and each[1] > 0
        else:
            stack.extend(each)


def _layers(held: Any) -> Iterator[Layer]:
    """Every layer of a configuration, nested models' too."""
    stack = [held]
    while stack:
        each = stack.pop()
        if isinstance(each, dict):
            if "class_name" in each and "config" in each:
                yield each
            stack.extend(each.values())
        elif isinstance(each, list):
            stack.extend(each)


def _replace_call(layer: Layer, name: str) -> None:
    """Turn a call of a function of TensorFlow into a layer that does the same. Raises ModelError."""
    function = str(layer["config"].get("function"))
    try:
        ((source, node, tensor, given),) = layer["inbound_nodes"]
        options = _options(function, given)
    except (KeyError, TypeError, ValueError) as err:
        raise ModelError(
            f"{name}: calls tf.{function[:60]} in a way that Keras 3 has no layer for; export a .tflite in the program "
            "that made it"
        ) from err
    label = layer["config"].get("name", layer.get("name"))
    kind = REVERSED if not options else "Rescaling"
    layer["class_name"], layer["config"] = kind, {"name": str(label).replace("/", "_"), **options}
    layer["inbound_nodes"] = [[[source, node, tensor, {}]]]


def _options(function: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options of the Rescaling layer that computes a function with a constant, none for reversed channels. Raises
    KeyError, TypeError or ValueError where there is none."""
    operation = function.rpartition(".")[2]
    if operation == "getitem":
        last = given["slice_spec"][-1]
        if (last["start"], last["stop"], last["step"]) != (None, None, -1) or len(given["slice_spec"]) > 2:
            raise ValueError(f"slice {quoted(last)}")
        return {}
    if operation == "bias_add":
        return {"scale": 1.0, "offset": [float(each) for each in given["bias"]]}
    constant = float(given["y"])
    if operation in ("truediv", "divide", "realdiv"):
        return {"scale": 1 / constant, "offset": 0.0}
    if operation in ("multiply", "mul"):
        return {"scale": constant, "offset": 0.0}
    if operation in ("add", "subtract", "sub"):
        return {"scale": 1.0, "offset": constant if operation == "add" else -constant}
    raise ValueError(operation)
