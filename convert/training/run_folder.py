"""A run folder: the files that a training writes and later commands read. Needs no Keras.

It holds `recipe.toml`, `environment.json` (software, data, lineage), `history.csv` and `curves.png` (a row and a point
for each epoch), `best.weights.h5` (the averaged weights of the best epoch), `checkpoint.npz` to resume from, and, where
it was drawn from the run's own data, `calibration_set.txt`.
"""

import fcntl
import hashlib
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from assistant.errors import AssistantError
from assistant.system.atomic_files import write_atomically
from convert import figures
from convert.data import regular_file

START_RUN_KEYS = ("recipe", "revision", "epochs", "seed", "warm_start")
"""Keys of a start run's environment.json that are copied into the environment.json of the new run."""
SOFTWARE_KEYS = ("revision", "keras", "tensorflow", "jax", "torch", "numpy", "python", "machine")
"""Keys of environment.json whose values may differ when a run is resumed."""
SCORES = ("fer2013", "ferplus", "ap")
"""Columns of history.csv by whose sum the best epoch is chosen: accuracy of an expression model's two heads on
PublicTest, average precision of a face detector on the held-out pictures at an IoU of 0.5."""
SCORE_ROUNDING = 1e-6
"""history.csv has scores with six digits; an epoch is the best so far if its score is higher by more than this."""


COSTS = ("cpu_seconds", "step_cpu_ms")
"""Last columns of history.csv: process CPU time of an epoch with its evaluation, seconds, and of a step, milliseconds
(`convert.training.cost`). Runs of earlier versions lack them."""


class RunError(AssistantError):
    """A run folder that is missing, unfinished or of another recipe."""


@dataclass(frozen=True)
class Run:
    """A run folder by its path."""

    path: Path

    @property
    def recipe_file(self) -> Path:
        """A copy of the recipe."""
        return self.path / "recipe.toml"

    @property
    def weights(self) -> Path:
        """The averaged weights of the best epoch so far."""
        return self.path / "best.weights.h5"

    @property
    def checkpoint(self) -> Path:
        """The state after the last finished epoch (`convert.training.checkpoint`)."""
        return self.path / "checkpoint.npz"

    @property
    def calibration_list(self) -> Path:
        """The calibration pictures that were drawn from the run's own data, where the shipped list does not fit them
        (`convert.expression.calibration_set`)."""
        return self.path / "calibration_set.txt"

    def float_model(self, name: str, head: str) -> Path:
        """The float32 .tflite that one head's int8 model is verified against."""
        return self.path / f"{name.removesuffix('-int8')}-{head}-float32.tflite"

    def begin(
        self, recipe_file: Path, facts: dict[str, Any], columns: Sequence[str], start: "Run | None" = None
    ) -> None:
        """Create the run folder, or check that the existing one has the same recipe, settings and data.

        facts: contents of environment.json. columns: header of history.csv (`columns`). start: the run whose best
        weights this one starts from. Raises RunError where the folder holds another run.
        """
        if start is not None:
            before, _ = start.environment(), start.best()
            facts["start"] = {name: before[name] for name in START_RUN_KEYS if name in before} | {
                "weights_sha256": hashlib.sha256(regular_file.read_bytes(start.weights)).hexdigest()
            }
        if self.recipe_file.is_file():
            held = self.environment()
            if "warm_start" in held:
                raise RunError(f"{self.path}: holds a shipped model's weights; start another run --from {self.path}")
            if (
                self.recipe_file.read_bytes() != regular_file.read_bytes(recipe_file)
                or held.get("epochs") != facts["epochs"]
            ):
                raise RunError(f"{self.path}: holds a run of another recipe or length; choose another --run folder")
            for name, what in (
                ("data_sha256", "data"),
                ("backend", "backend"),
                ("precision", "precision"),
                ("seed", "seed"),
                ("budget_cpu_s", "budget"),
                ("steps_per_epoch", "epochs"),
                ("start", "first weights"),
                ("teachers", "teachers"),
                ("teacher_sha256", "teacher"),
            ):
                if held.get(name) != facts.get(name):
                    raise RunError(f"{self.path}: was begun with other {what}; choose another --run folder")
            if self._lines()[0][:1] != [",".join(columns)]:  # else each finished epoch would be lost
                raise RunError(f"{self.path / 'history.csv'}: line 1 is not {','.join(columns)}")
            self._note_resume(held, facts)
            return
        self.path.mkdir(parents=True, exist_ok=True)
        write_atomically(
            {
                self.path / "environment.json": (json.dumps(facts, indent=1) + "\n").encode(),
                self.path / "history.csv": f"{','.join(columns)}\r\n".encode(),
                self.recipe_file: recipe_file.read_bytes(),  # last: a folder without it counts as new
            }
        )

    def _note_resume(self, held: dict[str, Any], facts: dict[str, Any]) -> None:
        """Append the software versions to "resumed" in environment.json where they have changed."""
        resumes = held.get("resumed", [])
        last, now = (
            held | (resumes[-1] if resumes else {}),
            {name: facts[name] for name in SOFTWARE_KEYS if name in facts},
        )
        if any(last.get(name) != value for name, value in now.items()):
            content = json.dumps(held | {"resumed": [*resumes, now]}, indent=1) + "\n"
            write_atomically({self.path / "environment.json": content.encode()})

    def add(self, row: Sequence[Any]) -> None:
        """Write the row of a finished epoch into history.csv, whole or not at all. Raises RunError where its first line
        is lost: the row would be taken for it."""
        lines, _ = self._lines()
        if not lines:
            raise RunError(f"{self.path / 'history.csv'}: line 1, the names of the columns, is missing")
        added = ",".join(map(str, row))
        write_atomically({self.path / "history.csv": "".join(f"{line}\r\n" for line in (*lines, added)).encode()})

    def lock(self) -> TextIO:
        """Keep other trainings out of this folder, for as long as the returned file is open. Raises RunError with the
        process that uses it, or why the folder cannot be locked."""
        name = self.path / "train.lock"
        try:
            file = open(name, "a+", encoding="utf-8", errors="replace")  # noqa: SIM115
        except OSError as err:
            raise RunError(f"{name}: cannot be written: {err.strerror}; choose another --run folder") from err
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as err:
            if not isinstance(err, BlockingIOError):  # file systems of a network may know no locks
                file.close()
                raise RunError(f"{name}: cannot be locked: {err.strerror}; choose a --run folder on a disk") from err
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise RunError(f"{self.path}: another training (process {holder}) uses this folder") from err
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file

    def is_running(self) -> bool:
        """Whether a training uses this folder at the moment."""
        try:
            with open(self.path / "train.lock", "rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # never trained in, or no locks here
            pass
        return False

    def environment(self) -> dict[str, Any]:
        """The contents of environment.json. Raises RunError where this is not a run folder."""
        try:
            return regular_file.read_object(self.path / "environment.json")
        except (OSError, ValueError) as err:
            raise RunError(f"{self.path}: not a run folder: environment.json: {_why(err)}") from err

    def provenance(self) -> dict[str, Any]:
        """This run as a teacher in the environment.json of a student or in a file of soft labels, ready for JSON.

        Raises RunError where no epoch is finished yet.
        """
        best, facts = self.best(), self.environment()
        return {
            "recipe": str(facts.get("recipe", self.path.name)),
            "epoch": int(best["epoch"]),
            "public_test": {name: best[name] for name in SCORES if name in best},
            "revision": facts.get("revision"),
        }

    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv so far, oldest first. A last row that a crash cut off is left out: its epoch is
        trained again. Raises RunError, with the line, for any other row that cannot be read."""
        return self._lines()[1]

    def _lines(self) -> tuple[list[str], list[dict[str, float]]]:
        """The lines of history.csv that are whole, the first one included, and the rows in them."""
        file = self.path / "history.csv"
        try:
            text = file.read_bytes().decode("utf-8-sig", "replace")  # spreadsheets write a byte-order mark
        except FileNotFoundError:
            return [], []
        except OSError as err:
            raise RunError(f"{file}: cannot be read: {err.strerror}") from err
        lines = text.splitlines()
        if lines and not text.endswith(("\n", "\r")):
            lines.pop()
        if not lines:
            return [], []
        names, rows = lines[0].split(","), []
        for number, line in enumerate(lines[1:], 2):
            try:
                row = dict(zip(names, map(float, line.split(",")), strict=True))
                if not math.isfinite(row.get("epoch", 0)):
                    raise ValueError("no number of an epoch")
                rows.append(row)
            except ValueError as err:
                if number == len(lines):
                    return lines[:-1], rows
                raise RunError(f"{file}: line {number}: not a row of {', '.join(names)}") from err
        return lines, rows

    def plot(self) -> None:
        """Draw curves.png: the loss and the scores of each epoch."""
        from matplotlib.figure import Figure

        rows = self.history()
        epochs = [row["epoch"] for row in rows]
        figure = Figure(figsize=(8, 4), layout="constrained")
        loss, score = figure.subplots(1, 2)
        loss.plot(epochs, [row["loss"] for row in rows])
        loss.set(xlabel="epoch", ylabel="training loss")
        for name in (name for name in SCORES if name in rows[0]):
            score.plot(epochs, [100 * row[name] for row in rows], label=name)
        score.set(xlabel="epoch", ylabel="on pictures that were not trained on, %")
        score.legend()
        write_atomically({self.path / "curves.png": figures.encoded(figure)})

    def best(self) -> dict[str, float]:
        """The history row of the best epoch: the highest score, the earliest of equal ones.

        Raises RunError where no epoch is finished, or none has a score that is a number.
        """
        rows = self.history()
        if rows and max(map(score, rows)) == -math.inf:
            raise RunError(f"{self.path}: no epoch of this run has a score; lower the recipe's schedule.learning_rate")
        if not rows or not self.weights.is_file():
            raise RunError(f"{self.path}: no epoch of this run is finished; run `emotion-convert train` first")
        return max(rows, key=score)


def _why(err: Exception) -> str:
    return (isinstance(err, OSError) and err.strerror) or str(err)


def columns(scores: Sequence[str]) -> tuple[str, ...]:
    """The header of history.csv of a model family that is evaluated by these scores."""
    return ("epoch", "loss", *scores, "learning_rate", "seconds", *COSTS)


def score(row: dict[str, float]) -> float:
    """The score by which the best epoch is chosen: the sum of those of SCORES that a history row has; minus infinity
    where that is NaN or infinite."""
    total = sum(row[name] for name in SCORES if name in row)
    return total if math.isfinite(total) else -math.inf
