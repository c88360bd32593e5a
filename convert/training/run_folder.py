"""A run folder: what a training leaves behind, and what the later steps read of it. Needs no Keras.

It holds `recipe.toml`, `environment.json` (software, data, lineage), `history.csv` and `curves.png` (a row and a point
for each epoch), `best.weights.h5` (the averaged weights of the best epoch) and, to resume from, `last.weights.h5`,
`optimizer.npz` and `ema.npz`.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.system.atomic_files import write_atomically

ORIGIN = ("recipe", "revision", "epochs", "seed", "warm_start")
"""Of environment.json, what a run tells of the one that it started from."""
SOFTWARE = ("revision", "keras", "tensorflow", "jax", "torch", "numpy", "python", "machine")
"""Of environment.json, what may be another one when a run goes on."""
SCORES = ("fer2013", "ferplus", "ap")
"""Columns of history.csv by whose sum the best epoch is chosen: accuracy of an expression model's two heads on
PublicTest, average precision of a face detector on the held-out pictures at an IoU of 0.5."""
ROUNDING = 1e-6
"""The history keeps six digits of a score; an epoch must be better by more than this to be the best one."""


class RunError(AssistantError):
    """A run folder that is missing, unfinished or another recipe's."""


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
    def last_weights(self) -> Path:
        """The weights at the end of the last finished epoch, not averaged, to resume from."""
        return self.path / "last.weights.h5"

    @property
    def optimizer_state(self) -> Path:
        """The optimizer's variables at that moment."""
        return self.path / "optimizer.npz"

    @property
    def ema_state(self) -> Path:
        """The averaged weights at that moment."""
        return self.path / "ema.npz"

    def float_model(self, name: str, head: str) -> Path:
        """The float32 .tflite that one head's int8 model is verified against."""
        return self.path / f"{name.removesuffix('-int8')}-{head}-float32.tflite"

    def begin(
        self, recipe_file: Path, facts: dict[str, Any], columns: Sequence[str], start: "Run | None" = None
    ) -> None:
        """A new run folder, or the check that what is there was made by this recipe, in this way, from this data.

        facts: what environment.json is to say. columns: of history.csv (`columns`). start: the run whose best weights
        this one starts from. Raises RunError.
        """
        if start is not None:
            before, _ = start.environment(), start.best()
            facts["start"] = {name: before[name] for name in ORIGIN if name in before} | {
                "weights_sha256": hashlib.sha256(start.weights.read_bytes()).hexdigest()
            }
        if self.recipe_file.is_file():
            held = self.environment()
            if "warm_start" in held:
                raise RunError(f"{self.path}: holds a shipped model's weights; start another run --from {self.path}")
            if self.recipe_file.read_bytes() != recipe_file.read_bytes() or held.get("epochs") != facts["epochs"]:
                raise RunError(f"{self.path}: holds a run of another recipe or length; choose another --run folder")
            for name, what in (
                ("data_sha256", "data"),
                ("backend", "backend"),
                ("precision", "precision"),
                ("seed", "seed"),
                ("start", "first weights"),
                ("teachers", "teachers"),
                ("teacher_sha256", "teacher"),
            ):
                if held.get(name) != facts.get(name):
                    raise RunError(f"{self.path}: was begun with other {what}; choose another --run folder")
            self._note_resume(held, facts)
            return
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "environment.json").write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
        with open(self.path / "history.csv", "w", newline="") as table:
            csv.writer(table).writerow(columns)
        shutil.copyfile(recipe_file, self.recipe_file)

    def _note_resume(self, held: dict[str, Any], facts: dict[str, Any]) -> None:
        """Say in environment.json which other state of the program, or of a library, goes on with the run."""
        resumes = held.get("resumed", [])
        last, now = held | (resumes[-1] if resumes else {}), {name: facts[name] for name in SOFTWARE if name in facts}
        if any(last.get(name) != value for name, value in now.items()):
            content = json.dumps(held | {"resumed": [*resumes, now]}, indent=1) + "\n"
            write_atomically({self.path / "environment.json": content.encode()})

    def add(self, row: Sequence[Any]) -> None:
        """Write the row of a finished epoch into history.csv."""
        with open(self.path / "history.csv", "a", newline="") as table:
            csv.writer(table).writerow(row)

    def environment(self) -> dict[str, Any]:
        """The contents of environment.json. Raises RunError where this is not a run folder."""
        try:
            return dict(json.loads((self.path / "environment.json").read_text("utf-8")))
        except (OSError, ValueError) as err:
            raise RunError(f"{self.path}: not a run folder (environment.json: {err})") from err

    def provenance(self) -> dict[str, Any]:
        """What a run or a file of soft labels tells of a run that taught it. Raises RunError where it has no weights
        yet."""
        best, facts = self.best(), self.environment()
        return {
            "recipe": str(facts.get("recipe", self.path.name)),
            "epoch": int(best["epoch"]),
            "public_test": {name: best[name] for name in SCORES if name in best},
            "revision": facts.get("revision"),
        }

    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv so far, oldest first."""
        try:
            with open(self.path / "history.csv", newline="") as table:
                return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(table)]
        except FileNotFoundError:
            return []

    def plot(self) -> None:
        """curves.png: the loss, and what the best epoch is chosen by, over the epochs."""
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
        figure.savefig(self.path / "curves.png", dpi=120)

    def best(self) -> dict[str, float]:
        """The row of the epoch whose weights were kept: the highest score, the earliest of equals."""
        rows = self.history()
        if not rows or not self.weights.is_file():
            raise RunError(f"{self.path}: no epoch of this run is finished; run `emotion-convert train` first")
        return max(rows, key=score)


def columns(scores: Sequence[str]) -> tuple[str, ...]:
    """The columns of history.csv of a family that is judged by these scores."""
    return ("epoch", "loss", *scores, "learning_rate", "seconds")


def score(row: dict[str, float]) -> float:
    """What the best epoch is chosen by: the sum of those of SCORES that a row of the history has."""
    return sum(row[name] for name in SCORES if name in row)
