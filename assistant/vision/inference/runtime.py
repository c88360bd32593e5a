"""The library that runs .tflite files: whichever of the three is there, the best first."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from assistant.errors import ModelError


def first_line(err: Exception) -> str:
    """What an error of the library says, in one line."""
    return (str(err).splitlines() or [type(err).__name__])[0]


def load_interpreter(content: bytes, threads: int) -> tuple[str, Any]:
    """The first runtime there is, by name, and the model loaded by it; its chatter is kept off the terminal. Raises
    ModelError."""
    name, make = find_runtime()
    try:
        with quiet_stderr():
            made = make(model_content=content, num_threads=threads)
            made.allocate_tensors()
    except (ValueError, RuntimeError, TypeError) as err:
        raise ModelError(f"{name} cannot load this model: {first_line(err)}") from err
    return name, made


def find_runtime() -> tuple[str, Any]:
    """The first TFLite runtime there is: its name and its Interpreter. Raises ModelError."""
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
