"""Recipes made of another one: some of its values replaced, its comments kept."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from convert.expression import recipe as expression
from convert.face_detector import recipe as face_detector
from convert.training.recipe_file import RecipeError, network_kind

Recipe = expression.Recipe | face_detector.DetectorRecipe


def read(file: Path) -> Recipe:
    """The recipe in a file, whichever its model family. Raises RecipeError."""
    if network_kind(file) == face_detector.KIND:
        return face_detector.read(file)
    return expression.read(file)


def check(text: str, named: Path) -> Recipe:
    """The recipe that a text is. named: the file that errors name. Raises RecipeError."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / named.name
        file.write_text(text, "utf-8")
        try:
            return read(file)
        except RecipeError as err:
            raise RecipeError(str(err).replace(str(file), str(named))) from err


def replaced(text: str, values: Mapping[str, Any]) -> str:
    """The text of a recipe with other values. values: by dotted key, such as "schedule.learning_rate"; a key without a
    dot stands before the first section."""
    import tomlkit

    document = tomlkit.parse(text)
    for key, value in values.items():
        section, _, name = key.rpartition(".")
        if section and section not in document:
            document[section] = tomlkit.table()
        table: Any = document[section] if section else document
        table[name] = value
    return tomlkit.dumps(document)


def weights_file(recipe: Recipe) -> Path | None:
    """The file that network.weights names, relative to the recipe file; None where it names none."""
    named = str(recipe.network.get("weights", "none"))
    return None if named in ("none", "imagenet") else Path(named)


def movable(file: Path, name: str) -> str:
    """The text of a recipe file that means the same in any folder: the paths in it are absolute, and it has a name."""
    recipe = read(file)
    values: dict[str, Any] = {"name": name}
    here = file.parent.absolute()
    if recipe.start.run:
        values["start.run"] = os.path.normpath(here / recipe.start.run)
    if isinstance(recipe, expression.Recipe):
        if (weights := weights_file(recipe)) is not None:
            values["network.weights"] = os.path.normpath(here / weights)
        if recipe.teachers.runs:
            values["teachers.runs"] = [os.path.normpath(here / each) for each in recipe.teachers.runs]
        if recipe.teachers.soft_labels:
            values["teachers.soft_labels"] = os.path.normpath(here / recipe.teachers.soft_labels)
    return replaced(file.read_text("utf-8"), values)
