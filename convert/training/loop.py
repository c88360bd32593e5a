"""The training loop of every model family: runs the stages of a schedule in a run folder, resumable after each epoch.

A family's `train` reads its recipe and data, then

    run.begin(recipe_file, facts, columns(SCORES), start)        # RunError if the folder holds another training
    if is_finished(run, epochs, limits): return run
    if start is not None: load_best_weights(network, start)
    training = Training(run, network, schedule, optimizer, epochs=epochs, evaluate=…, evaluated_on=…)
    training.fit(stage)                                          # stage: (picture size, epoch) -> model, batches
"""

import os
from collections.abc import Callable
from typing import Any

import keras

from assistant.system.progress import Progress
from convert.training import checkpoint, logs
from convert.training.callbacks import (
    Batches,
    CheckpointCallback,
    EpochCallback,
    ExponentialMovingAverage,
    ProgressCallback,
    ShortEpochs,
)
from convert.training.cost import CostCallback
from convert.training.limits import UNLIMITED, Limits, is_spent, spent_cpu_s
from convert.training.recipe_file import Schedule
from convert.training.run_folder import Run, RunError

Stage = Callable[[tuple[int, ...], int], tuple[keras.Model, Batches]]
"""Function of (row of the schedule's `sizes` without its share, number of finished epochs): returns the compiled model
for pictures of this size, and its batches."""


class Training:
    """One training in a run folder, from its first epoch or resumed after its last finished one."""

    def __init__(
        self, run: Run, network: keras.Model, schedule: Schedule, optimizer: keras.optimizers.Optimizer,
        *, epochs: int, evaluate: Callable[[], dict[str, float]], evaluated_on: str, state: keras.Model | None = None,
        span: tuple[int, int] | None = None, limits: Limits = UNLIMITED, log_to: str = "",
    ) -> None:  # fmt: skip
        """network, evaluate, evaluated_on and state: as in `CheckpointCallback`. epochs: replaces the schedule's. span:
        the first epoch that the optimizer is for, and the one after its last; default: all. limits: of CPU time and of
        the steps of an epoch. log_to: one of `logs.KINDS`, or "" for none. If the run has finished epochs, weights,
        optimizer and moving average are restored here; not the optimizer where they end before `span`. The run folder
        is locked until `fit` ends."""
        self.run, self.schedule, self.epochs, self.limits, self.log_to = run, schedule, epochs, limits, log_to
        self.span = span or (0, epochs)
        self.lock = run.lock()
        optimizer.build(network.trainable_variables)  # without this TensorFlow traces the first step twice
        self.ema = ExponentialMovingAverage(schedule.ema_decay)
        held = checkpoint.resume(run, network)
        self.done = held.epoch if held else 0
        if held:
            is_its_own = held.epoch > self.span[0]
            self._restore(held, network if state is None else state, optimizer if is_its_own else None)
        self.cost = CostCallback(limits.cpu_s, spent_cpu_s(run))
        self.checkpoint = CheckpointCallback(
            run, network, self.ema, evaluate, evaluated_on=evaluated_on, cost=self.cost, state=state
        )  # fmt: skip

    def _restore(
        self, held: checkpoint.Checkpoint, state: keras.Model, optimizer: keras.optimizers.Optimizer | None
    ) -> None:
        try:
            checkpoint.restore(held, state, optimizer)
        except (OSError, ValueError) as err:
            reason = str(err).splitlines()[0]
            raise RunError(f"{self.run.checkpoint}: not the checkpoint of this network: {reason}") from err
        self.ema.weights = held.average

    def fit(self, stage: Stage) -> None:
        """Train the remaining stages of the span, then unlock the run folder."""
        with self.lock:
            self._fit(stage)

    def _fit(self, stage: Stage) -> None:
        progress = progress_callbacks(self.epochs)
        starts = [round(share * self.epochs) for share, *_ in self.schedule.sizes] + [self.epochs]
        for (_, *size), first, end in zip(self.schedule.sizes, starts, starts[1:], strict=False):
            begin, end = max(self.done, first, self.span[0]), min(end, self.span[1])
            if begin >= end or self.cost.is_spent:
                continue
            model, batches = stage(tuple(size), begin)
            if self.limits.steps is not None:
                batches = ShortEpochs(batches, self.limits.steps)
            model.fit(
                batches, shuffle=False, verbose=verbosity(), initial_epoch=begin, epochs=end,
                callbacks=[
                    EpochCallback(batches), self.cost, self.ema, *progress, self.checkpoint,
                    *logs.callbacks(self.log_to, self.run),
                ],
            )  # fmt: skip
        self.run.plot()


def is_finished(run: Run, epochs: int, limits: Limits = UNLIMITED) -> bool:
    """Whether a run has `epochs` finished epochs, or has used up its CPU time; then also draws its curves, in case it
    was stopped before that."""
    if len(run.history()) < epochs and not is_spent(run, limits):
        return False
    run.plot()
    return True


def load_best_weights(network: keras.Model, run: Run) -> None:
    """Load the best weights of a run into a network. Raises RunError where they do not fit it."""
    try:
        network.load_weights(run.weights)
    except (OSError, ValueError) as err:
        raise RunError(f"{run.weights}: not the weights of this network: {str(err).splitlines()[0]}") from err


def compile_options() -> dict[str, Any]:
    """Keyword arguments of `Model.compile`: XLA on JAX alone, since TensorFlow's graph is slower with XLA on a CPU."""
    return {"jit_compile": keras.backend.backend() == "jax"}


def verbosity() -> int:
    """Keras's `verbose`: a progress bar on a terminal, one line per epoch elsewhere."""
    return 1 if os.isatty(1) else 2


def progress_callbacks(epochs: int) -> list[keras.callbacks.Callback]:
    """For where Keras draws no bar: a line a minute, with step, loss and remaining time. epochs: of the training."""
    return [] if verbosity() == 1 else [ProgressCallback(epochs, Progress("training", None, "steps", has_bar=False))]
