"""A run folder survives what crashes leave behind, and serves one training at a time."""

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from convert.training.run_folder import Run, RunError, columns

HEADER = ",".join(columns(("fer2013", "ferplus")))
ROWS = ("1,4.3000,0.140000,0.140000,0.040000,14.5,20.1,310.5", "2,3.9000,0.280000,0.210000,0.020000,1.7,3.2,44.1")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "history.csv").write_bytes(f"{HEADER}\r\n".encode())
    return Run(tmp_path)


def test_rows_come_back_as_they_were_added(run: Run) -> None:
    for row in ROWS:
        run.add(row.split(","))
    assert [row["epoch"] for row in run.history()] == [1, 2]
    assert (run.path / "history.csv").read_bytes() == "".join(f"{row}\r\n" for row in (HEADER, *ROWS)).encode()


def test_a_history_cut_at_any_byte_is_read_and_can_go_on(run: Run) -> None:
    whole = "".join(f"{row}\r\n" for row in (HEADER, *ROWS)).encode()
    file = run.path / "history.csv"
    for length in range(len(f"{HEADER}\r\n"), len(whole) + 1):
        file.write_bytes(whole[:length])
        rows = run.history()
        assert len(rows) == whole[:length].count(b"\r") - 1 or whole[:length].endswith(b"\r")
        run.add(ROWS[len(rows) % 2].split(","))
        assert len(run.history()) == len(rows) + 1


def test_a_torn_last_row_is_left_out(run: Run) -> None:
    (run.path / "history.csv").write_bytes(f"{HEADER}\r\n{ROWS[0]}\r\n{ROWS[1]}\r\n3,3.9".encode())
    assert [row["epoch"] for row in run.history()] == [1, 2]
    (run.path / "history.csv").write_bytes(f"{HEADER}\r\n{ROWS[0]}\r\n3,3.9\r\n".encode())
    assert [row["epoch"] for row in run.history()] == [1]


def test_a_row_in_the_middle_that_cannot_be_read_is_named(run: Run) -> None:
    (run.path / "history.csv").write_bytes(f"{HEADER}\r\n1,4.3\r\n{ROWS[1]}\r\n".encode())
    with pytest.raises(RunError, match=r"history\.csv: line 2: not a row of epoch, loss"):
        run.history()


def test_a_second_training_is_refused_with_the_process_that_holds_the_folder(run: Run) -> None:
    program = (
        "import sys; from pathlib import Path; from convert.training.run_folder import Run;"
        "lock = Run(Path(sys.argv[1])).lock(); print('locked', flush=True); sys.stdin.read()"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", program, run.path], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(RunError, match=f"another training \\(process {other.pid}\\) uses this folder"):
            run.lock()
        other.communicate("")
    run.lock().close()


@pytest.mark.parametrize("content", [b"", HEADER[:10].encode()])
def test_no_row_is_written_where_the_names_of_the_columns_are_lost(run: Run, content: bytes) -> None:
    (run.path / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match=r"history\.csv: line 1, the names of the columns, is missing"):
        run.add(ROWS[0].split(","))
    (run.path / "history.csv").unlink()
    with pytest.raises(RunError, match=r"history\.csv: line 1, the names of the columns, is missing"):
        run.add(ROWS[0].split(","))


@pytest.mark.parametrize("content", [None, b"", b"epoch,loss,ap,learning_rate,seconds\r\n"])
def test_a_run_whose_history_has_lost_its_columns_is_not_resumed(tmp_path: Path, content: bytes | None) -> None:
    """Its first epoch would be trained for nothing: the row cannot be kept."""
    recipe, run, names = tmp_path / "a.toml", Run(tmp_path / "run"), columns(("fer2013", "ferplus"))
    recipe.write_text("a recipe")
    run.begin(recipe, {"epochs": 2}, names)
    run.add(ROWS[0].split(","))
    run.begin(recipe, {"epochs": 2}, names)
    assert len(run.history()) == 1
    (run.path / "history.csv").unlink()
    if content is not None:
        (run.path / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match=r"history\.csv: line 1 is not epoch,loss,fer2013,ferplus,"):
        run.begin(recipe, {"epochs": 2}, names)


def test_a_row_of_other_bytes_than_text_is_treated_as_any_wrong_row(run: Run) -> None:
    (run.path / "history.csv").write_bytes(f"{HEADER}\r\n{ROWS[0]}\r\n".encode() + b"\xe9\r\n")
    assert [row["epoch"] for row in run.history()] == [1]
    (run.path / "history.csv").write_bytes(f"{HEADER}\r\n".encode() + b"\xe9\r\n" + f"{ROWS[0]}\r\n".encode())
    with pytest.raises(RunError, match=r"history\.csv: line 2: not a row"):
        run.history()


def test_a_history_that_a_spreadsheet_has_saved_is_read(run: Run) -> None:
    (run.path / "history.csv").write_bytes(f"\ufeff{HEADER}\r\n{ROWS[0]}\r\n".encode())
    run.add(ROWS[1].split(","))
    assert [row["epoch"] for row in run.history()] == [1, 2]


def test_the_lock_file_of_a_process_that_has_ended_does_not_lock(run: Run) -> None:
    (run.path / "train.lock").write_bytes(b"99999\n\xff")
    with run.lock():
        assert (run.path / "train.lock").read_text() == f"{os.getpid()}\n"


def test_a_folder_that_cannot_be_locked_is_told_with_the_reason(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_locks(file: object, operation: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", no_locks)
        with pytest.raises(RunError, match=r"train\.lock: cannot be locked: No locks available"):
            run.lock()
    (run.path / "train.lock").unlink()
    (run.path / "train.lock").mkdir()
    with pytest.raises(RunError, match=r"train\.lock: cannot be written: Is a directory"):
        run.lock()


def test_the_best_epoch_is_one_with_a_score_that_is_a_number(run: Run) -> None:
    run.weights.write_bytes(b"")
    for number, scores in enumerate(("nan,nan", "0.3,nan", "0.2,0.3", "0.3,0.2", "0.1,0.1"), 1):
        run.add((number, 4.3, scores, 0.1, 14.5, 20.1, 310.5))
    assert run.best()["epoch"] == 3


def test_a_run_that_has_no_score_in_any_epoch_says_so(run: Run) -> None:
    run.weights.write_bytes(b"")
    run.add((1, "nan", "nan", "nan", 0.1, 14.5, 20.1, 310.5))
    with pytest.raises(RunError, match=r"no epoch of this run has a score; lower the recipe's schedule\.learning_rate"):
        run.best()


def test_a_row_without_the_number_of_its_epoch_is_named(run: Run) -> None:
    (run.path / "history.csv").write_bytes(f"{HEADER}\r\n{ROWS[0].replace('1', 'nan', 1)}\r\n{ROWS[1]}\r\n".encode())
    with pytest.raises(RunError, match=r"history\.csv: line 2: not a row"):
        run.history()
