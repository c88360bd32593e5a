"""A .tflite model and its card: face crops in, probabilities out; a file that does not match its card is refused.

`NAME.tflite` lies beside `NAME.json`. The card is read first and the model's SHA-256 checked before a byte of it is
parsed: a third of single flipped bits would otherwise be accepted with other outputs.
"""

import contextlib
import hashlib
import json
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.records import EXPRESSIONS, ModelError
from assistant.vision.preprocess import SCALING, SIDE, normalize

MAX_BYTES, MAX_CARD_BYTES = 64 << 20, 1 << 20
SHIPPED = (Path(__file__).parents[1] / "models", Path(__file__).parents[2] / "models")
"""Where the shipped models lie: in the installed package, or at the top of a checkout."""


@dataclass(frozen=True)
class Card:
    """What must be known to serve a model. labels: in the order of the outputs. temperature divides the logits."""

    sha256: str
    labels: tuple[str, ...]
    temperature: float = 1.0


def find(name: str) -> Path:
    """The file of a shipped model's name ("emotion-cnn-int8") or of a path. Raises ModelError."""
    if not name.endswith(".tflite") and os.sep not in name:
        folder = next((place for place in SHIPPED if place.is_dir()), SHIPPED[0])
        if (folder / f"{name}.tflite").is_file():
            return folder / f"{name}.tflite"
        known = sorted(file.stem for file in folder.glob("*.tflite"))
        raise ModelError(f"no shipped model is called {name!r}; there are: {', '.join(known) or 'none'}")
    if not Path(name).is_file():
        raise ModelError(f"{name}: no such model file; give a .tflite file or the name of a shipped model")
    return Path(name)


def read_card(model: Path) -> Card:
    """The card beside a model file. Raises ModelError, in one line, for anything that is not a card of this form."""
    path = model.with_suffix(".json")
    if not path.exists():
        raise ModelError(f"{model}: its card {path.name} is missing; a model is used only with its card")
    try:
        card = json.loads(_read(path, MAX_CARD_BYTES))
        labels, shape, scaling = card["labels"], card["input"]["shape"], card["input"]["scaling"]
        digest, temperature = card["sha256"], card.get("temperature", 1.0)
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise ModelError(f"{path}: not a model card ({type(err).__name__}: {str(err)[:100]})") from err
    if (
        not isinstance(labels, list)
        or not all(isinstance(label, str) for label in labels)
        or len(set(map(str, labels))) != len(labels)
        or not set(labels) <= set(EXPRESSIONS)
    ):
        raise ModelError(f"{path}: labels are {labels!r}; allowed, each once: {', '.join(EXPRESSIONS)}")
    if shape != [1, SIDE, SIDE, 1] or scaling != SCALING:
        raise ModelError(f"{path}: input is {shape} {scaling!r}; this program gives [1, {SIDE}, {SIDE}, 1] {SCALING!r}")
    if not isinstance(digest, str) or len(digest) != 64:
        raise ModelError(f"{path}: sha256 is {str(digest)[:80]!r}; it must be the 64 digits of the model file's")
    if isinstance(temperature, bool) or not isinstance(temperature, int | float) or not 0.05 <= temperature <= 20:
        raise ModelError(f"{path}: temperature is {repr(temperature)[:40]}; allowed: a number from 0.05 to 20")
    return Card(digest.lower(), tuple(labels), float(temperature))


class Classifier:
    """An open model. `labels` names the outputs; `runtime` says which library runs it.

    Raises ModelError where the file is missing, is not what its card says, has another shape, or returns anything but
    probabilities for a plain grey picture.
    """

    def __init__(self, model: Path, threads: int = 2) -> None:
        self.path = model
        self.card = read_card(model)
        self.labels = self.card.labels
        content = _read(model, MAX_BYTES)
        if hashlib.sha256(content).hexdigest() != self.card.sha256:
            raise ModelError(
                f"{model}: does not match its card (SHA-256); the file is damaged or the card is another's"
            )
        self.runtime, self._interpreter = _interpreter(model, content, threads)
        (self._input,), (self._output,) = self._interpreter.get_input_details(), self._interpreter.get_output_details()
        self._check_shapes()
        self._invoke = self._interpreter.invoke
        self.probabilities(np.full((SIDE, SIDE), 128, np.uint8))

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Float32 [classes], summing to 1, of one grey crop uint8 [48, 48]. Raises ModelError if the model gives no
        finite distribution."""
        scores: NDArray[np.floating[Any]] = self._dequantized(self._quantized(normalize(crop)[np.newaxis]))
        if not np.isfinite(scores).all() or not 0.9 < scores.sum() < 1.1 or scores.min() < 0:
            raise ModelError(f"{self.path}: the model returned no probabilities: {np.round(scores, 3).tolist()}")
        if self.card.temperature != 1.0:
            # softmax(logits / T) from the probabilities; the floor is half an output step of 1/256
            scores = np.maximum(scores, 1 / 512) ** (1 / self.card.temperature)
        return (scores / scores.sum()).astype(np.float32)

    def quantize(self, crop: NDArray[np.uint8]) -> NDArray[Any]:
        """The very tensor that the model is given for a crop: [1, 48, 48, 1] in its input type."""
        return self._quantized(normalize(crop)[np.newaxis])

    def _quantized(self, values: NDArray[np.float32]) -> NDArray[Any]:
        kind = np.dtype(self._input["dtype"])
        if kind.kind == "f":
            return values.astype(kind)
        scale, zero_point = self._input["quantization"]
        limits = np.iinfo(kind)
        return np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(kind)

    def _dequantized(self, tensor: NDArray[Any]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(self._input["index"], tensor)
        try:
            self._invoke()
        except RuntimeError as err:
            raise ModelError(f"{self.path}: the model cannot be run: {_first_line(err)}") from err
        raw = self._interpreter.get_tensor(self._output["index"])[0]
        if raw.dtype.kind == "f":
            return raw.astype(np.float32)
        scale, zero_point = self._output["quantization"]
        return (raw.astype(np.float32) - zero_point) * np.float32(scale)

    def _check_shapes(self) -> None:
        got_in, got_out = self._input["shape"].tolist(), self._output["shape"].tolist()
        if got_in != [1, SIDE, SIDE, 1] or got_out != [1, len(self.labels)]:
            said = f"[1, {SIDE}, {SIDE}, 1] to [1, {len(self.labels)}]"
            raise ModelError(f"{self.path}: maps {got_in} to {got_out}; its card says {said}")
        for tensor in (self._input, self._output):
            if np.dtype(tensor["dtype"]).kind != "f" and not tensor["quantization"][0] > 0:
                raise ModelError(f"{self.path}: tensor {tensor['name']} is {tensor['dtype'].__name__} without a scale")


def _read(path: Path, limit: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO must not block the start
        with open(handle, "rb") as source:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ModelError(f"{path}: not a regular file")
            content = source.read(limit + 1)
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}") from err
    if len(content) > limit:
        raise ModelError(f"{path}: larger than {limit >> 20} MiB; nothing for this device is")
    return content


def _first_line(err: Exception) -> str:
    return (str(err).splitlines() or [type(err).__name__])[0]


def _interpreter(model: Path, content: bytes, threads: int) -> tuple[str, Any]:
    """The first runtime there is, with the model loaded; its chatter on stderr is kept off the terminal."""
    name, make = _runtime()
    try:
        with quiet_stderr():
            interpreter = make(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, TypeError) as err:
        raise ModelError(f"{model}: {name} cannot load this model: {_first_line(err)}") from err
    if len(interpreter.get_input_details()) != 1 or len(interpreter.get_output_details()) != 1:
        raise ModelError(f"{model}: expected one input and one output")
    return name, interpreter


def _runtime() -> tuple[str, Any]:
    try:
        from ai_edge_litert.interpreter import Interpreter

        return "ai-edge-litert", Interpreter
    except ImportError:
        pass
    try:
        from tensorflow.lite import Interpreter

        return "tf.lite", Interpreter
    except ImportError:
        pass
    if int(np.__version__.split(".")[0]) < 2:  # with NumPy 2 it imports, and dies when it loads a model
        try:
            from tflite_runtime.interpreter import Interpreter

            print("emotion-assistant: using tflite-runtime; ai-edge-litert is safer and faster", file=sys.stderr)
            return "tflite-runtime", Interpreter
        except ImportError:
            pass
    raise ModelError("no TFLite runtime is installed; install ai-edge-litert")


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """File descriptor 2 goes nowhere meanwhile: XNNPACK and TensorFlow Lite log there from C++, past Python's reach."""
    if sys.stderr is not None:
        sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
