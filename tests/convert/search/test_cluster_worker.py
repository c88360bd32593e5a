"""What runs on a machine of a cluster, without a cluster: the files that are sent, and a training that goes on."""

import os
from pathlib import Path

import pytest

from assistant import __version__
from convert.search import cluster_worker
from convert.search.cluster import _beside
from convert.search.cluster_worker import News, RemoteTraining, what_is_missing
from convert.search.job import Job, SearchError
from convert.training.recipe_file import RECIPES
from convert.training.run_folder import Run
from tests.convert.search.support import STAND_IN

SMALL = RECIPES / "emotion-small.toml"


@pytest.fixture
def worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the stand-in tells of its epochs."""
    monkeypatch.setenv("WORKED", str(tmp_path / "worked.txt"))
    monkeypatch.setattr(cluster_worker, "POLL_S", 0.01)
    return tmp_path / "worked.txt"


def start(job: Job, files: dict[str, bytes]) -> RemoteTraining:
    named = b'name = "small"\n' + SMALL.read_bytes()
    return RemoteTraining(job, files, {job.recipe.name: named}, 1, STAND_IN)


def to_the_end(training: RemoteTraining) -> list[News]:
    news = [training.news()]
    while news[-1].ended is None:
        news.append(training.news())
    training.stop()
    assert not training._folder.exists()
    return news


def test_what_is_sent_is_a_run_folder_with_which_another_machine_goes_on(tmp_path: Path, worked: Path) -> None:
    job = Job("seed 1", SMALL, tmp_path / "small", ("--epochs", "2"))
    for news in to_the_end(start(job, {})):
        cluster_worker.write_files(job.run, news.files)
    assert news.ended
    assert news.ended.code == 0
    assert len(Run(job.run).history()) == 2
    assert "train.lock" not in cluster_worker.read_files(job.run)
    # As if the machine had been lost after the first epoch:
    lines = (job.run / "history.csv").read_bytes().splitlines(keepends=True)
    (job.run / "history.csv").write_bytes(b"".join(lines[:2]))
    (job.run / "checkpoint.npz").write_bytes(b"1")
    sent = to_the_end(start(job, cluster_worker.read_files(job.run)))
    rows = [row["epoch"] for news in sent for row in news.rows]
    assert rows == [1, 2]
    assert worked.read_text().splitlines() == ["small 1", "small 2", "small 2"]


def test_the_reason_of_a_failure_is_sent(tmp_path: Path, worked: Path) -> None:
    job = Job("seed 1", SMALL, tmp_path / "small", ("--epochs", "x"))
    news = to_the_end(start(job, {}))[-1]
    assert news.ended
    assert "ValueError" in news.ended.reason
    assert b"Traceback" in news.log


def test_a_checkpoint_is_written_before_the_row_that_needs_it() -> None:
    names = dict.fromkeys(("history.csv", "best.weights.h5", "checkpoint.npz", "recipe.toml"))
    assert cluster_worker.ordered(names) == ["checkpoint.npz", "best.weights.h5", "recipe.toml", "history.csv"]


def test_what_a_machine_may_lack(tmp_path: Path) -> None:
    assert what_is_missing([str(tmp_path)], __version__) == ""
    assert what_is_missing(["/no/data"], __version__) == "has no /no/data"
    assert what_is_missing([], "9.9") == f"has emotion-assistant {__version__}, not 9.9"


def test_the_folders_of_processes_that_were_killed_are_removed(tmp_path: Path) -> None:
    own, dead, other = (
        tmp_path / name for name in (f"emotion-convert-{os.getpid()}-x", "emotion-convert-4194305-x", "y")
    )
    for folder in (own, dead, other):
        folder.mkdir()
    cluster_worker.remove_left_behind(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted((own, other))


def test_soft_labels_beside_a_recipe_are_sent_with_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    (tmp_path / "soft.npz").write_bytes(b"soft")
    file.write_text('[teachers]\nsoft_labels = "soft.npz"\n')
    assert _beside(file) == {"mine.toml": file.read_bytes(), "soft.npz": b"soft"}
    file.write_text('[teachers]\nsoft_labels = "../soft.npz"\n')
    with pytest.raises(SearchError, match="name a file beside the recipe"):
        _beside(file)
