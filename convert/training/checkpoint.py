"""The checkpoint of a run: all that a training needs to go on after its last finished epoch, in one file.

The file is replaced in one step, and holds the epoch's row of history.csv too. A training that is killed before that
step goes on from the epoch before; one that is killed after it, but before the best weights or the row are written,
has these completed by `complete` when it is resumed. So no epoch is repeated from newer weights, and none is lost.
"""

import io
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from assistant.system.atomic_files import write_atomically
from convert.data.regular_file import UNREADABLE
from convert.training.run_folder import Run, RunError

Arrays = list[NDArray[Any]]
LISTS = ("random", "optimizer", "average")
"""Fields of a `Checkpoint` that are lists of arrays."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after an epoch."""

    epoch: int
    """Number of finished epochs."""
    row: tuple[str, ...]
    """The epoch's row of history.csv."""
    is_best: bool
    """Whether this epoch has the best averaged weights so far."""
    state: bytes
    """The weights of the training model, not averaged: the content of a .weights.h5 file."""
    random: Arrays
    """The states of its random generators (`random_states`), which that file lacks."""
    optimizer: Arrays
    """The optimizer's variables."""
    average: Arrays
    """The moving average of the network's weights, as of `get_weights()`."""


def write(run: Run, held: Checkpoint) -> None:
    """Replace the checkpoint of a run in one step. Raises RunError where it cannot be written."""
    about = {"epoch": held.epoch, "row": held.row, "is_best": held.is_best}
    lists = {name: getattr(held, name) for name in LISTS}
    content = io.BytesIO()
    np.savez(
        content,
        about=json.dumps(about),
        state=np.frombuffer(held.state, np.uint8),
        **{f"{name}_{index}": each for name, arrays in lists.items() for index, each in enumerate(arrays)},
    )
    replace(run.checkpoint, content.getvalue())


def read(run: Run) -> Checkpoint | None:
    """The checkpoint of a run; None where there is none yet. Raises RunError where it cannot be read."""
    try:
        with np.load(run.checkpoint, allow_pickle=False) as held:
            about = json.loads(str(held["about"]))
            row, lists = tuple(map(str, about["row"])), {name: _arrays(held, name) for name in LISTS}
            return Checkpoint(int(about["epoch"]), row, bool(about["is_best"]), held["state"].tobytes(), **lists)
    except FileNotFoundError:
        return _of_three_files(run)
    except UNREADABLE as err:
        raise RunError(
            f"{run.checkpoint}: not a checkpoint ({type(err).__name__}: {err}); choose another --run folder"
        ) from err


def finished_epochs(run: Run) -> int:
    """Number of finished epochs by the checkpoint of a run. Raises RunError where it cannot be read."""
    held = read(run)
    return held.epoch if held else 0


def complete(run: Run, held: Checkpoint, network: keras.Model) -> None:
    """Write what belongs to the epoch of a checkpoint that is already written: the best weights, if it is the best so
    far, and its row of history.csv. The weights of `network`, which was averaged, are kept. Raises RunError."""
    if held.is_best:
        current = network.get_weights()
        network.set_weights(held.average)
        replace(run.weights, weights_file(network))
        network.set_weights(current)
    run.add(held.row)


def resume(run: Run, network: keras.Model) -> Checkpoint | None:
    """The checkpoint to go on from, its epoch completed (`complete`); None where no epoch is finished.

    Raises RunError where it is of another epoch than the last one in history.csv.
    """
    held, rows = read(run), len(run.history())
    if held is not None and held.epoch == rows + 1:
        complete(run, held, network)
    elif rows and (held is None or held.epoch != rows):
        found = f"of epoch {held.epoch}" if held else "missing"
        raise RunError(
            f"{run.checkpoint}: {found}, but history.csv has {rows} epochs; choose another --run folder, or start it "
            f"with --from {run.path}"
        )
    return held


def restore(held: Checkpoint, state: keras.Model, optimizer: keras.optimizers.Optimizer | None) -> None:
    """Put the weights and the optimizer of a checkpoint into a model and an optimizer that are already built.

    optimizer: None where another one takes over. Raises ValueError or OSError where they do not fit.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.weights.h5"
        file.write_bytes(held.state)
        state.load_weights(file)
    if optimizer is not None:
        for variable, value in zip(optimizer.variables, held.optimizer, strict=True):
            variable.assign(value)
    if held.random:
        for variable, value in zip(random_states(state), held.random, strict=True):
            variable.assign(value)


def random_states(model: keras.Model) -> list[Any]:
    """The variables of a model's random generators: those of the augmentation and of dropout. A .weights.h5 file does
    not hold them; without them a resumed training would repeat the augmentation of its first epochs."""
    return [variable for variable in model.variables if variable.name == "seed_generator_state"]


def weights_file(model: keras.Model) -> bytes:
    """The content of the .weights.h5 file of a model. Raises RunError where the temporary folder has no room for it."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "state.weights.h5"
            _check_room(file.with_suffix(".room"), sum(each.nbytes for each in model.get_weights()))
            model.save_weights(file)
            return file.read_bytes()
    except OSError as err:
        raise RunError(f"{tempfile.gettempdir()}: cannot be written: {err.strerror or err}; set TMPDIR") from err


def _check_room(file: Path, size: int) -> None:
    """Raises OSError where a disk has no room for weights of so many bytes: HDF5, whose file cannot be finished there,
    ends the process by a segmentation fault. Does nothing where files cannot be allocated in advance."""
    if hasattr(os, "posix_fallocate"):
        with open(file, "wb") as reserved:
            os.posix_fallocate(reserved.fileno(), 0, size + size // 4 + 256 * 1024)
        file.unlink()


def _of_three_files(run: Run) -> Checkpoint | None:
    """The checkpoint of a training that an earlier version began, which wrote three files; None where there are none.
    They do not name their epoch, which is taken for the last one in history.csv."""
    weights, *others = (run.path / name for name in ("last.weights.h5", "optimizer.npz", "ema.npz"))
    try:
        optimizer, average = ([held[name] for name in held.files] for held in map(np.load, others))
        return Checkpoint(len(run.history()), (), False, weights.read_bytes(), [], optimizer, average)
    except FileNotFoundError:
        return None
    except UNREADABLE as err:
        raise RunError(f"{run.path}: not a checkpoint ({err}); choose another --run folder") from err


def _arrays(held: Any, name: str) -> Arrays:
    return [held[f"{name}_{index}"] for index in range(sum(each.startswith(f"{name}_") for each in held.files))]


def replace(file: Path, content: bytes) -> None:
    try:
        write_atomically({file: content})
    except OSError as err:
        raise RunError(f"{file}: cannot be written: {err.strerror}") from err
