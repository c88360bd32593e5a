"""Keras callbacks of every training: exponential moving average of the weights, and a checkpoint after each epoch."""

import math
import time
from collections.abc import Callable
from typing import Any

import keras
from keras import ops
from numpy.typing import NDArray

from assistant.system.progress import Progress
from convert.training import checkpoint
from convert.training.cost import CostCallback
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


class Batches(keras.utils.PyDataset):
    """Batches that depend on a seed and the epoch alone, so that a resumed training has the same ones.

    `EpochCallback` sets the epoch: Keras calls `on_epoch_end` once too often in each call of `fit`, where it looks at
    the shapes of the first batches.
    """

    def __init__(self, epoch: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.begin_epoch(epoch)

    def begin_epoch(self, epoch: int) -> None:
        """Go on with the batches of an epoch, counted from 0."""
        self.epoch = epoch


class ShortEpochs(Batches):
    """Epochs of the first `steps` batches of others, whose order differs from epoch to epoch."""

    def __init__(self, batches: Batches, steps: int) -> None:
        super().__init__(batches.epoch, workers=batches.workers, max_queue_size=batches.max_queue_size)
        self.batches, self.steps = batches, steps

    def begin_epoch(self, epoch: int) -> None:
        super().begin_epoch(epoch)
        if hasattr(self, "batches"):  # the base class begins the first epoch
            self.batches.begin_epoch(epoch)

    def __len__(self) -> int:
        return min(self.steps, len(self.batches))

    def __getitem__(self, index: int) -> Any:
        return self.batches[index]


class EpochCallback(keras.callbacks.Callback):
    """Tells the batches the number of each epoch before it begins."""

    def __init__(self, batches: Batches) -> None:
        super().__init__()
        self.batches = batches

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.batches.begin_epoch(epoch)


class ProgressCallback(keras.callbacks.Callback):
    """Shows the progress of a training, which may be several calls of `fit`, in steps."""

    def __init__(self, epochs: int, progress: Progress) -> None:
        """epochs: at which the training ends, counted from its first one, before it was resumed."""
        super().__init__()
        self.epochs, self.progress = epochs, progress

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch, steps = epoch, self.params.get("steps")
        self.progress.total = self.progress.done + steps * (self.epochs - epoch) if steps else None

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        loss = (logs or {}).get("loss", math.nan)
        self.progress.update(1, f"epoch {self.epoch + 1} of {self.epochs}, loss {loss:.4f}")


class CheckpointCallback(keras.callbacks.Callback):
    """After each epoch: evaluates the averaged weights, saves the best, saves a checkpoint, appends to history.csv.

    The checkpoint is written first and in one step; the best weights and the row of history.csv are then written from
    it (`convert.training.checkpoint`).
    """

    def __init__(
        self, run: Run, network: keras.Model, ema: ExponentialMovingAverage, evaluate: Callable[[], dict[str, float]],
        *, evaluated_on: str, cost: CostCallback, state: keras.Model | None = None,
    ) -> None:  # fmt: skip
        """network: the model whose weights are averaged, evaluated and saved. evaluate: returns the scores of the
        current weights of `network`, by column of history.csv. evaluated_on: name of the evaluation pictures in the
        log. cost: measures the CPU time of each epoch. state: the model saved in the checkpoint, if it is not
        `network`: the training model around it, which also has the random state of the augmentation."""
        super().__init__()
        self.run, self.network, self.ema, self.evaluate, self.cost = run, network, ema, evaluate, cost
        self.evaluated_on, self.state = evaluated_on, network if state is None else state
        self.best = max(map(score, run.history()), default=-1.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        raw, optimizer, step_ms = self.network.get_weights(), self.model.optimizer, 1000 * self.cost.step_s()
        self.network.set_weights(self.ema.weights)
        scores = self.evaluate()
        self.network.set_weights(raw)
        if is_best := score(scores) > self.best + SCORE_ROUNDING:
            self.best = score(scores)
        rate, seconds = float(ops.convert_to_numpy(optimizer.learning_rate)), time.monotonic() - self.began
        loss = (logs or {}).get("loss", math.nan)
        if logs is not None:
            logs.update(scores, learning_rate=rate)  # for the callbacks after this one, which write logs
        costs = f"{seconds:.1f}", f"{self.cost.lap_s():.2f}", f"{step_ms:.2f}"
        held = checkpoint.Checkpoint(
            epoch + 1,
            (str(epoch + 1), f"{loss:.4f}", *(f"{each:.6f}" for each in scores.values()), f"{rate:.6f}", *costs),
            is_best,
            checkpoint.weights_file(self.state),
            [ops.convert_to_numpy(each) for each in checkpoint.random_states(self.state)],
            [ops.convert_to_numpy(each) for each in optimizer.variables],
            self.ema.weights,
        )
        checkpoint.write(self.run, held)
        checkpoint.complete(self.run, held, self.network)
        shares = ", ".join(f"{name} {each:.2%}" for name, each in scores.items())
        print(f"  {self.evaluated_on}: {shares}", flush=True)
