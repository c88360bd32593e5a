"""The running mean of a network's weights while it trains."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray


class Average(keras.callbacks.Callback):
    """Running mean of all weights (Polyak), normalization statistics included; `weights` is a list like get_weights().

    Taken every `EVERY` steps with the decay to match, since on an accelerator each look at the weights is a transfer.
    The first steps decay faster, (1 + n) / (10 + n), so that a short run is not averaged with its random beginning.
    """

    EVERY = 4

    def __init__(self, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.weights: list[NDArray[Any]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not self.weights:
            self.weights = self.model.get_weights()
        elif batch % self.EVERY == 0:
            steps = int(ops.convert_to_numpy(self.model.optimizer.iterations))
            share = 1 - min(self.decay, (1 + steps) / (10 + steps)) ** self.EVERY
            for mean, now in zip(self.weights, self.model.get_weights(), strict=True):
                if mean.dtype.kind == "f":
                    mean += (now - mean) * share
                else:
                    mean[...] = now

    def write(self, path: Path) -> None:
        np.savez(path, **{str(index): weight for index, weight in enumerate(self.weights)})  # type: ignore[arg-type]

    def read(self, path: Path, model: keras.Model) -> None:
        with np.load(path) as held:
            self.weights = [held[str(index)] for index in range(len(model.get_weights()))]
