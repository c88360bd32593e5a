"""A training in a process of its own, watched through the run folder that it writes.

A process for each training: its result is that of `emotion-convert train` by hand, its memory is free when it ends, and
one that the system kills takes nothing else along.
"""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.system.child_process import python_command
from convert.search.job import Ended, Job, Row
from convert.training.run_folder import Run, RunError

TRAIN = ("-m", "convert.search.end_with_parent", "convert")
"""Arguments of Python for `emotion-convert` that ends with the process that has started it."""
REASON_LENGTH = 500
"""Characters of a reason that are kept: a journal is read as a whole."""


class TrainingProcess:
    """A job's process on this machine."""

    def __init__(self, job: Job, program: Sequence[str] = TRAIN, environment: Mapping[str, str] | None = None) -> None:
        """Starts it. program: arguments of Python; those of `train` follow. environment: variables to add. Raises
        OSError."""
        self.job = job
        self._seen: tuple[float, int] | None = None
        self._told = 0
        job.run.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["train", "--recipe", str(job.recipe), "--run", str(job.run), *job.options]
        with open(job.log, "wb") as log:
            self._process = subprocess.Popen(
                python_command(*program, *arguments),
                stdin=subprocess.PIPE, stdout=log, stderr=log,
                env={**os.environ, **(environment or {})},
                start_new_session=True,  # Ctrl-C is for the search, which ends its trainings itself
            )  # fmt: skip

    def news(self) -> tuple[list[Row], Ended | None]:
        """Epochs finished since the last call, and the process's end if it has ended."""
        code = self._process.poll()  # before the rows: those of the last epoch are written before the end
        try:
            rows = self._new_rows()
        except RunError as err:
            self.stop()
            return [], Ended(1, str(err))
        return rows, None if code is None else self._ended(code)

    def stop(self) -> None:
        """Kill it; a checkpoint survives this at any moment."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()

    def _new_rows(self) -> list[Row]:
        try:
            about = (self.job.run / "history.csv").stat()
        except FileNotFoundError:
            return []
        seen = (about.st_mtime_ns, about.st_ino)
        if seen == self._seen:
            return []
        self._seen = seen
        rows = Run(self.job.run).history()
        fresh, self._told = rows[self._told :], len(rows)
        return fresh

    def _ended(self, code: int) -> Ended:
        self.stop()
        if code == 0:
            return Ended(0)
        if code < 0:
            name = signal.Signals(-code).name
            return Ended(code, f"the training's process was ended by {name}", is_lost=True)
        return Ended(code, last_words(self.job.log) or f"the training ended with exit code {code}")


def last_words(log: Path) -> str:
    """The error in one line with which a command has ended; without one the last line, "" for an empty file."""
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("emotion-convert: ")]
    last = (errors or lines or [""])[-1]
    return last.removeprefix("emotion-convert: ")[:REASON_LENGTH]
