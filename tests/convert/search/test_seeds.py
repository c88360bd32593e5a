"""Several seeds of one recipe: mean and deviation, what is lost on the way, what cannot be trained."""

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from convert.search import seeds
from convert.search.driver import MAX_RESTARTS
from convert.search.job import Event, Job, SearchError
from convert.search.processes import Processes, share_of_cores
from convert.search.training_process import last_words
from convert.training.recipe_file import RECIPES
from tests.convert.search.support import STAND_IN, QuickProcesses

SMALL = RECIPES / "emotion-small.toml"


def jobs(folder: Path, recipe: Path = SMALL) -> list[Job]:
    return [
        Job(f"seed {seed}", recipe, folder / f"small-seed-{seed}", ("--epochs", "2", "--seed", str(seed)))
        for seed in (1, 2, 3)
    ]


def test_mean_and_deviation_are_printed_and_kept(tmp_path: Path) -> None:
    made = seeds.train(jobs(tmp_path), QuickProcesses(2, STAND_IN), 2, tmp_path / "small-seeds.json")
    assert json.loads((tmp_path / "small-seeds.json").read_text()) == made
    scores = [run["fer2013"] for run in made["runs"].values()]
    assert scores[2] - scores[0] == pytest.approx(0.002)
    assert made["mean"]["fer2013"] == pytest.approx(scores[1])
    assert made["standard_deviation"]["fer2013"] == pytest.approx(0.001)
    assert seeds.as_text(made).splitlines()[-1].endswith("of 3 seeds: fer2013 52.20 ± 0.10 %")


def test_what_is_trained_is_not_trained_again(tmp_path: Path) -> None:
    for _ in range(2):
        seeds.train(jobs(tmp_path), QuickProcesses(1, STAND_IN), 2, tmp_path / "kept.json")
    assert len((tmp_path / "worked.txt").read_text().splitlines()) == 6


def test_a_seed_that_cannot_be_trained_is_told_when_the_others_are(tmp_path: Path) -> None:
    refused = tmp_path / "refused.toml"
    refused.write_text(re.sub("batch_size = .*", "batch_size = 13", SMALL.read_text()))
    planned = [*jobs(tmp_path, refused)[:1], *jobs(tmp_path)[1:]]
    with pytest.raises(SearchError, match=r"^seed 1: \[network\] cannot be built: no room for 13$"):
        seeds.train(planned, QuickProcesses(1, STAND_IN), 2, tmp_path / "kept.json")
    assert not (tmp_path / "kept.json").exists()
    assert (tmp_path / "small-seed-3/history.csv").is_file()


class Murderous(QuickProcesses):
    """Kills the process of a job each time that it is started, so many times."""

    kills = 1

    def start(self, job: Job) -> None:
        super().start(job)
        if self.kills:
            self.kills -= 1
            os.kill(self._running[-1]._process.pid, signal.SIGKILL)


def test_a_process_that_is_killed_is_started_again(tmp_path: Path) -> None:
    made = seeds.train(jobs(tmp_path), Murderous(1, STAND_IN), 2, tmp_path / "kept.json")
    assert len(made["runs"]) == 3


def test_a_process_that_is_killed_each_time_has_failed(tmp_path: Path) -> None:
    pool = Murderous(1, STAND_IN)
    pool.kills = MAX_RESTARTS + 1
    with pytest.raises(SearchError, match=r"^seed [123]: the training's process was ended by SIGKILL"):
        seeds.train(jobs(tmp_path)[:1], pool, 2, tmp_path / "kept.json")


class Full(QuickProcesses):
    """A machine whose disk is full."""

    def wait(self) -> list[Event]:
        return [
            Event(each.job, each.rows, each.ended and type(each.ended)(1, "x.csv: No space left on device"))
            for each in super().wait()
        ]


def test_a_full_disk_stops_all_and_is_not_taken_for_a_failure(tmp_path: Path) -> None:
    pool = Full(1, STAND_IN)
    with pytest.raises(SearchError, match="No space left on device: make room; the same command goes on"):
        seeds.train(jobs(tmp_path), pool, 2, tmp_path / "kept.json")
    assert not pool._running
    seeds.train(jobs(tmp_path), QuickProcesses(1, STAND_IN), 2, tmp_path / "kept.json")


def test_a_training_ends_with_the_process_that_has_started_it(tmp_path: Path) -> None:
    """The pipe of its stdin is closed by the system, however that process ends."""
    pool = Processes(1, (*STAND_IN[:2], "tests.convert.search.stand_in_training"))
    mark = tmp_path / "held"
    os.environ |= {"HOLD": "*/1", "HELD": str(mark)}
    try:
        pool.start(jobs(tmp_path)[0])
        process = pool._running[0]._process
        while not mark.exists():
            assert process.poll() is None
        assert process.stdin
        process.stdin.close()
        assert process.wait(20) == 75
    finally:
        del os.environ["HOLD"], os.environ["HELD"]


def test_last_words(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for text, words in (
        ("", ""),
        ("one\nemotion-convert: a.csv: missing\nnext\n", "a.csv: missing"),
        ("\nSegmentation fault\n\n", "Segmentation fault"),
        ("x" * 9999, "x" * 500),
    ):
        log.write_text(text)
        assert last_words(log) == words


def test_trainings_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    assert share_of_cores(3) == {"TF_NUM_INTRAOP_THREADS": "2"}
    assert sys.executable
