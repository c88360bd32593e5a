"""Keras callbacks of every training: exponential moving average of the weights, and a checkpoint after each epoch."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from convert.training.run_folder import SCORE_ROUNDING, Run, score


class ExponentialMovingAverage(keras.callbacks.Callback):
    """Exponential moving average of all weights (Polyak averaging), normalization statistics included.

    `weights` is a list like that of `get_weights()`. The average is updated every `UPDATE_INTERVAL` steps, with the
    decay raised to that power, since on an accelerator each read of the weights is a transfer. After n steps the decay
    is at most (1 + n) / (10 + n), so that little of the random initialization is left in the average of a short run.
    """

    UPDATE_INTERVAL = 4
    """Steps between two updates of the average."""

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.weights: list[NDArray[Any]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self.weights:
            self.weights = self.model.get_weights()
        elif batch % self.UPDATE_INTERVAL == 0:
            steps = int(ops.convert_to_numpy(self.model.optimizer.iterations))
            share = 1 - min(self.decay, (1 + steps) / (10 + steps)) ** self.UPDATE_INTERVAL
            for average, current in zip(self.weights, self.model.get_weights(), strict=True):
                if average.dtype.kind == "f":
                    average += (current - average) * share
                else:
                    average[...] = current

    def write(self, path: Path) -> None:
        """Write the average to an .npz file."""
        _write_arrays(path, self.weights)

    def read(self, path: Path, network: keras.Model) -> None:
        """Restore the average of `network`'s weights from a file of `write`."""
        with np.load(path) as held:
            self.weights = [held[str(index)] for index in range(len(network.get_weights()))]


class CheckpointCallback(keras.callbacks.Callback):
    """After each epoch: evaluates the averaged weights, saves the best, saves a checkpoint, appends to history.csv.

    Files are written under other names (`next…`) and renamed once all are complete, so that a training stopped in
    between leaves the checkpoint of the previous epoch.
    """

    def __init__(
        self, run: Run, network: keras.Model, ema: ExponentialMovingAverage, evaluate: Callable[[], dict[str, float]],
        *, evaluated_on: str, state: keras.Model | None = None,
    ) -> None:  # fmt: skip
        """network: the model whose weights are averaged, evaluated and saved. evaluate: returns the scores of the
        current weights of `network`, by column of history.csv. evaluated_on: name of the evaluation pictures in the
        log. state: the model saved in the checkpoint, if it is not `network`: the training model around it, which also
        has the random state of the augmentation."""
        super().__init__()
        self.run, self.network, self.ema, self.evaluate = run, network, ema, evaluate
        self.evaluated_on, self.state = evaluated_on, network if state is None else state
        self.best = max(map(score, run.history()), default=-1.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raw, folder, optimizer = self.network.get_weights(), self.run.path, self.model.optimizer
        self.network.set_weights(self.ema.weights)
        scores = self.evaluate()
        if is_best := score(scores) > self.best + SCORE_ROUNDING:
            self.best = score(scores)
            self.network.save_weights(folder / "next_best.weights.h5")
        self.network.set_weights(raw)
        self.state.save_weights(folder / "next.weights.h5")
        _write_arrays(folder / "next_optimizer.npz", [ops.convert_to_numpy(each) for each in optimizer.variables])
        self.ema.write(folder / "next_ema.npz")
        (folder / "next.weights.h5").replace(self.run.last_weights)
        (folder / "next_optimizer.npz").replace(self.run.optimizer_state)
        (folder / "next_ema.npz").replace(self.run.ema_state)
        if is_best:
            (folder / "next_best.weights.h5").replace(self.run.weights)
        rate, seconds = float(ops.convert_to_numpy(optimizer.learning_rate)), time.monotonic() - self.began
        loss = (logs or {}).get("loss", math.nan)
        figures = (f"{each:.6f}" for each in scores.values())
        self.run.add((epoch + 1, f"{loss:.4f}", *figures, f"{rate:.6f}", f"{seconds:.1f}"))
        shares = ", ".join(f"{name} {each:.2%}" for name, each in scores.items())
        print(f"  {self.evaluated_on}: {shares}", flush=True)


def read_checkpoint(
    run: Run, state: keras.Model, network: keras.Model, optimizer: keras.optimizers.Optimizer,
    ema: ExponentialMovingAverage,
) -> None:  # fmt: skip
    """Restore the checkpoint of the last finished epoch (`CheckpointCallback`) into models and an optimizer that are
    already built."""
    state.load_weights(run.last_weights)
    with np.load(run.optimizer_state) as held:
        for index, variable in enumerate(optimizer.variables):
            variable.assign(held[str(index)])
    ema.read(run.ema_state, network)


def _write_arrays(path: Path, arrays: list[NDArray[Any]]) -> None:
    np.savez(path, **{str(index): each for index, each in enumerate(arrays)})  # type: ignore[arg-type]
