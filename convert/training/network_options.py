"""What [network] of a recipe may hold: the options of each kind of network, with their limits.

Needs no Keras: a wrong value is reported, with its key, before the data are read and TensorFlow is imported.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.config.schema import quoted
from convert.training.recipe_file import TYPE_NAMES, RecipeError

MAX_CHANNELS, MAX_BLOCKS, MAX_STAGES = 2048, 32, 5
"""Most channels and blocks of one stage, and most stages: each but the first halves the feature map, and after five the
smallest one, of 16 pixels, is a single pixel."""


@dataclass(frozen=True)
class Option:
    """One key of [network]."""

    is_right: Callable[[Any], bool]
    """Whether a value is allowed."""
    wanted: str
    """The allowed values in words, for the error message."""


def _is_count(value: Any, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def count(low: int, high: int) -> Option:
    """A whole number."""
    return Option(lambda value: _is_count(value, low, high), f"a whole number from {low} to {high}")


def counts(low: int, high: int, fewest: int = 1, most: int = MAX_STAGES) -> Option:
    """A list of whole numbers."""
    how_many = f"{fewest} to {most}" if fewest < most else f"{most}"
    return Option(
        lambda value: (
            type(value) is list and fewest <= len(value) <= most and all(_is_count(each, low, high) for each in value)
        ),
        f"a list of {how_many} whole numbers from {low} to {high}",
    )


def _is_stage(row: Any) -> bool:
    limits = (16, MAX_CHANNELS, MAX_BLOCKS, 2)
    return type(row) is list and len(row) == len(limits) and all(map(_is_count, row, (1,) * len(limits), limits))


SWITCH = Option(lambda value: type(value) is bool, TYPE_NAMES[bool])
FRACTION = Option(lambda value: type(value) in (int, float) and 0 < value <= 2, "a number above 0, to 2")
WEIGHTS = Option(
    lambda value: type(value) is str and value.isprintable() and value != "",
    '"none", "imagenet", or a file of weights, relative to the recipe',
)
RATE = Option(lambda value: type(value) in (int, float) and 0 <= value < 1, "a number from 0, below 1")
STAGES = Option(
    lambda value: type(value) is list and 1 <= len(value) <= 3 * MAX_STAGES and all(map(_is_stage, value)),
    f"rows of [expansion, width, blocks, stride]: whole numbers from 1 to 16, {MAX_CHANNELS}, {MAX_BLOCKS} and 2",
)


def check(path: Path, network: Mapping[str, Any], options: Mapping[str, Option], stages: Mapping[str, int]) -> None:
    """Raises RecipeError where [network] has an unknown or a wrong value, or lists of different lengths.

    stages: the lists that have a number for each stage, with the lengths of their defaults.
    """
    for key, value in network.items():
        if key == "kind":
            continue
        if key not in options:
            raise RecipeError(f"{path}: network: unknown key {quoted(key)}; known: kind, {', '.join(options)}")
        if not options[key].is_right(value):
            raise RecipeError(f"{path}: network.{key} is {quoted(value)}; expected {options[key].wanted}")
    lengths = {key: len(network[key]) if key in network else length for key, length in stages.items()}
    if len(set(lengths.values())) > 1:
        what = " and ".join(f"network.{key} ({length})" for key, length in lengths.items())
        raise RecipeError(f"{path}: {what} must have the same length: a number for each stage")
    if network.get("equivariant") and network.get("kind") != "plain":
        raise RecipeError(f"{path}: network.equivariant goes with kind plain alone: a stride has a left and a right")
    if network.get("equivariant") and any(width % 2 for width in network.get("widths", ())):
        raise RecipeError(f"{path}: network.equivariant needs even network.widths: channels are pairs of mirror images")
