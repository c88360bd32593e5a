"""A run folder: what a training leaves behind, and what the later steps read of it. Needs no Keras."""

import csv
import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.records import AssistantError
from convert import recipes
from convert.recipes import Recipe

COLUMNS = ("epoch", "loss", "challenge", "crowd", "rate", "seconds")
"""Of history.csv; `challenge` and `crowd` are the accuracies of the two heads on PublicTest."""


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

    def environment(self) -> dict[str, Any]:
        """The contents of environment.json. Raises RunError where this is not a run folder."""
        try:
            return dict(json.loads((self.path / "environment.json").read_text("utf-8")))
        except (OSError, ValueError) as err:
            raise RunError(f"{self.path}: not a run folder (environment.json: {err})") from err

    def recipe(self) -> Recipe:
        """The recipe of this run under the name of the file it came from."""
        name = self.environment().get("recipe", self.path.name)
        return dataclasses.replace(recipes.read(self.recipe_file), name=str(name))

    def history(self) -> list[dict[str, float]]:
        """The rows of history.csv so far, oldest first."""
        try:
            with open(self.path / "history.csv", newline="") as table:
                return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(table)]
        except FileNotFoundError:
            return []

    def best(self) -> dict[str, float]:
        """The row of the epoch whose weights were kept: the highest score, the earliest of equals."""
        rows = self.history()
        if not rows or not self.weights.is_file():
            raise RunError(f"{self.path}: no epoch of this run is finished; run `emotion-convert train` first")
        return max(rows, key=score)


def score(row: dict[str, float]) -> float:
    """What the best epoch is chosen by: the sum of both heads' accuracy on PublicTest."""
    return row["challenge"] + row["crowd"]
