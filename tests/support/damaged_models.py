"""Damaged and invalid models for tests, made from a shipped one by editing its flatbuffer, without TensorFlow."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from assistant.vision.inference.model_file import find_model

SHIPPED = "emotion-cnn-int8"


def copy(folder: Path, name: str = "copy", of: str = SHIPPED) -> Path:
    """Copy a shipped model and its card under another name; returns the model file."""
    original, model = find_model(of), folder / f"{name}.tflite"
    shutil.copyfile(original, model)
    shutil.copyfile(original.with_suffix(".json"), model.with_suffix(".json"))
    return model


def rewrite_card(model: Path, **changes: Any) -> None:
    """Change keys of a model's card; sha256="" stands for the hash of the current file."""
    card = json.loads(model.with_suffix(".json").read_text("utf-8"))
    if changes.get("sha256") == "":
        changes["sha256"] = hashlib.sha256(model.read_bytes()).hexdigest()
    model.with_suffix(".json").write_text(json.dumps({**card, **changes}), "utf-8")


def edit(model: Path, change: Callable[[Any, Any], None]) -> None:
    """Apply `change(model, main subgraph)` to a model's flatbuffer objects; the card gets the new SHA-256."""
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model.read_bytes(), 0))
    change(tree, tree.subgraphs[0])
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(tree.Pack(builder), b"TFL3")
    model.write_bytes(bytes(builder.Output()))
    rewrite_card(model, sha256="")


def stuck(tree: Any, graph: Any) -> None:
    """Set the last layer's weights to 0: the output depends on its biases alone, whatever the picture."""
    last = next(each for each in reversed(graph.operators) if len(each.inputs) == 3)
    weights = tree.buffers[graph.tensors[last.inputs[1]].buffer]
    weights.data = np.zeros(len(weights.data), np.uint8)
