"""One recipe trained with several seeds: what of a difference between two recipes is chance."""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import write_atomically
from assistant.system.progress import Progress
from convert.search.driver import Driver
from convert.search.job import Job, Pool, Row, SearchError
from convert.training.run_folder import SCORES, score


class Seeds:
    """The trainings as the tasks of a `Driver`."""

    def __init__(self, jobs: Sequence[Job], epochs: int) -> None:
        """epochs: of each."""
        self._epochs = epochs
        self._waiting, self._count = list(jobs), len(jobs)
        self.best: dict[Job, Row] = {}
        self.reasons: dict[Job, str] = {}

    def next_job(self) -> Job | None:
        """The next seed's."""
        return self._waiting.pop(0) if self._waiting else None

    def why_stop(self, job: Job, rows: list[Row]) -> str:
        """Nothing is pruned: a mean of the best seeds would say nothing."""
        return ""

    def stopped(self, job: Job, reason: str) -> None:
        """Never."""

    def finished(self, job: Job, rows: list[Row]) -> None:
        """A seed's training is over."""
        self.best[job] = max(rows, key=score)

    def failed(self, job: Job, reason: str) -> None:
        """A seed's training cannot be made."""
        self.reasons[job] = reason

    def note(self) -> str:
        """How many are over."""
        return f"{len(self.best) + len(self.reasons)} of {self._count} seeds"

    def epochs_left(self) -> int:
        """Epochs of the seeds that are not over."""
        return (self._count - len(self.best) - len(self.reasons)) * self._epochs


def train(jobs: Sequence[Job], pool: Pool, epochs: int, file: Path) -> dict[str, Any]:
    """Train all of them, and keep what came out in `file` (JSON). epochs: of each. Raises SearchError where one cannot
    be trained; the others are, and the same call goes on."""
    tasks = Seeds(jobs, epochs)
    with Progress("seeds", epochs * len(jobs), "epochs") as progress:
        Driver(tasks, pool, progress).run()
    for job, reason in tasks.reasons.items():
        raise SearchError(f"{job.name}: {reason}")
    made = summary({job.run.name: tasks.best[job] for job in jobs})
    write_atomically({file: (json.dumps(made, indent=1) + "\n").encode()})
    return made


def summary(best: dict[str, Row]) -> dict[str, Any]:
    """The scores of the best epoch of each run, with mean and standard deviation. best: by name of the run."""
    names = [name for name in SCORES if all(name in row for row in best.values())]
    spreads = {name: spread([row[name] for row in best.values()]) for name in names}
    return {
        "runs": {run: {"epoch": int(row["epoch"]), **{name: row[name] for name in names}} for run, row in best.items()},
        "mean": {name: mean for name, (mean, _) in spreads.items()},
        "standard_deviation": {name: deviation for name, (_, deviation) in spreads.items()},
    }


def as_text(made: dict[str, Any]) -> str:
    """A line for each run, then mean ± standard deviation, in percent."""
    names = list(made["mean"])
    lines = [
        f"{run}: best epoch {row['epoch']}, " + ", ".join(f"{name} {row[name]:.2%}" for name in names)
        for run, row in made["runs"].items()
    ]
    means = []
    for name in names:
        deviation = made["standard_deviation"][name]
        means.append(
            f"{name} {100 * made['mean'][name]:.2f}" + (f" ± {100 * deviation:.2f}" if deviation else "") + " %"
        )
    return "\n".join([*lines, f"mean ± standard deviation of {len(lines)} seeds: {', '.join(means)}"])


def spread(values: Sequence[float]) -> tuple[float, float | None]:
    """Mean and sample standard deviation; None for one value."""
    return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None
