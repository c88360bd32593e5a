"""A .tflite file and its model card: found, checked, loaded and run.

`NAME.tflite` lies beside `NAME.json`. The card is read first, and a model whose SHA-256 is not the card's is refused
before a byte of it is parsed: of files with a single flipped bit a third would otherwise be accepted, with other
outputs.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.config.schema import quoted
from assistant.config.settings import OWN_FOLDER
from assistant.errors import ModelError
from assistant.system.regular_file import read_bytes
from assistant.system.sha256 import sha256
from assistant.vision.inference import sandbox
from assistant.vision.inference.runtime import first_line, load_interpreter, quiet_stderr

MAX_BYTES, MAX_CARD_BYTES = 64 << 20, 1 << 20
"""Larger model files and cards are refused unread."""
MODEL_FOLDERS = (Path(__file__).parents[2] / "models", Path(__file__).parents[3] / "models")
"""Where the shipped models are: in the installed package, or at the top of a checkout."""


OWN_MODELS = f"own models belong in {OWN_FOLDER}, which the service can read"
"""What to do where a file is in a folder that the service's user may not enter: its units see no /home."""


def find_model(name: str) -> Path:
    """The model file for the name of a shipped model ("emotion-cnn-int8") or for a path. Raises ModelError."""
    if not name.endswith(".tflite") and os.sep not in name:
        folder = next((each for each in MODEL_FOLDERS if each.is_dir()), MODEL_FOLDERS[0])
        if (folder / f"{name}.tflite").is_file():
            return folder / f"{name}.tflite"
        known = sorted(file.stem for file in folder.glob("*.tflite"))
        import difflib  # seldom needed: a mistake was made

        near = difflib.get_close_matches(name, known, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are: {', '.join(known) or 'none'}"
        raise ModelError(f"no shipped model is called {name!r}{hint}")
    try:
        is_file = stat.S_ISREG(Path(name).stat().st_mode)
    except FileNotFoundError:
        is_file = False
    except OSError as err:  # Path.is_file raises it too, for a folder that this user may not enter
        raise ModelError(f"{name}: cannot be read: {err.strerror}; {OWN_MODELS}") from err
    if not is_file:
        raise ModelError(f"{name}: no such model file; give a .tflite file or the name of a shipped model")
    return Path(name)


def read_card(model: Path) -> dict[str, Any]:
    """The card beside a model file, of whose contents only `sha256` is checked. Raises ModelError."""
    path = model.with_suffix(".json")
    try:
        path.stat()
    except FileNotFoundError as err:
        raise ModelError(f"{model}: its card {path.name} is missing; a model is used only with its card") from err
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}; {OWN_MODELS}") from err
    try:
        card = json.loads(read_limited(path, MAX_CARD_BYTES))
        digest = card["sha256"]
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise ModelError(f"{path}: not a model card ({type(err).__name__}: {str(err)[:100]})") from err
    if not isinstance(digest, str) or len(digest) != 64:
        raise ModelError(f"{path}: sha256 is {quoted(digest)}; it must be the 64 digits of the model file's")
    return dict(card)


class TFLiteModel:
    """A loaded model with one input. A model that is not shipped is tried in a sandbox first.

    Raises ModelError where the file is missing, does not match its card, or cannot be loaded.
    """

    runtime: str
    """Name of the library that runs the model."""
    input: dict[str, Any]
    """Details of the input tensor, with "shape", "dtype" and "quantization"."""
    outputs: list[dict[str, Any]]
    """Details of the output tensors."""

    def __init__(self, path: Path, card: dict[str, Any], threads: int) -> None:
        self.path = path
        content = read_limited(path, MAX_BYTES)
        if sha256(content).hexdigest() != card["sha256"].lower():
            raise ModelError(f"{path}: does not match its card (SHA-256); the file is damaged or the card is another's")
        if path.resolve().parent not in {folder.resolve() for folder in MODEL_FOLDERS}:
            sandbox.check_loads(path, content)
        try:
            self.runtime, self.interpreter = load_interpreter(content, threads)
            inputs, self.outputs = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        except (ModelError, ValueError) as err:  # ValueError: a tensor's name that is not UTF-8
            raise ModelError(f"{path}: {first_line(err)}") from err
        if len(inputs) != 1:
            raise ModelError(f"{path}: expected one input, found {len(inputs)}")
        self.input = inputs[0]
        if self.input["dtype"] is np.uint8 and not self.input["quantization"][0]:
            self.input["quantization"] = (1.0, 0)  # bytes as they are, which the graph scales
        for tensor in (self.input, *self.outputs):
            if np.dtype(tensor["dtype"]).kind != "f" and not tensor["quantization"][0] > 0:
                raise ModelError(f"{path}: tensor {tensor['name']} is {tensor['dtype'].__name__} without a scale")

    def resize(self, shape: tuple[int, ...]) -> None:
        """Give the input another shape. Raises ModelError where the graph does not allow it."""
        try:
            with quiet_stderr():
                self.interpreter.resize_tensor_input(self.input["index"], shape, strict=False)
                self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as err:
            raise ModelError(f"{self.path}: cannot take a picture of shape {list(shape)}: {first_line(err)}") from err

    def quantize(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """The input tensor that stands for real `values`, quantized where the input is."""
        kind = np.dtype(self.input["dtype"])
        if kind.kind == "f":
            return values.astype(kind)
        scale, zero_point = self.input["quantization"]
        limits = np.iinfo(kind)
        return np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(kind)

    def run(self, tensor: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the model on an input tensor: the outputs in real numbers, in the order of `outputs`. Raises
        ModelError."""
        return [self.dequantize(number, raw) for number, raw in enumerate(self.run_raw(tensor))]

    def run_raw(self, tensor: NDArray[Any]) -> list[NDArray[Any]]:
        """Run the model on an input tensor: the outputs as they are, quantized where they are. Raises ModelError."""
        self.invoke(tensor)
        return [self.output(number) for number in range(len(self.outputs))]

    def invoke(self, tensor: NDArray[Any]) -> None:
        """Run the model on an input tensor; `output` holds what it gives until the next run. Raises ModelError."""
        try:
            self.interpreter.set_tensor(self.input["index"], tensor)
            self.interpreter.invoke()
        except (RuntimeError, ValueError) as err:
            raise self._run_error(err) from err

    def output(self, number: int) -> NDArray[Any]:
        """The output of that number of the last run, as it is. Raises ModelError."""
        try:
            return np.asarray(self.interpreter.get_tensor(self.outputs[number]["index"]))
        except (RuntimeError, ValueError) as err:  # ValueError: an output that no step of the graph makes
            raise self._run_error(err) from err

    def _run_error(self, err: Exception) -> ModelError:
        return ModelError(f"{self.path}: the model cannot be run: {first_line(err)}")

    def quantization(self, number: int) -> tuple[float, int]:
        """Scale and zero point of the output of that number; 1 and 0 where it holds real numbers."""
        if np.dtype(self.outputs[number]["dtype"]).kind == "f":
            return 1.0, 0
        scale, zero_point = self.outputs[number]["quantization"]
        return float(scale), int(zero_point)

    def dequantize(self, number: int, raw: NDArray[Any]) -> NDArray[np.float32]:
        """Values of the output of that number in real numbers, float32 of the same shape."""
        if raw.dtype.kind == "f":
            return np.asarray(raw, np.float32)
        scale, zero_point = self.outputs[number]["quantization"]
        return (raw.astype(np.float32) - zero_point) * np.float32(scale)


def read_limited(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The content of a regular file of at most `limit` bytes. Raises ModelError."""
    try:
        return read_bytes(path, limit)
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}") from err
