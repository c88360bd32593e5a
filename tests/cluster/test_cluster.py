"""A search and seeds on a real Ray cluster of two machines, of which one loses its power on the way."""

import csv
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("ray", reason="Ray is not installed: pip install -e .[cluster]")
pytest.importorskip("optuna", reason="Optuna is not installed: pip install -e .[search]")

from convert.search import search
from convert.search.cluster import Cluster
from convert.search.job import SearchError
from convert.search.journal import Journal
from tests.cluster.machines import Machines
from tests.convert.search.support import STAND_IN, plan
from tests.support import drawn_faces

pytestmark = pytest.mark.timeout(280)
ROOT = Path(__file__).parents[2]
SECOND = "127.0.0.2"
PATIENCE_S = 150.0
"""Seconds; a test that waits so long has failed."""


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what other processes bring about."""
    end = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machines]:
    """A cluster without machines yet."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with Machines(port()) as made:
        yield made


def alive() -> int:
    import ray

    return sum(each["Alive"] for each in ray.nodes())


def lines(file: Path) -> Counter[str]:
    return Counter(file.read_text().splitlines()) if file.is_file() else Counter()


def test_a_machine_is_lost_on_the_way_and_no_trial_is_lost_or_counted_twice(machines: Machines, tmp_path: Path) -> None:
    """The second machine's first training stops in its second epoch, and the machine is killed once the first has
    arrived. Trainings are stood in for; processes, cluster and journal are real."""
    folder, held_mark = tmp_path / "search", tmp_path / "held"
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    machines.start(WORKED=str(first))
    until(machines.is_up)
    machines.start(SECOND, WORKED=str(second), HOLD="*/2", HELD=str(held_mark))
    pool = Cluster(machines.address, 1, [str(tmp_path)], STAND_IN)
    until(lambda: alive() == 2)

    def power_cut() -> None:
        until(held_mark.exists)
        (lost,) = [line.split()[0].rpartition("-")[2] for line in lines(second)]
        history = folder / "trials" / f"{int(lost):04}" / "seed-1" / "history.csv"
        until(lambda: history.is_file() and len(history.read_text().splitlines()) == 2)
        machines.kill(SECOND)

    cutting = threading.Thread(target=power_cut, daemon=True)
    cutting.start()
    report = search.search(plan(folder), 6, pool)
    cutting.join()

    assert "6 trials" in report
    trials = Journal(folder).trials
    assert [trial.number for trial in trials] == list(range(6))
    assert {trial.state.name for trial in trials} <= {"COMPLETE", "PRUNED"}
    created = (folder / "journal.log").read_text().count('"op_code":4')  # CREATE_TRIAL
    assert created == 6
    assert lines(second).total() == 1
    done = lines(first) + lines(second)
    assert set(done.values()) == {1}, "the lost trial went on from the epoch that had arrived"
    finished = sum(trial.state.name == "COMPLETE" for trial in trials)
    assert done.total() >= 3 * finished


def test_a_machine_without_the_data_takes_no_part(machines: Machines, tmp_path: Path) -> None:
    machines.start()
    until(machines.is_up)
    with pytest.raises(SearchError, match=r"no machine of the cluster can train: \S+ has no /no/such/data"):
        Cluster(machines.address, 1, ["/no/such/data"], STAND_IN)


def test_nobody_listens() -> None:
    with pytest.raises(SearchError, match=r"no Ray cluster: Connection refused; start one with `ray start --head"):
        Cluster(f"127.0.0.1:{port()}", 1, [])


@pytest.mark.parametrize("address", ["here", "127.0.0.1:", ":6379", "127.0.0.1:99999999999", "127.0.0.1:x"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(SearchError, match="expected HOST:PORT"):
        Cluster(address, 1, [])


def test_real_trainings_on_two_machines_of_which_one_is_killed(machines: Machines, tmp_path: Path) -> None:
    """As a user types it: a search, and then the seeds of its best recipe on the machine that is left."""
    if find_spec("keras") is None:
        pytest.skip("Keras is not installed: pip install -e .[convert]")
    drawn_faces.write_npz(drawn_faces.dataset(4, 2), tmp_path)
    one_size = re.sub(r"sizes = .*", "sizes = [[0.0, 24]]", drawn_faces.TINY_RECIPE)
    (tmp_path / "tiny.toml").write_text(one_size)
    machines.start()
    until(machines.is_up)
    machines.start(SECOND)
    environment = {**os.environ, "EMOTION_DATA": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def command(*arguments: str) -> subprocess.Popen[str]:
        line = [sys.executable, "-m", "convert", *arguments, "--ray", machines.address]
        return subprocess.Popen(line, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)

    folder = tmp_path / "runs/search-tiny"
    searching = command("search", "--recipe", "tiny.toml", "--trials", "3", "--epochs", "2")
    until(lambda: len(list(folder.glob("trials/*/seed-3/history.csv"))) >= 1)
    machines.kill(SECOND)
    report, _ = searching.communicate()
    assert searching.returncode == 0
    assert "3 trials: 3 finished" in report
    with open(folder / "trials.csv", newline="", encoding="utf-8") as table:
        assert [row["epochs"] for row in csv.DictReader(table)] == ["2", "2", "2"]
    seeds = command("train", "--recipe", "runs/search-tiny/best.toml", "--seeds", "1,2", "--epochs", "1")
    report, _ = seeds.communicate()
    assert seeds.returncode == 0
    assert "mean ± standard deviation of 2 seeds: fer2013" in report
    assert (tmp_path / "runs/tiny-best-seeds.json").is_file()
    assert (tmp_path / "runs/tiny-best-seed-2/best.weights.h5").is_file()
