"""Feeds jobs to a pool until there are no more. Jobs whose process was lost are started again."""

import errno
import os
from contextlib import closing
from typing import Protocol

from assistant.system.progress import Progress
from convert.search.job import Ended, Event, Job, Pool, Row, SearchError

MAX_RESTARTS = 3
"""A job whose process is lost more often has failed: it may be what takes its machine down."""
DISK_FULL = os.strerror(errno.ENOSPC)


class Tasks(Protocol):
    """What the jobs are for."""

    def next_job(self) -> Job | None:
        """Another job; None where there is none now, as long as others run."""
        ...

    def why_stop(self, job: Job, rows: list[Row]) -> str:
        """Why a job shall not go on; "" where it shall. rows: all its finished epochs."""
        ...

    def stopped(self, job: Job, reason: str) -> None:
        """A job has been ended for that reason."""
        ...

    def finished(self, job: Job, rows: list[Row]) -> None:
        """A job has been trained to its end."""
        ...

    def failed(self, job: Job, reason: str) -> None:
        """A job cannot be trained."""
        ...

    def note(self) -> str:
        """Figures for the progress."""
        ...

    def epochs_left(self) -> int:
        """Epochs that are still to be trained, the finished ones of running jobs counted as left."""
        ...


class Driver:
    """Runs the jobs of some tasks."""

    def __init__(self, tasks: Tasks, pool: Pool, progress: Progress) -> None:
        """progress: counts epochs."""
        self._tasks, self._pool, self._progress = tasks, pool, progress
        self._rows: dict[Job, list[Row]] = {}
        self._restarts: dict[Job, int] = {}
        self._again: list[Job] = []

    def run(self) -> None:
        """Until no job is left. Raises SearchError or OSError; what is finished then is not trained again by the next
        run, and the pool is closed in any case."""
        with closing(self._pool):
            while True:
                if self._are_all_started() and not self._rows:
                    return
                for event in self._pool.wait():
                    if event.job in self._rows:  # else it was stopped for an event before this one
                        self._take(event)
                running = sum(map(len, self._rows.values()))
                self._progress.expect(self._progress.done + max(0, self._tasks.epochs_left() - running))
                self._progress.update(0, self._tasks.note())

    def _are_all_started(self) -> bool:
        """Start as many jobs as there is room for; returns whether there is none left to start now."""
        while self._pool.has_room():
            job = self._again.pop(0) if self._again else self._tasks.next_job()
            if job is None:
                return True
            self._rows.setdefault(job, [])
            self._pool.start(job)
        return False

    def _take(self, event: Event) -> None:
        job, rows = event.job, self._rows[event.job]
        for row in event.rows:  # after a restart the former ones come again
            if len(rows) < row["epoch"]:
                rows.append(row)
                self._progress.update()
        if event.ended:
            self._end(job, event.ended)
        elif event.rows and (reason := self._tasks.why_stop(job, rows)):
            self._pool.stop(job)
            del self._rows[job]
            self._tasks.stopped(job, reason)

    def _end(self, job: Job, ended: Ended) -> None:
        if DISK_FULL in ended.reason:
            raise SearchError(f"{ended.reason}: make room; the same command goes on")
        if ended.is_lost:
            self._restarts[job] = self._restarts.get(job, 0) + 1
            if self._restarts[job] <= MAX_RESTARTS:
                self._again.append(job)
                return
        rows = self._rows.pop(job)
        if ended.code == 0 and rows:
            self._tasks.finished(job, rows)
        else:
            self._tasks.failed(job, ended.reason or "no epoch was trained")
