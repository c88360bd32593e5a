"""What runs on the machines of a cluster: a job in a folder of its own, whose files are sent after each epoch.

The machine that searches keeps them, so that another one can go on from the last checkpoint when this one is lost. No
folder has to be shared; the data are read by the same path on each machine.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant import __version__
from assistant.system.atomic_files import write_atomically
from convert.search.job import Ended, Job, Row
from convert.search.processes import THREADS
from convert.search.training_process import TRAIN, TrainingProcess

WAIT_S, POLL_S = 1.0, 0.1
"""Seconds that `news` waits at most, and between two looks."""
PREFIX = "emotion-convert-"
"""Folders of trainings are called so, with the number of their process."""
UNSENT = ("train.lock",)
"""Files of a run folder that stay on their machine."""
RANKS = {"checkpoint.npz": 0, "history.csv": 2}
"""Files are written in the order of these, and read the other way round; all others have rank 1. So a folder that is
sent while its training goes on, or of which a part arrives, is one that a kill could have left there."""


@dataclass(frozen=True)
class News:
    """What has happened to a training since the last look."""

    rows: list[Row]
    files: dict[str, bytes]
    """Files of the run folder that have changed."""
    log: bytes
    """The whole output; empty before the end."""
    ended: Ended | None


class RemoteTraining:
    """A training on this machine; an actor of Ray."""

    def __init__(
        self, job: Job, files: Mapping[str, bytes], beside: Mapping[str, bytes], workers: int,
        program: Sequence[str] = TRAIN,
    ) -> None:  # fmt: skip
        """Starts it. files: the run folder so far. beside: the recipe, and the files that it names, by name. workers:
        trainings at the same time on this machine. Raises OSError."""
        remove_left_behind(Path(tempfile.gettempdir()))
        self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
        here = Job(job.name, self._folder / job.recipe.name, self._folder / "run" / job.run.name, job.options)
        for name, content in beside.items():
            (self._folder / name).write_bytes(content)
        write_files(here.run, files)
        self._sent = _stamps(here.run)
        cores = str(max(1, len(os.sched_getaffinity(0)) // workers))  # Ray has set one thread for its own processes
        self._process = TrainingProcess(here, program, dict.fromkeys(THREADS, cores))

    def news(self) -> News:
        """What has happened, waited for a second at most."""
        end = time.monotonic() + WAIT_S
        while True:
            rows, ended = self._process.news()
            if rows or ended or time.monotonic() >= end:
                break
            time.sleep(POLL_S)
        if not rows and not ended:
            return News([], {}, b"", None)
        run = self._process.job.run
        before, stamps = self._sent, _stamps(run)
        self._sent = stamps
        files = {name: (run / name).read_bytes() for name in ordered(stamps)[::-1] if before.get(name) != stamps[name]}
        return News(rows, files, self._process.job.log.read_bytes() if ended else b"", ended)

    def stop(self) -> None:
        """End it, and leave nothing behind."""
        self._process.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


def remove_left_behind(folder: Path) -> None:
    """Remove the folders of trainings whose process was killed."""
    for each in folder.glob(f"{PREFIX}[0-9]*-*"):
        if not Path("/proc", each.name.removeprefix(PREFIX).partition("-")[0]).exists():
            shutil.rmtree(each, ignore_errors=True)


def what_is_missing(paths: Sequence[str], version: str) -> str:
    """Why this machine cannot take part; "" where it can. paths: what each training reads."""
    if __version__ != version:
        return f"has emotion-assistant {__version__}, not {version}"
    missing = [path for path in paths if not Path(path).exists()]
    return f"has no {missing[0]}" if missing else ""


def read_files(folder: Path) -> dict[str, bytes]:
    """The files of a run folder, if there is one."""
    return {name: (folder / name).read_bytes() for name in _stamps(folder)}


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files into a run folder, each in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ordered(files):
        write_atomically({folder / name: files[name]})


def ordered(names: Mapping[str, object]) -> list[str]:
    """Names in the order in which they are written."""
    return sorted(names, key=lambda name: RANKS.get(name, 1))


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of change of each file of a run folder. Temporary ones, which are hidden, are left out."""
    if not folder.is_dir():
        return {}
    stamps = {}
    for file in folder.rglob("*"):
        if file.is_file() and not file.name.startswith(".") and file.name not in UNSENT:
            about = file.stat()
            stamps[str(file.relative_to(folder))] = (about.st_ino, about.st_mtime_ns)
    return stamps
