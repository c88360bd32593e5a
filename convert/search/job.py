"""A training as a job of its own process, and what becomes of it; the same on this machine and on a cluster."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from assistant.errors import AssistantError

Row = dict[str, float]
"""A row of history.csv: one epoch."""


class SearchError(AssistantError):
    """A search, a space or a cluster that cannot be used."""


@dataclass(frozen=True)
class Job:
    """One run of `emotion-convert train`."""

    name: str
    """For messages, such as "trial 7"."""
    recipe: Path
    """The recipe file."""
    run: Path
    """The run folder. What an earlier process has finished in it is not trained again."""
    options: tuple[str, ...] = ()
    """Further arguments of `emotion-convert train`."""

    @property
    def log(self) -> Path:
        """The file with the output of the training, beside the run folder."""
        return self.run.with_name(f"{self.run.name}.log")


@dataclass(frozen=True)
class Ended:
    """The end of a job's process."""

    code: int
    """Exit code; minus the signal's number where a signal ended it."""
    reason: str = ""
    """Why it failed, in one line; empty after a success."""
    is_lost: bool = False
    """Whether the process, or its machine, was lost: the job can go on elsewhere from its last checkpoint."""


@dataclass(frozen=True)
class Event:
    """News of a job."""

    job: Job
    rows: list[Row] = field(default_factory=list)
    """Epochs finished since the last event, oldest first; at a job's first event those of earlier processes too."""
    ended: Ended | None = None


class Pool(Protocol):
    """Where jobs run."""

    def has_room(self) -> bool:
        """Whether another job can be started now."""
        ...

    def start(self, job: Job) -> None:
        """Start a job; its run folder may hold a training that was stopped. Raises SearchError or OSError."""
        ...

    def wait(self) -> list[Event]:
        """News of the jobs, waited for a second at most. Raises SearchError where no job can go on."""
        ...

    def stop(self, job: Job) -> None:
        """End a job; there are no events of it any more, and its run folder holds what is finished."""
        ...

    def close(self) -> None:
        """End all jobs."""
        ...
