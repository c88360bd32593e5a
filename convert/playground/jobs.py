"""Long work of the playground on a thread of its own, which can be asked how far it is, and stopped."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Result = TypeVar("Result")
Status = TypeVar("Status")


class Job(Generic[Status, Result]):
    """One piece of work. It begins at once."""

    def __init__(self, work: Callable[[threading.Event, Callable[[Status], None]], Result], first: Status) -> None:
        """work: gets the event that asks it to stop, and is told how far it is by calling the second argument. first:
        how far it is at the beginning."""
        self.stop, self.progress = threading.Event(), first
        self.result: Result | None = None
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), name="playground", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for its end; returns whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def outcome(self) -> Result:
        """What it made; raises what it raised. For a job that has ended."""
        if self.error is not None:
            raise self.error
        assert self.result is not None
        return self.result

    def _run(self, work: Callable[[threading.Event, Callable[[Status], None]], Result]) -> None:
        try:
            self.result = work(self.stop, self._note)
        except BaseException as err:  # told to whoever asks for the outcome
            self.error = err

    def _note(self, how_far: Status) -> None:
        self.progress = how_far


@dataclass
class Jobs:
    """The job of each visitor; a visitor's new one stops the old one. Used from several threads."""

    _jobs: dict[str, Job[object, object]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, visitor: str, job: "Job[Status, Result]") -> "Job[Status, Result]":
        """Keep the visitor's job, in place of an earlier one, which is stopped."""
        with self._lock:
            before = self._jobs.get(visitor)
            self._jobs[visitor] = job  # type: ignore[assignment]
        if before is not None:
            before.stop.set()
        return job

    def stop(self, visitor: str) -> None:
        """Stop the visitor's job, if there is one."""
        with self._lock:
            job = self._jobs.pop(visitor, None)
        if job is not None:
            job.stop.set()

    def stop_all(self) -> None:
        """Stop every job."""
        for visitor in list(self._jobs):
            self.stop(visitor)


def updates(job: "Job[Status, Result]", interval_s: float) -> Iterator[Status]:
    """How far the job is, at most every `interval_s` seconds, until it has ended. Where nobody listens any more the job
    is stopped."""
    try:
        while not job.wait(interval_s):
            yield job.progress
    finally:
        job.stop.set()
