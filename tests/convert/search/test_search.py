"""A search: the right number of trials whatever kills it, pruning, failures, the report. Trainings are stood in for."""

import csv
import errno
import json
import os
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("optuna", reason="Optuna is not installed: pip install -e .[search]")

from optuna.storages.journal import JournalFileBackend

from convert import figures
from convert.search import journal, recipe_text, report, search
from convert.search.job import SearchError
from convert.search.journal import Journal
from convert.search.space import Choices, Range
from convert.search.trials import MAX_FAILURES, Trials
from tests.convert.search.support import SPACE, plan, run, script

ROOT = Path(__file__).parents[3]


def states(folder: Path) -> list[str]:
    with open(folder / "trials.csv", newline="", encoding="utf-8") as table:
        return [row["state"] for row in csv.DictReader(table)]


def parameters(folder: Path) -> list[dict[str, Any]]:
    return [trial.params for trial in Journal(folder).trials]


def worked(folder: Path, state: str = "") -> Counter[str]:
    """How often each epoch of each trial was trained. state: of the trials that are counted; default: all."""
    wanted = {f"{number:04}" for number, each in enumerate(states(folder)) if state in ("", each)}
    return Counter(
        f"{file.parent.name} {line}"
        for file in folder.glob("trials/*/worked.txt")
        if file.parent.name in wanted
        for line in file.read_text().splitlines()
    )


@pytest.fixture(autouse=True)
def no_diagrams(monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagrams of one search (`straight`) are enough: they take longer than the trainings here."""
    monkeypatch.setattr(figures, "encoded", lambda figure: b"")


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search of seven trials that nothing has stopped."""
    folder = tmp_path_factory.mktemp("straight") / "search"
    run(plan(folder), 7)
    return folder


def test_a_search_has_its_trials_and_writes_its_report(straight: Path) -> None:
    assert len(states(straight)) == 7
    assert set(worked(straight).values()) == {1}
    study = Journal(straight).study
    best = tomllib.loads((straight / "best.toml").read_text())
    assert best["schedule"]["learning_rate"] == pytest.approx(study.best_params["schedule.learning_rate"], rel=1e-5)
    assert best["network"]["widths"] == json.loads(study.best_params["network.widths"])
    assert best["name"] == "small-best"
    assert recipe_text.read(straight / "best.toml").schedule.epochs > 3
    for name in ("history.png", "importance.png"):
        assert (straight / name).read_bytes().startswith(b"\x89PNG")
    assert "trial,state,score" in (straight / "trials.csv").read_text()
    assert not list(straight.glob("trials/*/*/checkpoint.npz"))


def test_a_search_that_is_over_trains_nothing_more_and_can_be_made_longer(straight: Path, tmp_path: Path) -> None:
    before = worked(straight)
    assert "7 trials" in run(plan(straight), 7)
    assert worked(straight) == before
    run(plan(straight), 8)
    assert len(Journal(straight).trials) == 8


def held(folder: Path, tmp_path: Path, hold: str) -> subprocess.Popen[bytes]:
    """A search in a process of its own, whose training has stopped at a trial and epoch."""
    mark = tmp_path / "held"
    mark.unlink(missing_ok=True)
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.convert.search.support", str(folder), "7"],
        env={**os.environ, "HOLD": hold, "HELD": str(mark)}, cwd=ROOT,
    )  # fmt: skip
    while not mark.exists():
        assert running.poll() is None
        time.sleep(0.01)
    return running


def test_a_search_killed_twice_has_as_many_trials_as_one_that_was_not(straight: Path, tmp_path: Path) -> None:
    folder = tmp_path / "search"
    for hold in ("0001/3", "0004/1"):
        running = held(folder, tmp_path, hold)
        running.kill()
        running.wait()
    run(plan(folder), 7)
    assert len(states(folder)) == 7
    assert "not finished" not in states(folder)
    assert set(worked(folder).values()) == {1}, "an epoch was trained twice"
    assert parameters(folder) == parameters(straight)[:7]


def test_another_search_keeps_out_of_the_folder_while_one_runs(tmp_path: Path) -> None:
    running = held(tmp_path / "search", tmp_path, "0000/1")
    with pytest.raises(SearchError, match=f"another search .process {running.pid}"):
        run(plan(tmp_path / "search"), 8)
    running.kill()
    running.wait()


def test_a_journal_cut_anywhere_gives_the_same_search(straight: Path, tmp_path: Path) -> None:
    """The finished trials of which the lost lines told are found in their folders, and are not trained again."""
    content = (straight / "journal.log").read_bytes()
    lines = content.splitlines(keepends=True)
    ends = [sum(map(len, lines[:count])) for count in range(len(lines) + 1)]
    copied = tmp_path / "search"
    subprocess.run(["cp", "-r", str(straight), str(copied)], check=True)
    for cut in sorted({*ends[::9], *(end + 7 for end in ends[:-1:9]), len(content) - 1}):
        (copied / "journal.log").write_bytes(content[:cut])
        opened = Journal(copied)
        assert len(opened.trials) <= 8
    (copied / "journal.log").write_bytes(content[: len(content) // 2])
    before = worked(copied, "finished")
    run(plan(copied), len(parameters(straight)))
    assert before <= worked(copied, "finished")
    assert parameters(copied) == parameters(straight)
    assert "not finished" not in states(copied)


@pytest.mark.parametrize("tail", [b"{", b'{"op_code":', b"\0\0\0", b"\n", b"\xff\xfe\n\0"])
def test_what_a_power_cut_leaves_at_the_end_of_a_journal_is_cut_off(
    straight: Path, tmp_path: Path, tail: bytes
) -> None:
    content = (straight / "journal.log").read_bytes()
    file = tmp_path / "journal.log"
    file.write_bytes(content + tail)
    journal.mend(file)
    assert file.read_bytes() == content


def test_a_journal_spoilt_in_the_middle_is_told_with_its_line(straight: Path, tmp_path: Path) -> None:
    lines = (straight / "journal.log").read_bytes().splitlines(keepends=True)
    lines[3] = b"?\n"
    file = tmp_path / "journal.log"
    file.write_bytes(b"".join(lines))
    with pytest.raises(SearchError, match=r"journal\.log: line 4: "):
        journal.mend(file)


def test_unpromising_trials_are_pruned(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    script(plan(folder, epochs=10, space={"schedule.learning_rate": SPACE["schedule.learning_rate"]}), 12)
    found = Counter(states(folder))
    assert found["pruned"] >= 2
    assert found["finished"] >= 6
    pruned = [trial for trial in Journal(folder).trials if trial.state.name == "PRUNED"]
    assert all(1 < len(trial.intermediate_values) < 10 for trial in pruned)
    assert all("below the median" in trial.user_attrs["reason"] for trial in pruned)


def test_what_the_score_depends_on_is_the_most_important(tmp_path: Path) -> None:
    """Also where pruning has left none of the trials in which it was wrong."""
    folder = tmp_path / "search"
    script(plan(folder, epochs=10), 20)
    importance = report.importances(Journal(folder).trials)
    assert sum(importance.values()) == pytest.approx(1)
    assert importance["schedule.learning_rate"] > 0.6


def test_a_trial_that_cannot_be_built_has_failed_and_the_search_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    script(plan(folder, epochs=1, space={"schedule.batch_size": Choices((13, 32, 64))}), 6)
    table = list(csv.DictReader((folder / "trials.csv").open(encoding="utf-8")))
    assert len(table) == 6
    for row in table:
        is_refused = row["schedule.batch_size"] == "13"
        assert (row["state"] == "failed") == is_refused
        assert ("cannot be built: no room for 13" in row["reason"]) == is_refused
    assert any(row["state"] == "failed" for row in table)


def test_values_that_do_not_go_together_fail_without_a_training(tmp_path: Path) -> None:
    """Each alone is right for the recipe; the recipe's checks refuse some pairs."""
    folder = tmp_path / "search"
    with pytest.raises(SearchError, match=r"all 2 trials failed; trial 0: .*must have the same length"):
        script(plan(folder, space={"network.widths": Choices(([8], [16]))}), 2)
    assert not list(folder.glob("trials/*"))


def test_where_all_trials_fail_it_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(SearchError) as raised:
        script(plan(tmp_path / "search", space={"schedule.batch_size": Range(13, 13.5, is_whole=True)}), 3)
    assert str(raised.value).endswith("all 3 trials failed; trial 0: [network] cannot be built: no room for 13")


def test_where_the_first_trials_all_fail_no_more_are_begun(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match=f"all {MAX_FAILURES} trials failed; trial 0: "):
        script(plan(tmp_path / "search", space={"schedule.batch_size": Range(13, 13.5, is_whole=True)}), 30)


def test_where_all_trials_have_failed_the_same_command_tries_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = plan(tmp_path / "search")
    monkeypatch.setattr(Trials, "finished", lambda self, job, rows: self.failed(job, "no teacher"))
    with pytest.raises(SearchError, match="the one trial failed; trial 0: no teacher"):
        script(made, 1)
    monkeypatch.undo()
    assert "1 trial: 1 finished" in script(made, 1)


def test_a_trial_that_diverges_is_given_up(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    with pytest.raises(SearchError, match=r"no trial is finished \(2 pruned\)"):
        script(plan(folder, space={"schedule.learning_rate": Range(10.0, 20.0)}), 2)
    assert all("diverged in epoch 1" in trial.user_attrs["reason"] for trial in Journal(folder).trials)


def test_the_score_of_several_seeds_is_their_mean(tmp_path: Path) -> None:
    folder = tmp_path / "search"
    script(plan(folder, seeds=(1, 3)), 3, workers=2)
    assert len(states(folder)) == 3
    for trial in Journal(folder).trials:
        if trial.state.name == "COMPLETE":
            first, second = trial.user_attrs["scores"].values()
            assert second - first == pytest.approx(0.002)
            assert trial.value == pytest.approx((first + second) / 2)
            assert trial.user_attrs["deviation"] == pytest.approx(0.002 / 2**0.5)


def test_a_full_disk_is_told_and_costs_no_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write that fails leaves a part of its line behind."""
    folder = tmp_path / "search"
    append, calls = JournalFileBackend.append_logs, []

    def append_until_full(self: JournalFileBackend, logs: list[dict[str, Any]]) -> None:
        calls.append(logs)
        if len(calls) == 25:
            with open(folder / "journal.log", "ab") as file:
                file.write(json.dumps(logs[0]).encode()[:20])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        append(self, logs)

    with monkeypatch.context() as patch:
        patch.setattr(JournalFileBackend, "append_logs", append_until_full)
        with pytest.raises(SearchError, match="search: No space left on device: make room; the same command goes on"):
            script(plan(folder), 5)
    script(plan(folder), 5)
    assert len(states(folder)) == 5
    assert "not finished" not in states(folder)


def test_a_folder_goes_on_as_it_was_begun_alone(straight: Path) -> None:
    for changed, what in (
        ({"epochs": 4}, "other epochs"),
        ({"seeds": (2,)}, "other seeds"),
        ({"space": {"schedule.learning_rate": SPACE["schedule.learning_rate"]}}, "another space"),
        ({"facts": {"data": "0"}}, "other data"),
    ):
        with pytest.raises(SearchError, match=f"was begun with {what}; choose another --folder"):
            script(plan(straight, **changed), 8)


def test_the_folder_of_a_run_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "environment.json").write_text("{}")
    with pytest.raises(SearchError, match="is the folder of a run"):
        script(plan(tmp_path), 1)
    assert [file.name for file in tmp_path.iterdir()] == ["environment.json"]


def test_a_report_without_a_search_says_so(tmp_path: Path) -> None:
    from convert.search.plan import held as held_plan

    with pytest.raises(SearchError, match="no folder of a search: search.json: No such file"):
        search.report_again(held_plan(tmp_path))
