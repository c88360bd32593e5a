"""Logs of a training for other programs, beside history.csv: `train --log-to`. Imports Keras only where it writes.

Each epoch's losses, scores and learning rate go into the run folder: into `log.csv`, or into `tensorboard/`, which
`tensorboard --logdir RUN` shows; that one has the loss of the steps too.
"""

from typing import Any

from assistant.errors import AssistantError
from convert.training.run_folder import Run

KINDS = ("tensorboard", "csv")
"""Values of --log-to."""
STEPS_BETWEEN = 20
"""Training steps between two points of the loss in TensorBoard: points cost a write each."""


def callbacks(kind: str, run: Run) -> list[Any]:
    """The Keras callbacks that write the log. kind: one of KINDS, or "" for none. Raises AssistantError where a package
    is missing."""
    if not kind:
        return []
    import keras

    if kind == "csv":
        return [keras.callbacks.CSVLogger(run.path / "log.csv", append=True)]
    try:
        import tensorboard  # noqa: F401 - Keras would fail in the middle of the first epoch
        import tensorflow  # noqa: F401
    except ModuleNotFoundError as err:
        raise AssistantError(f"--log-to tensorboard needs {err.name}: pip install tensorflow tensorboard") from err
    return [keras.callbacks.TensorBoard(str(run.path / "tensorboard"), write_graph=False, update_freq=STEPS_BETWEEN)]
