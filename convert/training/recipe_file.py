"""Recipe files: TOML files with all settings of a training, validated before it starts. For all model families.

A family's recipe is a frozen dataclass of sections, each a frozen dataclass with a default for every key; `fill` makes
a section from a table of the file. The sections that families share are here. Needs no Keras.
"""

import dataclasses
import difflib
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar

from assistant.config.schema import quoted
from assistant.errors import AssistantError
from assistant.vision.inference.model_file import MODEL_FOLDERS
from convert.data import regular_file

RECIPES = next((folder for folder in MODEL_FOLDERS if folder.is_dir()), MODEL_FOLDERS[0]) / "recipes"
"""The folder of the shipped recipes."""
PRECISIONS = ("float32", "mixed_bfloat16")
"""Keras dtype policies that a network can be trained with."""
MAX_SEED, MAX_EPOCHS = 2**32 - 1, 100_000
"""Largest seed that every backend takes, and largest number of epochs."""
MAX_NAME = 100
"""Characters of a recipe's name: the names of its models are longer, and a file name has 255 bytes at most."""


class RecipeError(AssistantError):
    """A recipe that is missing or invalid."""


def find_recipe(name: str) -> Path:
    """The file of the shipped recipe of that name ("emotion-small"), or the path that `name` is: one with a folder or
    the suffix .toml. Raises RecipeError where no shipped recipe has that name."""
    if name.endswith(".toml") or os.sep in name:
        return Path(name)
    if (file := RECIPES / f"{name}.toml").is_file():
        return file
    known = sorted(each.stem for each in RECIPES.glob("*.toml"))
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
    raise RecipeError(f"no shipped recipe is called {name!r}; {hint} (a file of your own ends in .toml)")


@dataclass(frozen=True)
class Schedule:
    """[schedule]: epochs, learning rate, picture sizes; families add keys and set other defaults.

    The learning rate rises linearly during the warm-up and falls to 0 on a cosine.
    """

    columns: ClassVar[int] = 2
    """Numbers in a row of `sizes`: the share of the epochs and the sides of the pictures."""

    epochs: int = 60
    """Passes over the training pictures, or over as many generated ones."""
    batch_size: int = 128
    """Pictures per training step."""
    learning_rate: float = 0.1
    """The highest learning rate, at the end of the warm-up."""
    weight_decay: float = 0.0005
    """Decoupled weight decay per step at learning rate 1."""
    warmup_share: float = 0.03
    """Share of all steps during which the learning rate rises."""
    ema_decay: float = 0.998
    """Decay of the exponential moving average of the weights, per step."""
    sizes: tuple[tuple[Any, ...], ...] = ((0.0, 48),)
    """Rows of (share of the epochs, side in pixels, ...): the picture size from that point on."""
    precision: str = "mixed_bfloat16"
    """One of PRECISIONS."""

    @classmethod
    def rows(cls, path: Path, value: Any) -> tuple[tuple[Any, ...], ...]:
        """`sizes` as read from a file, validated. Raises RecipeError."""
        return size_rows(path, value, cls.columns)


@dataclass(frozen=True)
class AugmentConfig:
    """[augment]: limits of the augmentation of face crops; each value is drawn uniformly within its limit."""

    rotation_deg: float = 15.0
    """Rotation, degrees either way."""
    zoom: float = 0.2
    """Zoom, a share of the size either way."""
    shift: float = 0.1
    """Shift, a share of the side either way."""
    contrast: float = 0.4
    """Contrast factor in [1 - contrast, 1 + contrast], about mid-grey."""
    brightness: float = 0.5
    """Brightness, either way, in units of the normalized input (1 = 64 grey levels)."""
    blur_probability: float = 0.1
    """Share of pictures that are blurred by a 3x3 binomial filter."""
    erase_probability: float = 0.4
    """Share of pictures in which one rectangle (4 to 25 % of the area) is filled with one random grey."""
    horizontal_flip: bool = True
    """Whether half of the pictures are mirrored."""


AT_MOST = {
    "schedule.epochs": MAX_EPOCHS,
    "schedule.batch_size": 65_536,
    "augment.rotation_deg": 180,
    "augment.shift": 1,
    "augment.contrast": 1,
    "augment.brightness": 4,  # from black to white
    "augment.blur_probability": 1,
    "augment.erase_probability": 1,
    "balance.class_weights": 1,
    "balance.focal_gamma": 10,
    "balance.oversampling": 1,
    **{f"mixture.{name}": 1 for name in ("mosaic", "cutout", "heads", "empty", "occluded", "glasses", "beards")},
    "mixture.printed_faces": 1,
    "mixture.truncation": 1,
    "mixture.tilt_deg": 180,
    "mixture.noise": 255,
}
"""Largest allowed value of a key; that of any other is MAX_NUMBER."""
MAX_NUMBER, MAX_SIDE = 1_000_000, 4096
"""Largest number in a recipe, and largest side of a picture, pixels."""
BELOW_1 = ("targets.label_smoothing", "targets.ferplus_uniform", "augment.zoom", "schedule.momentum")
"""Keys that must stay below 1."""
FROM_1 = (
    "input.side",
    "input.channels",
    "schedule.epochs",
    "schedule.batch_size",
    "mixture.gamma",
    "distillation.temperature",
)
"""Keys that must be 1 or more; any other may be 0."""
TYPE_NAMES = {
    float: "a number", int: "a whole number", bool: "true or false", str: "a text", tuple: "a list of texts"
}  # fmt: skip
"""Names of the types of values in error messages."""


def read_table(path: Path) -> dict[str, Any]:
    """The contents of a TOML file. Raises RecipeError."""
    try:
        return tomllib.loads(regular_file.read_text(path))
    except OSError as err:
        raise RecipeError(f"{path}: cannot read this recipe: {err.strerror}") from err
    except (ValueError, RecursionError) as err:  # ValueError: also a number of thousands of digits
        raise RecipeError(f"{path}: cannot read this recipe: {err}") from err


def network_kind(path: Path) -> str:
    """`network.kind` of a recipe, not validated, which identifies its model family; "" where it cannot be read."""
    try:
        network = read_table(path).get("network")
    except RecipeError:
        return ""
    return str(network.get("kind", "")) if isinstance(network, dict) else ""


def fill_all(path: Path, table: dict[str, Any], forms: Mapping[str, type]) -> dict[str, Any]:
    """The sections of a recipe by name, removed from `table`. forms: dataclass of each section. Raises RecipeError."""
    return {name: fill(path, name, form, table.pop(name, {})) for name, form in forms.items()}


def fill(path: Path, name: str, form: type, table: Any) -> Any:
    """The dataclass `form` with the values of one table. Raises RecipeError for unknown keys and for wrong types."""
    if not isinstance(table, dict):
        raise RecipeError(f"{path}: {name} is {quoted(table)}; expected a table [{name}]")
    refuse_unknown(path, table, form, name)
    section = form()
    for key, value in table.items():
        wanted = type(getattr(section, key))
        if key == "sizes":
            value = section.rows(path, value)
        elif wanted is tuple:
            if type(value) is not list or not all(map(is_text, value)):
                raise RecipeError(f"{path}: {name}.{key} is {quoted(value)}; expected {TYPE_NAMES[tuple]}")
        elif not (is_text(value) if wanted is str else type(value) in ((int, float) if wanted is float else (wanted,))):
            raise RecipeError(f"{path}: {name}.{key} is {quoted(value)}; expected {TYPE_NAMES[wanted]}")
        elif wanted in (float, int):
            _check_range(path, f"{name}.{key}", value)
        section = dataclasses.replace(section, **{key: wanted(value)})
    return section


def is_text(value: Any) -> bool:
    """Whether a value is a text in one line: a name or a path, in which a NUL would raise ValueError."""
    return type(value) is str and value.isprintable()


def check_top_level(path: Path, name: Any, seed: Any, note: Any) -> None:
    """Raises RecipeError where one of the keys before the first section is wrong. name: the recipe's, and that of its
    run folder."""
    if not is_text(name) or name in ("", ".", "..") or "/" in name or len(name) > MAX_NAME:
        raise RecipeError(f"{path}: name is {quoted(name)}; expected a text that can be the name of a folder")
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise RecipeError(f"{path}: seed is {quoted(seed)}; expected a whole number from 0 to {MAX_SEED}")
    if type(note) is not str:
        raise RecipeError(f"{path}: note is {quoted(note)}; expected {TYPE_NAMES[str]}")


def _check_range(path: Path, key: str, value: float) -> None:
    least = 1 if key in FROM_1 else 0
    if not least <= value < math.inf:
        raise RecipeError(f"{path}: {key} is {quoted(value)}; expected {least} or more")
    if key in BELOW_1 and value >= 1:
        raise RecipeError(f"{path}: {key} is {value!r}; expected less than 1")
    if value > (most := AT_MOST.get(key, MAX_NUMBER)):
        raise RecipeError(f"{path}: {key} is {quoted(value)}; expected {most} at the most")


def size_rows(path: Path, value: Any, columns: int) -> tuple[tuple[Any, ...], ...]:
    """Rows of (share of the epochs, pixels, ...) of a schedule. columns: numbers in a row. Raises RecipeError, also
    where the shares do not start at 0 and rise."""
    if not isinstance(value, list) or not all(map(_is_size_row, value)):
        raise RecipeError(f"{path}: schedule.sizes is {quoted(value)}; expected rows of [share of the epochs, side]")
    rows = tuple((float(row[0]), *row[1:]) for row in value)
    shares = [row[0] for row in rows]
    if not rows or shares[0] != 0 or shares != sorted(set(shares)) or shares[-1] >= 1:
        raise RecipeError(f"{path}: schedule.sizes: the shares {shares} must start at 0 and rise, below 1")
    if any(len(row) != columns for row in rows):
        raise RecipeError(f"{path}: schedule.sizes is {quoted(value)}; expected rows of {columns} numbers")
    return rows


def _is_size_row(row: Any) -> bool:
    """Whether a row holds a number from 0 to 1, then whole numbers of pixels."""
    if not isinstance(row, list) or not row or type(row[0]) not in (int, float) or not 0 <= row[0] <= 1:
        return False
    return all(type(side) is int and 0 < side <= MAX_SIDE for side in row[1:])


def check_schedule(path: Path, schedule: Schedule) -> None:
    """Raises RecipeError where a value of a schedule is out of range."""
    if not 0 <= schedule.ema_decay < 1 or not 0 <= schedule.warmup_share < 1:
        raise RecipeError(f"{path}: schedule.ema_decay and schedule.warmup_share must be below 1")
    if schedule.precision not in PRECISIONS:
        raise RecipeError(f"{path}: schedule.precision is {quoted(schedule.precision)}; known: {', '.join(PRECISIONS)}")


def refuse_unknown(path: Path, table: dict[str, Any], form: type, section: str = "") -> None:
    """Raises RecipeError where a table has a key that is not a field of `form`. section: the table's name."""
    known = [item.name for item in fields(form)]
    unknown = sorted(set(table) - set(known))
    if unknown:
        at = f"[{section}]: " if section else ""
        near = difflib.get_close_matches(unknown[0], known, 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise RecipeError(f"{path}: {at}unknown key {quoted(unknown[0])}; known: {', '.join(known)}{hint}")
