"""What a training costs: the process CPU time of its steps and epochs, and the end of a training at a limit of it.

Process CPU time is that of all threads, in seconds. It is the same with and without other load on the machine, nearly
so: neighbours also take cache and turbo away.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import keras

TRACED_STEPS = 2
"""First steps of a call of `fit` that are left out of the cost of a step: they include the tracing of the graph."""


class CostCallback(keras.callbacks.Callback):
    """Measures the CPU time of a training; stops it where a limit is reached."""

    def __init__(
        self, limit_s: float = math.inf, spent_s: float = 0.0, clock: Callable[[], float] = time.process_time
    ) -> None:
        """limit_s: CPU seconds at which no further step is done. spent_s: those of the finished epochs, before the run
        was resumed. clock: process CPU seconds."""
        super().__init__()
        self.limit_s, self.clock = limit_s, clock
        self.is_spent = False
        self._began = self._lap = clock() - spent_s
        self._lap += spent_s
        self._steps: list[float] = []
        self._first = 0

    @property
    def spent_s(self) -> float:
        """CPU seconds of the run so far."""
        return self.clock() - self._began

    def on_train_begin(self, logs: Any = None) -> None:
        self._first = TRACED_STEPS

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._steps, self._last = [], self.clock()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        now = self.clock()
        self._steps.append(now - self._last)
        self._last = now
        if self.spent_s >= self.limit_s:
            self.is_spent = self.model.stop_training = True

    def step_s(self) -> float:
        """Mean CPU seconds of a step of this epoch; NaN without steps."""
        kept = self._steps[self._first :] or self._steps
        self._first = 0
        return math.fsum(kept) / len(kept) if kept else math.nan

    def lap_s(self) -> float:
        """CPU seconds since the last call, or since this callback was made."""
        now = self.clock()
        passed, self._lap = now - self._lap, now
        return passed
