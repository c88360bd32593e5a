"""A run folder: what a training leaves behind, and what the later steps read of it. Needs no Keras."""

import csv
import dataclasses
import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.system.atomic_files import write_atomically
from convert.expression import recipe as recipes
from convert.expression.recipe import Recipe

COLUMNS = ("epoch", "loss", "fer2013", "ferplus", "rate", "seconds")
DETECTOR_COLUMNS = ("epoch", "loss", "ap", "ap35", "rate", "seconds")
"""Of history.csv. `fer2013` and `ferplus`: accuracy of the two heads on PublicTest, as large as a model is given it;
`ap`, `ap35`: average precision of a detector on the held-out pictures, at an overlap of 0.5 and 0.35."""
ORIGIN = ("recipe", "revision", "epochs", "seed", "reopened")
"""What a run tells of the one that it began with."""
SOFTWARE = ("revision", "keras", "tensorflow", "jax", "torch", "numpy", "python", "machine")
"""Of environment.json, what may be another one when a run goes on."""
SCORES = ("fer2013", "ferplus", "ap")
ROUNDING = 1e-6
"""The history keeps so much of a score; an epoch that is no better than this is no better."""


class RunError(AssistantError):
    """A run folder that is missing, unfinished or another recipe's."""


@dataclass(frozen=True)
class Run:
    """A run folder by its path."""

    path: Path

    @property
    def recipe_file(self) -> Path:
        return self.path / "recipe.toml"

    @property
    def weights(self) -> Path:
        """The averaged weights of the best epoch so far."""
        return self.path / "best.weights.h5"

    def float_model(self, name: str, head: str) -> Path:
        """The float32 .tflite that one head's int8 model is verified against."""
        return self.path / f"{name.removesuffix('-int8')}-{head}-float32.tflite"

    def begin(
        self, recipe_file: Path, facts: dict[str, Any], columns: Sequence[str], start: "Run | None" = None
    ) -> None:
        """A new run folder, or the check that what is there was made by this recipe, in this way, from this data.

        facts: what environment.json is to say; columns: of history.csv; start: the run whose best weights this one
        begins with. Raises RunError.
        """
        if start is not None:
            before, _ = start.environment(), start.best()
            facts["begun_with"] = {name: before[name] for name in ORIGIN if name in before} | {
                "weights_sha256": hashlib.sha256(start.weights.read_bytes()).hexdigest()
            }
        if self.recipe_file.is_file():
            held = self.environment()
            if "reopened" in held:
                raise RunError(f"{self.path}: is a shipped model, reopened; begin another run with --from {self.path}")
            if self.recipe_file.read_bytes() != recipe_file.read_bytes() or held.get("epochs") != facts["epochs"]:
                raise RunError(f"{self.path}: holds a run of another recipe or length; choose another --run folder")
            for name, what in (
                ("data_sha256", "data"),
                ("backend", "backend"),
                ("precision", "precision"),
                ("seed", "seed"),
                ("begun_with", "first weights"),
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

    def recipe(self) -> Recipe:
        """The recipe of this run under the name of the file it came from, with the seed that was drawn by."""
        recipe, held = recipes.read(self.recipe_file), self.environment()
        name, seed = str(held.get("recipe", self.path.name)), int(held.get("seed", recipe.seed))
        return dataclasses.replace(recipe, name=name, seed=seed)

    def about(self) -> dict[str, Any]:
        """What is told of a run that teaches another one. Raises RunError where it has no weights yet."""
        best, facts = self.best(), self.environment()
        return {
            "recipe": self.recipe().name,
            "epoch": int(best["epoch"]),
            "public_test": {head: best[head] for head in ("fer2013", "ferplus")},
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


def score(row: dict[str, float]) -> float:
    """What the best epoch is chosen by: the sum of those of SCORES that a run has."""
    return sum(row[name] for name in SCORES if name in row)
