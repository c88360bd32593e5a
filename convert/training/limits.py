"""Limits of a training besides its recipe: process CPU time, and epochs shorter than the set. Needs no Keras.

`emotion-convert compare` sets them, so that networks of any size are trained at the same cost. The process CPU time is
that of all threads: two cores that work for an hour are two core hours.
"""

import math
from dataclasses import dataclass
from typing import Any

from convert.training.run_folder import Run


@dataclass(frozen=True)
class Limits:
    """What ends or shortens a training before its recipe does."""

    steps: int | None = None
    """Training steps of an epoch at most; None: as many as the pictures fill. An epoch of fewer steps sees a part of
    the pictures, each epoch another one."""
    cpu_s: float = math.inf
    """Process CPU seconds of the whole run, those before it was resumed included: from then on no further step is
    done, and the epoch ends early, with its evaluation and its checkpoint."""
    evaluated: int | None = None
    """Pictures at most on which an epoch is evaluated, for trials whose scores nobody reads; None: all."""

    def steps_of(self, full: int) -> int:
        """Steps of an epoch that would have `full` steps without limits."""
        return min(full, self.steps or full)

    def facts(self) -> dict[str, Any]:
        """Entries of a run's environment.json; a run is resumed with the same ones alone."""
        budget = {} if math.isinf(self.cpu_s) else {"budget_cpu_s": self.cpu_s}
        return budget if self.steps is None else {**budget, "steps_per_epoch": self.steps}


UNLIMITED = Limits()


def spent_cpu_s(run: Run) -> float:
    """Process CPU seconds of the finished epochs of a run, evaluation included; NaN where history.csv has none, as in
    runs of earlier versions."""
    return math.fsum(row.get("cpu_seconds", math.nan) for row in run.history())


def is_spent(run: Run, limits: Limits) -> bool:
    """Whether a run has used up its CPU time."""
    return spent_cpu_s(run) >= limits.cpu_s
