"""The space of a search: which settings of a recipe are varied, and within which limits.

    [search]
    "schedule.learning_rate" = { low = 0.01, high = 0.5, log = true }
    "schedule.batch_size" = { low = 32, high = 128, step = 32 }
    "network.widths" = { choices = [[16, 32, 64], [32, 64, 128]] }

The limits and each choice are tried on the recipe's own checks before anything is trained.
"""

import dataclasses
import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config.schema import quoted
from convert.search import recipe_text
from convert.search.job import SearchError
from convert.training.recipe_file import RecipeError, read_table

DIGITS = 6
"""Significant digits of a number in a trial's recipe; more are noise to its reader."""

NOT_SEARCHED = {
    "name": "each trial has a name of its own",
    "note": "a note changes nothing in a training",
    "seed": "the best seed is chance; give --seeds",
}
"""Keys of a recipe that are no setting of the training, and why or what to do instead."""


@dataclass(frozen=True)
class Range:
    """A number within limits, both included."""

    low: float
    high: float
    log: bool = False
    """Whether it is drawn on a logarithmic scale."""
    step: float | None = None
    """Distance of the values; None: 1 for whole numbers, none for others."""
    is_whole: bool = False

    def suggest(self, trial: Any, key: str) -> float:
        """A value that an Optuna trial draws."""
        if self.is_whole:
            return int(trial.suggest_int(key, int(self.low), int(self.high), step=int(self.step or 1), log=self.log))
        return self.rounded(trial.suggest_float(key, self.low, self.high, step=self.step, log=self.log))

    def rounded(self, value: float) -> float:
        """A value as it stands in a recipe."""
        return int(value) if self.is_whole else float(f"{value:.{DIGITS}g}")

    @property
    def extremes(self) -> tuple[Any, ...]:
        """The values that must be right for all to be right."""
        return (self.low, self.high)

    def as_table(self) -> dict[str, Any]:
        """As it stands in a file."""
        table: dict[str, Any] = {"low": self.low, "high": self.high}
        return table | ({"log": True} if self.log else {}) | ({"step": self.step} if self.step else {})


@dataclass(frozen=True)
class Choices:
    """One of some values."""

    values: tuple[Any, ...]

    def suggest(self, trial: Any, key: str) -> Any:
        """A value that an Optuna trial draws. Lists are drawn by their text: Optuna keeps numbers and texts alone."""
        return json.loads(trial.suggest_categorical(key, [json.dumps(value) for value in self.values]))

    @property
    def extremes(self) -> tuple[Any, ...]:
        """The values that must be right for all to be right."""
        return self.values

    def as_table(self) -> dict[str, Any]:
        """As it stands in a file."""
        return {"choices": list(self.values)}


Space = dict[str, Range | Choices]
"""By dotted key of the recipe."""


def read(file: Path, recipe: str, named: Path) -> Space:
    """The space in a TOML file, checked against a recipe. recipe: its text. named: its file, for errors. Raises
    SearchError or RecipeError."""
    try:
        table = read_table(file)
    except RecipeError as err:
        raise SearchError(str(err).replace("this recipe", "this space")) from err
    if unknown := sorted(set(table) - {"search"}):
        raise SearchError(f"{file}: unknown key {quoted(unknown[0])}; known: [search]")
    if not isinstance(table.get("search"), dict) or not table["search"]:
        raise SearchError(
            f'{file}: names nothing to search; write [search] with lines such as "schedule.learning_rate" = '
            "{ low = 0.01, high = 0.5, log = true }"
        )
    space: Space = {}
    for key, entry in _flat(table["search"]).items():
        if instead := NOT_SEARCHED.get(key):
            raise SearchError(f"{file}: search.{quoted(key)}: cannot be searched; {instead}")
        space[key] = _typed(_entry(f"{file}: search.{quoted(key)}", entry), key, recipe, named)
        check(space[key], key, recipe, named, str(file))
    return space


def check(entry: Range | Choices, key: str, recipe: str, named: Path, file: str) -> None:
    """Raises SearchError where the recipe's own checks refuse a value of the space. file: of the space, for errors."""
    for value in entry.extremes:
        try:
            recipe_text.check(recipe_text.replaced(recipe, {key: value}), named)
        except RecipeError as err:
            raise SearchError(f"{file}: search.{quoted(key)}: {quoted(value)} is refused: {err}") from err
        except (TypeError, AttributeError, KeyError) as err:  # a section that is no table, or a key within a value
            raise SearchError(f"{file}: search.{quoted(key)}: no setting of a recipe") from err


def as_toml(space: Space) -> str:
    """The space as a file."""
    import tomlkit

    section = tomlkit.table()
    for key, entry in space.items():
        table = tomlkit.inline_table()
        table.update(entry.as_table())
        section.add(key, table)
    document = tomlkit.document()
    document.add("search", section)
    return tomlkit.dumps(document)


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Entries by dotted key, whether the file has quoted keys or tables within tables."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        is_section = isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values())
        flat |= _flat(value, f"{prefix}{key}.") if is_section else {f"{prefix}{key}": value}
    return flat


def _entry(where: str, entry: Any) -> Range | Choices:
    """One entry of [search]. Raises SearchError."""
    known = ("low", "high", "log", "step", "choices")
    if not isinstance(entry, dict):
        raise SearchError(f"{where} is {quoted(entry)}; expected {{ low = …, high = … }} or {{ choices = […] }}")
    for key in entry:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise SearchError(f"{where}: unknown key {quoted(key)}; known: {', '.join(known)}{hint}")
    if "choices" in entry:
        values = entry["choices"]
        if (
            len(entry) > 1
            or not isinstance(values, list)
            or len({json.dumps(each, default=str) for each in values}) < 2
        ):
            raise SearchError(f"{where}: choices must be a list of two different values or more, with no other key")
        return Choices(tuple(values))
    return _range(where, entry)


def _range(where: str, entry: dict[str, Any]) -> Range:
    for key in ("low", "high", "step"):
        value: Any = entry.get(key)
        if (key in entry or key != "step") and (type(value) not in (int, float) or not math.isfinite(value)):
            raise SearchError(f"{where}: {key} is {quoted(value)}; expected a number")
    low, high, log, step = entry["low"], entry["high"], entry.get("log", False), entry.get("step")
    if type(log) is not bool:
        raise SearchError(f"{where}: log is {quoted(log)}; expected true or false")
    if low >= high:
        raise SearchError(f"{where}: low is {low:g} and high {high:g}; low must be less")
    if log and low <= 0:
        raise SearchError(f"{where}: low is {low:g}; on a logarithmic scale it must be more than 0")
    if step is not None and (log or not 0 < step <= high - low):
        raise SearchError(f"{where}: step must be more than 0, {high - low:g} at the most, and goes without log")
    return Range(low, high, log, step, all(type(each) is int for each in (low, high, step or 1)))


def _typed(entry: Range | Choices, key: str, recipe: str, named: Path) -> Range | Choices:
    """A range with whole limits is one of all numbers where the recipe takes others too, as 0 to 1 of a share."""
    if not isinstance(entry, Range) or not entry.is_whole or entry.step:
        return entry
    try:
        recipe_text.check(recipe_text.replaced(recipe, {key: entry.low + 0.5}), named)
    except (RecipeError, TypeError, AttributeError, KeyError):
        return entry
    return dataclasses.replace(entry, is_whole=False, low=float(entry.low), high=float(entry.high))
