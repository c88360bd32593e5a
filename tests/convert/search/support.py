"""A search with the stand-in for training; also by itself, to be killed: `python -m tests.convert.search.support FOLDER
TRIALS`."""

import sys
import tomllib
from pathlib import Path
from typing import Any

from convert.search import recipe_text, search
from convert.search.job import Ended, Event, Job
from convert.search.plan import Plan
from convert.search.processes import Processes
from convert.search.space import Choices, Range, Space
from convert.training.recipe_file import RECIPES
from tests.convert.search.stand_in_training import REFUSED, WHY_REFUSED, row

STAND_IN = ("-m", "convert.search.end_with_parent", "tests.convert.search.stand_in_training")
SPACE: Space = {
    "schedule.learning_rate": Range(0.001, 1.0, log=True),
    "schedule.batch_size": Range(16, 64, is_whole=True),
    "network.widths": Choices(([8, 16, 24, 32], [16, 32, 64, 128])),
}


class QuickProcesses(Processes):
    """Looks at its processes more often than real trainings need."""

    POLL_S = 0.01


class Scripted:
    """A pool without processes: each look finds one more epoch of each training."""

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self._epochs: dict[Job, int] = {}

    def has_room(self) -> bool:
        return len(self._epochs) < self._workers

    def start(self, job: Job) -> None:
        self._epochs[job] = 0

    def wait(self) -> list[Event]:
        return [self._next(job) for job in list(self._epochs)]

    def _next(self, job: Job) -> Event:
        options = dict(zip(job.options[::2], job.options[1::2], strict=True))
        schedule = tomllib.loads(job.recipe.read_text("utf-8"))["schedule"]
        if schedule["batch_size"] == REFUSED:
            self.stop(job)
            return Event(job, ended=Ended(1, WHY_REFUSED))
        if self._epochs[job] == int(options["--epochs"]):
            self.stop(job)
            return Event(job, ended=Ended(0))
        self._epochs[job] += 1
        return Event(job, [row(self._epochs[job], schedule["learning_rate"], int(options["--seed"]))])

    def stop(self, job: Job) -> None:
        del self._epochs[job]

    def close(self) -> None:
        self._epochs.clear()


def plan(folder: Path, **changed: Any) -> Plan:
    """A search of a shipped recipe in three epochs."""
    recipe = recipe_text.movable(RECIPES / "emotion-small.toml", "small")
    return Plan(**{"folder": folder, "recipe": recipe, "space": SPACE, "seeds": (1,), "epochs": 3, **changed})


def run(made: Plan, trials: int, workers: int = 1) -> str:
    """Search with the stand-in; returns the report."""
    return search.search(made, trials, QuickProcesses(workers, STAND_IN))


def script(made: Plan, trials: int, workers: int = 1) -> str:
    """Search without processes; returns the report."""
    return search.search(made, trials, Scripted(workers))


if __name__ == "__main__":
    run(plan(Path(sys.argv[1])), int(sys.argv[2]))
