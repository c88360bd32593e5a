"""Loads .tflite files with the first TFLite library that is installed: ai-edge-litert, TensorFlow or tflite-runtime."""

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from assistant.errors import ModelError


def first_line(err: Exception) -> str:
    """The first line of an error's message."""
    return (str(err).splitlines() or [type(err).__name__])[0]


def load_interpreter(content: bytes, threads: int) -> tuple[str, Any]:
    """The name of the first runtime that is installed, and an interpreter of it with the model loaded; its messages are
    kept off the terminal. Raises ModelError."""
    name, interpreter_type = find_runtime()
    try:
        with quiet_stderr():
            interpreter = interpreter_type(model_content=content, num_threads=threads)
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError, TypeError) as err:
        raise ModelError(f"{name} cannot load this model: {first_line(err)}") from err
    return name, interpreter


def find_runtime() -> tuple[str, Any]:
    """Name and Interpreter class of the first TFLite runtime that is installed. Raises ModelError."""
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
    if int(np.__version__.split(".")[0]) < 2:  # with NumPy 2 it imports, but crashes when it loads a model
        try:
            from tflite_runtime.interpreter import Interpreter

            print("emotion-assistant: using tflite-runtime; ai-edge-litert is safer and faster", file=sys.stderr)
            return "tflite-runtime", Interpreter
        except ImportError:
            pass
    raise ModelError("no TFLite runtime is installed; install ai-edge-litert")


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Redirect file descriptor 2 to /dev/null: XNNPACK and TensorFlow Lite log there from C++, past Python's reach."""
    if sys.stderr is not None:
        sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
