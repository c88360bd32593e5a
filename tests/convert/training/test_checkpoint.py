"""The checkpoint of a training: cut files are refused, and a crash at any step costs at most the epoch it is in."""
# ruff: noqa: E402 - imports that need Keras come after the skip without it

import errno
import os
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from convert.expression import networks, recipe, train
from convert.training import checkpoint
from convert.training.checkpoint import Checkpoint
from convert.training.run_folder import COSTS, Run, RunError, columns
from tests.support import drawn_faces

HELD = Checkpoint(1, ("1", "4.3"), True, b"weights", [], [np.arange(3.0)], [np.ones((2, 2), np.float32), np.zeros(2)])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    drawn_faces.write_npz(drawn_faces.dataset(), folder)
    one_size = drawn_faces.TINY_RECIPE.replace("[[0.0, 32], [0.5, 48]]", "[[0.0, 48]]")  # another one is compiled anew
    (folder / "tiny.toml").write_text(one_size)
    return folder


def _train(place: Path, run: str) -> Run:
    recipe_file = place / "tiny.toml"
    return train.train(recipe.read(recipe_file), recipe_file, place, place / run, epochs=2)


@pytest.fixture(scope="module")
def uninterrupted(place: Path) -> Run:
    return _train(place, "uninterrupted")


def _best_weights(run: Run) -> list[np.ndarray]:
    return [np.asarray(each) for each in networks.restore(run, "float32").get_weights()]


def _rows(run: Run) -> list[dict[str, float]]:
    return [{name: each for name, each in row.items() if name not in ("seconds", *COSTS)} for row in run.history()]


@pytest.mark.parametrize("broken", ["complete", "add"])
def test_a_training_killed_within_an_epochs_end_goes_on_as_if_it_had_not_been(
    place: Path, uninterrupted: Run, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Once the checkpoint is written. complete: before the best weights. add: before the row of history.csv."""
    owner = Run if broken == "add" else checkpoint

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(owner, broken, killed)
        with pytest.raises(KeyboardInterrupt):
            _train(place, broken)
    run = Run(place / broken)
    assert run.checkpoint.is_file()
    assert not run.history()
    resumed = _train(place, broken)
    assert _rows(resumed) == _rows(uninterrupted)
    assert resumed.best()["epoch"] == uninterrupted.best()["epoch"]
    for found, expected in zip(_best_weights(resumed), _best_weights(uninterrupted), strict=True):
        np.testing.assert_array_equal(found, expected)
    last, expected_last = (checkpoint.read(each) for each in (resumed, uninterrupted))
    assert last
    assert expected_last
    for found, expected in zip(last.average, expected_last.average, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert sorted(file.name for file in run.path.iterdir()) == [
        "best.weights.h5", "calibration_set.txt", "checkpoint.npz", "curves.png", "environment.json", "history.csv",
        "recipe.toml", "train.lock",
    ]  # fmt: skip


def test_a_checkpoint_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert checkpoint.read(run) is None
    checkpoint.write(run, HELD)
    whole = run.checkpoint.read_bytes()
    held = checkpoint.read(run)
    assert held
    assert (held.epoch, held.row, held.is_best, held.state) == (1, ("1", "4.3"), True, b"weights")
    assert [each.shape for each in held.average] == [(2, 2), (2,)]
    for length in range(len(whole)):
        run.checkpoint.write_bytes(whole[:length])
        with pytest.raises(RunError, match=r"checkpoint\.npz: not a checkpoint \("):
            checkpoint.read(run)


def test_a_checkpoint_of_another_epoch_than_the_history_is_refused(tmp_path: Path) -> None:
    run, network = Run(tmp_path), None
    (tmp_path / "history.csv").write_text(
        ",".join(columns(("ap",))) + "\n1,2,0.3,0,1,2,9\n2,2,0.3,0,1,2,9\n3,2,0.3,0,1,2,9\n"
    )
    with pytest.raises(RunError, match=r"checkpoint\.npz: missing, but history\.csv has 3 epochs; .*--from"):
        checkpoint.resume(run, network)
    checkpoint.write(run, HELD)
    with pytest.raises(RunError, match=r"checkpoint\.npz: of epoch 1, but history\.csv has 3 epochs"):
        checkpoint.resume(run, network)


def test_a_disk_that_is_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(contents: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "write_atomically", full)
    with pytest.raises(RunError, match=r"checkpoint\.npz: cannot be written: No space left on device"):
        checkpoint.write(Run(tmp_path), HELD)


def test_a_training_begun_by_a_version_with_three_files_goes_on(place: Path, uninterrupted: Run) -> None:
    run = Run(place / "older")
    run.path.mkdir()
    for name in ("environment.json", "recipe.toml", "best.weights.h5", "calibration_set.txt"):
        (run.path / name).write_bytes((uninterrupted.path / name).read_bytes())
    lines = (uninterrupted.path / "history.csv").read_bytes().splitlines(keepends=True)
    (run.path / "history.csv").write_bytes(b"".join(lines[:2]))
    held = checkpoint.read(uninterrupted)
    assert held
    (run.path / "last.weights.h5").write_bytes(held.state)
    for name, arrays in (("optimizer.npz", held.optimizer), ("ema.npz", held.average)):
        np.savez(run.path / name, **{str(index): each for index, each in enumerate(arrays)})
    assert [row["epoch"] for row in _train(place, "older").history()] == [1, 2]
    assert run.checkpoint.is_file()


def test_weights_for_which_the_disk_has_no_room_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fallocate(handle: int, offset: int, size: int) -> None:
        asked.append(size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    asked: list[int] = []
    network = networks.build("cnn", stem=8, widths=(8,), blocks=(1,))
    monkeypatch.setattr(os, "posix_fallocate", fallocate, raising=False)
    with pytest.raises(RunError, match="cannot be written: No space left on device; set TMPDIR"):
        checkpoint.weights_file(network)
    assert asked[0] > sum(each.nbytes for each in network.get_weights())
    monkeypatch.undo()
    content = checkpoint.weights_file(network)
    assert content.startswith(b"\x89HDF")
    assert len(content) < asked[0]
