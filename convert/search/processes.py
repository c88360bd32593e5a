"""Jobs in processes of this machine."""

import os
import time
from collections.abc import Sequence

from convert.search.job import Event, Job
from convert.search.training_process import TRAIN, TrainingProcess

THREADS = ("TF_NUM_INTRAOP_THREADS", "OMP_NUM_THREADS")
"""Variables that limit the threads of a training."""


class Processes:
    """A pool of so many processes at a time."""

    WAIT_S, POLL_S = 1.0, 0.1
    """Seconds that `wait` waits at most, and between two looks."""

    def __init__(self, workers: int = 1, program: Sequence[str] = TRAIN) -> None:
        """workers: trainings at the same time, which share the cores. program: as for `TrainingProcess`."""
        self._workers, self._program = workers, program
        self._running: list[TrainingProcess] = []

    def has_room(self) -> bool:
        """Whether another job can be started now."""
        return len(self._running) < self._workers

    def start(self, job: Job) -> None:
        """Start a job. Raises OSError."""
        environment = {} if self._workers == 1 else share_of_cores(self._workers)
        self._running.append(TrainingProcess(job, self._program, environment))

    def wait(self) -> list[Event]:
        """News of the jobs, waited for a second at most."""
        end = time.monotonic() + self.WAIT_S
        while True:
            events = []
            for each in list(self._running):
                rows, ended = each.news()
                if ended:
                    self._running.remove(each)
                if rows or ended:
                    events.append(Event(each.job, rows, ended))
            if events or not self._running or time.monotonic() >= end:
                return events
            time.sleep(self.POLL_S)

    def stop(self, job: Job) -> None:
        """End a job."""
        for each in [running for running in self._running if running.job == job]:
            each.stop()
            self._running.remove(each)

    def close(self) -> None:
        """End all jobs."""
        for each in self._running:
            each.stop()
        self._running.clear()


def share_of_cores(workers: int) -> dict[str, str]:
    """Variables that give each of so many trainings its share of the cores, where the user has set none."""
    share = str(max(1, len(os.sched_getaffinity(0)) // workers))
    return {name: share for name in THREADS if name not in os.environ}
