"""The space that is searched where the user names none: what matters in most trainings, around the recipe's values."""

from pathlib import Path
from typing import Any

from convert.search import space
from convert.search.job import SearchError
from convert.search.recipe_text import Recipe
from convert.search.space import Choices, Range, Space

RATES = {
    "schedule.learning_rate": (5.0, 0.1),
    "fine_tuning.learning_rate": (5.0, 0.0),
    "schedule.weight_decay": (10.0, 0.001),
}
"""Keys that are searched on a logarithmic scale, from the recipe's value divided by the first number to that times it.
The second number stands for a recipe's value of 0; where it is 0 too, the key is not searched."""
LIMITS = {
    "network.dropout": (0.0, 0.6),
    "targets.label_smoothing": (0.0, 0.2),
    "augment.rotation_deg": (0.0, 30.0),
    "augment.zoom": (0.0, 0.4),
    "augment.shift": (0.0, 0.25),
    "augment.brightness": (0.0, 1.0),
    "augment.erase_probability": (0.0, 0.6),
}
"""Keys that are searched between the same limits in every recipe: these are the ones that the shipped recipes differ
in."""
WIDTHS = (0.5, 0.75, 1.0, 1.5)
"""Factors of `network.widths`."""


def of(recipe: Recipe, text: str, named: Path) -> Space:
    """The space for a recipe. text, named: its text, and its file for errors. Keys that its network or its family does
    not know are left out; so are the widths where its training starts from weights, which they have to fit."""
    candidates: Space = {}
    for key, (factor, instead) in RATES.items():
        section, _, name = key.partition(".")
        if value := float(getattr(getattr(recipe, section, None), name, 0.0)) or instead:
            low, high = (float(f"{each:.{space.DIGITS}g}") for each in (value / factor, value * factor))
            candidates[key] = Range(low, high, log=True)
    candidates |= {key: Range(low, high) for key, (low, high) in LIMITS.items()}
    widths = recipe.network.get("widths")
    if isinstance(widths, list) and not (recipe.start.recipe or recipe.start.run):
        choices = {tuple(_even(width * factor) for width in widths) for factor in WIDTHS}
        candidates["network.widths"] = Choices(tuple(map(list, sorted(choices))))
    return {key: entry for key, entry in candidates.items() if _fits(entry, key, text, named)}


def _even(width: float) -> int:
    return max(2, 2 * round(width / 2))


def _fits(entry: Any, key: str, text: str, named: Path) -> bool:
    try:
        space.check(entry, key, text, named, "")
    except SearchError:
        return False
    return True
