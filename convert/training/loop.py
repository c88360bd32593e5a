"""The training loop of every model family: the stages of a schedule, into a run folder, resumable after each epoch.

A family's `train` reads its recipe and data, then

    run.begin(recipe_file, facts, columns(SCORES), start)        # refuses a folder of another training
    if is_finished(run, epochs): return run
    if start is not None: load_best_weights(network, start)
    training = Training(run, network, schedule, optimizer, epochs=epochs, evaluate=…, evaluated_on=…)
    training.fit(stage)                                          # stage: picture size -> compiled model and batches
"""

import os
from collections.abc import Callable
from typing import Any

import keras

from convert.training.callbacks import CheckpointCallback, ExponentialMovingAverage, read_checkpoint
from convert.training.recipe_file import Schedule
from convert.training.run_folder import Run, RunError

Stage = Callable[[tuple[int, ...], int], tuple[keras.Model, keras.utils.PyDataset]]
"""(sides of the pictures in pixels, as in the schedule's `sizes`; number of epochs that are over) to a compiled model
of these pictures and its batches."""


class Training:
    """One training in a run folder: from its first epoch, or from the one after that in which it was stopped."""

    def __init__(
        self, run: Run, network: keras.Model, schedule: Schedule, optimizer: keras.optimizers.Optimizer,
        *, epochs: int, evaluate: Callable[[], dict[str, float]], evaluated_on: str, state: keras.Model | None = None,
    ) -> None:  # fmt: skip
        """network, evaluate, evaluated_on and state: as in `CheckpointCallback`. epochs: in place of the schedule's.
        Where the run has finished epochs the weights, the optimizer and the mean are read back here."""
        self.run, self.schedule, self.epochs, self.done = run, schedule, epochs, len(run.history())
        optimizer.build(network.trainable_variables)  # else TensorFlow traces the first step twice
        self.ema = ExponentialMovingAverage(schedule.ema_decay)
        if self.done:
            read_checkpoint(run, network if state is None else state, network, optimizer, self.ema)
        self.checkpoint = CheckpointCallback(
            run, network, self.ema, evaluate, evaluated_on=evaluated_on, state=state
        )  # fmt: skip

    def fit(self, stage: Stage, *, shuffle: bool = False) -> None:
        """Train through the stages that are left. shuffle: Keras draws the order of the batches of each epoch."""
        starts = [round(share * self.epochs) for share, *_ in self.schedule.sizes] + [self.epochs]
        for (_, *size), first, end in zip(self.schedule.sizes, starts, starts[1:], strict=False):
            if self.done >= end or first >= end:
                continue
            begin = max(self.done, first)
            model, batches = stage(tuple(size), begin)
            model.fit(
                batches, shuffle=shuffle, verbose=verbosity(), initial_epoch=begin, epochs=end,
                callbacks=[self.ema, self.checkpoint],
            )  # fmt: skip
        self.run.plot()


def is_finished(run: Run, epochs: int) -> bool:
    """Whether a run has so many epochs; its curves are drawn then, for what stopped it may have come before that."""
    if len(run.history()) < epochs:
        return False
    run.plot()
    return True


def load_best_weights(network: keras.Model, run: Run) -> None:
    """Give a network the best weights of a run. Raises RunError where they are another network's."""
    try:
        network.load_weights(run.weights)
    except (OSError, ValueError) as err:
        raise RunError(f"{run.weights}: not the weights of this network: {str(err).splitlines()[0]}") from err


def compile_options() -> dict[str, Any]:
    """How a training model is compiled: TensorFlow compiles the step as a graph and is slower with XLA on a CPU; JAX
    has nothing else."""
    return {"jit_compile": keras.backend.backend() == "jax"}


def verbosity() -> int:
    """Keras's progress bar on a terminal, one line an epoch elsewhere."""
    return 1 if os.isatty(1) else 2
