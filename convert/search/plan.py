"""What a search is made of, kept in its folder, so that it can only go on as it was begun.

The folder holds `recipe.toml` and `space.toml`, `search.json` with the other settings, `journal.log`, and a folder for
each trial: its recipe, and a run folder with its log for each seed.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.system.atomic_files import write_atomically
from convert.data import regular_file
from convert.search import recipe_text, space
from convert.search.job import Job, SearchError
from convert.search.space import Space
from convert.training.recipe_file import MAX_NAME


@dataclass(frozen=True)
class Plan:
    """The settings of a search."""

    folder: Path
    recipe: str
    """The text of the recipe, which means the same in any folder (`recipe_text.movable`)."""
    space: Space
    seeds: tuple[int, ...]
    """Each trial is trained with each of these; its score is the mean."""
    epochs: int | None = None
    """Instead of the recipe's, for shorter trials."""
    options: tuple[str, ...] = ()
    """Further arguments of `train`, the same for each trial; they may differ when the search goes on."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What else must be the same when the search goes on, by its name in messages, ready for JSON."""

    def begin(self) -> None:
        """Write the settings, or check that those in the folder are the same. Raises SearchError or OSError."""
        files = {
            "recipe.toml": self.recipe,
            "space.toml": space.as_toml(self.space),
            "search.json": json.dumps({"seeds": self.seeds, "epochs": self.epochs, **self.facts}, indent=1) + "\n",
        }
        if (self.folder / "search.json").is_file():  # the last that is written
            for name, text in files.items():
                if _text(self.folder / name) != text:
                    raise SearchError(
                        f"{self.folder}: was begun with {self._difference(name)}; choose another --folder"
                    )
            return
        write_atomically({self.folder / name: text.encode() for name, text in files.items()})

    def _difference(self, name: str) -> str:
        if name != "search.json":
            return f"another {name.removesuffix('.toml')}"
        held, now = settings(self.folder), {"seeds": list(self.seeds), "epochs": self.epochs, **self.facts}
        return f"other {' and '.join(key for key in now if held.get(key) != now[key]) or 'settings'}"

    def trial_folder(self, number: int) -> Path:
        """The folder of a trial."""
        return self.folder / "trials" / f"{number:04}"

    def trial_recipe(self, values: Mapping[str, Any], suffix: str) -> str:
        """The text of the recipe with a trial's values; its name has the suffix. Raises RecipeError where it is none
        that can be trained."""
        name = recipe_text.check(self.recipe, self.folder / "recipe.toml").name
        text = recipe_text.replaced(self.recipe, {"name": f"{name[: MAX_NAME - len(suffix)]}{suffix}", **values})
        recipe_text.check(text, self.folder / "recipe.toml")
        return text

    def jobs(self, number: int) -> list[Job]:
        """The trainings of a trial."""
        folder = self.trial_folder(number)
        epochs = ("--epochs", str(self.epochs)) if self.epochs else ()
        return [
            Job(
                f"trial {number}, seed {seed}", folder / "trial.toml", folder / f"seed-{seed}",
                ("--seed", str(seed), *epochs, *self.options),
            )
            for seed in self.seeds
        ]  # fmt: skip


def settings(folder: Path) -> dict[str, Any]:
    """The contents of search.json. Raises SearchError."""
    try:
        return regular_file.read_object(folder / "search.json")
    except (OSError, ValueError) as err:
        reason = (isinstance(err, OSError) and err.strerror) or str(err)
        raise SearchError(f"{folder}: no folder of a search: search.json: {reason}") from err


def held(folder: Path) -> Plan:
    """The plan of the search in a folder, for its report. Raises SearchError."""
    about = settings(folder)
    file = folder / "recipe.toml"
    text = _text(file)
    return Plan(folder, text, space.read(folder / "space.toml", text, file), tuple(about["seeds"]), about["epochs"])


def _text(file: Path) -> str:
    try:
        return regular_file.read_text(file)
    except (OSError, ValueError) as err:
        reason = (isinstance(err, OSError) and err.strerror) or str(err)
        raise SearchError(f"{file}: cannot be read: {reason}") from err
