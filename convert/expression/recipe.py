"""Recipes: what decides what a model becomes, read from one TOML file and checked before hours are spent.

Only the run that another one begins with, and the runs that are asked as it learns, are named on the command line.
"""

import dataclasses
import math
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.vision.faces.preprocess import CROP_SIDE

NETWORKS = ("cnn", "plain", "mobilenetv2")
PRECISIONS = ("float32", "mixed_bfloat16")


class RecipeError(AssistantError):
    """A recipe that is missing or says something that cannot be done."""


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    SGD with Nesterov momentum; the rate climbs linearly for `warmup` (a share of all steps) and falls to 0 on a cosine.
    decay is the weight decay per step at rate 1 (decoupled). sizes: rows of (share of the epochs, side in pixels), the
    picture size from that point on. average: decay of the running mean of the weights, per step.
    """

    epochs: int = 60
    batch: int = 128
    rate: float = 0.1
    momentum: float = 0.9
    decay: float = 0.005
    warmup: float = 0.03
    average: float = 0.998
    sizes: tuple[tuple[float, int], ...] = ((0.0, 36), (0.5, 48))
    precision: str = "mixed_bfloat16"

    @staticmethod
    def rows(path: Path, value: Any) -> tuple[tuple[float, int], ...]:
        """`sizes` as it stands in a file, checked."""
        rows = size_rows(path, value, 2)
        if not all(16 <= side <= CROP_SIDE for _, side in rows):
            raise RecipeError(f"{path}: schedule.sizes: sides must be 16 to {CROP_SIDE} pixels")
        return rows


@dataclass(frozen=True)
class Data:
    """What is learned from. aligned: every picture in which our detector finds the face is turned upright first, as the
    assistant does; the others stay as they are."""

    aligned: bool = False


@dataclass(frozen=True)
class Targets:
    """What to learn: cross-entropy on the original labels (smoothed) plus `ferplus_weight` times that on the FER+ votes
    (mixed with a share `ferplus_uniform` of the uniform distribution)."""

    smoothing: float = 0.1
    ferplus_weight: float = 1.0
    ferplus_uniform: float = 0.05


@dataclass(frozen=True)
class Variation:
    """How far a training picture may be changed; each draw is uniform within the limit.

    rotation_deg  either way           zoom     either way, a share of the size
    shift         either way, a share of the side
    contrast      factor in [1 - contrast, 1 + contrast], about mid-grey
    brightness    either way, in units of the normalized input (1 = 64 grey levels)
    blur          share of pictures that are softened by a 3x3 binomial filter
    erase         share of pictures in which one rectangle (4 to 25 % of the area) becomes one random grey
    """

    rotation_deg: float = 15.0
    zoom: float = 0.2
    shift: float = 0.1
    contrast: float = 0.4
    brightness: float = 0.5
    blur: float = 0.1
    erase: float = 0.4
    mirror: bool = True


@dataclass(frozen=True)
class Distillation:
    """Learning from teachers. teachers: a file of soft labels (`emotion-convert teach`) beside the recipe, or empty.
    share: of the loss that is theirs; temperature: what their logits and the student's are divided by (Hinton et al.
    2015). consistent: instead of a file, the runs that `train --teacher` names are asked about each picture as it is
    shown; mixup: the share of pictures that are then mixed with another one."""

    teachers: str = ""
    consistent: bool = False
    mixup: float = 0.0
    share: float = 0.7
    temperature: float = 2.0


@dataclass(frozen=True)
class Quantization:
    """aware: everything is rounded to 8 bits while training, as it is where the model ships."""

    aware: bool = False


@dataclass(frozen=True)
class Recipe:
    """A model from its seed to its last epoch; `network` holds the kind and the options of networks.build."""

    name: str
    network: dict[str, Any]
    seed: int = 1
    note: str = ""
    data: Data = field(default_factory=Data)
    targets: Targets = field(default_factory=Targets)
    distillation: Distillation = field(default_factory=Distillation)
    augment: Variation = field(default_factory=Variation)
    schedule: Schedule = field(default_factory=Schedule)
    quantization: Quantization = field(default_factory=Quantization)


_PARTS: dict[str, type] = {
    "data": Data,
    "schedule": Schedule,
    "targets": Targets,
    "distillation": Distillation,
    "augment": Variation,
    "quantization": Quantization,
}
_BELOW_1 = ("targets.smoothing", "targets.ferplus_uniform", "augment.zoom")
_MOST = {
    "augment.rotation_deg": 180,
    "augment.shift": 1,
    "augment.contrast": 1,
    "augment.brightness": 4,  # from black to white
    "augment.blur": 1,
    "augment.erase": 1,
}
_SWITCHES = ("mirrored", "separable")
"""Of [network]; Python would take any text for a yes."""
_WORDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a text"}


def read(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RecipeError with the key at fault."""
    table = read_table(path)
    parts = {name: fill(path, name, form, table.pop(name, {})) for name, form in _PARTS.items()}
    refuse_unknown(path, table, Recipe)
    network = table.get("network")
    if not isinstance(network, dict) or network.get("kind") not in NETWORKS:
        raise RecipeError(f"{path}: [network] needs a kind, one of {', '.join(NETWORKS)}")
    for key in _SWITCHES:
        if type(network.get(key, False)) is not bool:
            raise RecipeError(f"{path}: network.{key} is {network[key]!r}; expected {_WORDS[bool]}")
    table.setdefault("name", path.stem)
    recipe = Recipe(**table, **parts)
    if type(recipe.seed) is not int:
        raise RecipeError(f"{path}: seed is {recipe.seed!r}; expected a whole number")
    _check_schedule(path, recipe.schedule)
    if not recipe.distillation.share <= 1 or not recipe.distillation.temperature >= 1:
        raise RecipeError(f"{path}: distillation.share must be 0 to 1, distillation.temperature 1 or more")
    if recipe.distillation.consistent and recipe.distillation.teachers:
        raise RecipeError(f"{path}: distillation.consistent asks runs, not a file; set no distillation.teachers")
    if recipe.distillation.mixup > (1 if recipe.distillation.consistent else 0):
        raise RecipeError(f"{path}: distillation.mixup must be 0 to 1, and goes with distillation.consistent alone")
    check_precision(path, recipe)
    if recipe.data.aligned and recipe.distillation.teachers:
        raise RecipeError(
            f"{path}: teachers were asked about pictures as they are; set no teachers, or no data.aligned"
        )
    return recipe


def check_precision(path: Path, recipe: Recipe) -> None:
    """Refuse a precision that a recipe, the file at `path`, cannot be trained with. Raises RecipeError."""
    if recipe.quantization.aware and recipe.schedule.precision != "float32":
        raise RecipeError(
            f"{path}: quantization.aware needs schedule.precision float32, which can tell 256 steps apart"
        )


def check_teachers(path: Path, recipe: Recipe, are_named: bool) -> None:
    """Refuse runs as teachers that a recipe, the file at `path`, does not ask, and one that asks none it was given.
    Raises RecipeError."""
    if recipe.distillation.consistent != are_named:
        fault = "asks no run: give it none" if are_named else "asks runs as it learns: name them"
        raise RecipeError(f"{path}: {fault} with --teacher (distillation.consistent)")


def read_table(path: Path) -> dict[str, Any]:
    """What a TOML file says. Raises RecipeError."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        raise RecipeError(f"{path}: cannot read this recipe: {err}") from err


def kind(path: Path) -> str:
    """Which network a recipe is for, unchecked; empty where it cannot be read."""
    try:
        network = read_table(path).get("network")
    except RecipeError:
        return ""
    return str(network.get("kind", "")) if isinstance(network, dict) else ""


def fill(path: Path, name: str, form: type, table: Any) -> Any:
    """The dataclass `form` with the values of one table, each of the type of its default."""
    if not isinstance(table, dict):
        raise RecipeError(f"{path}: {name} is {table!r}; expected a table [{name}]")
    refuse_unknown(path, table, form)
    part = form()
    for key, value in table.items():
        wanted = type(getattr(part, key))
        if key == "sizes":
            value = part.rows(path, value)
        elif not (type(value) is wanted or (wanted is float and type(value) is int)):
            raise RecipeError(f"{path}: {name}.{key} is {value!r}; expected {_WORDS[wanted]}")
        elif wanted in (float, int):
            _check_range(path, f"{name}.{key}", value)
        part = dataclasses.replace(part, **{key: wanted(value)})
    return part


def _check_range(path: Path, key: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise RecipeError(f"{path}: {key} is {value!r}; expected 0 or more")
    if key in _BELOW_1 and value >= 1:
        raise RecipeError(f"{path}: {key} is {value!r}; expected less than 1")
    if value > _MOST.get(key, math.inf):
        raise RecipeError(f"{path}: {key} is {value!r}; expected {_MOST[key]} at the most")


def size_rows(path: Path, value: Any, columns: int) -> tuple[Any, ...]:
    """Rows of (share of the epochs, pixels, ...) of a schedule. Raises RecipeError where they do not start at 0 and
    rise."""
    try:
        rows = tuple((float(row[0]), *map(int, row[1:])) for row in value)
    except (TypeError, ValueError, IndexError) as err:
        raise RecipeError(f"{path}: schedule.sizes is {value!r}; expected rows of [share of the epochs, side]") from err
    shares = [row[0] for row in rows]
    if not rows or shares[0] != 0 or shares != sorted(set(shares)) or shares[-1] >= 1:
        raise RecipeError(f"{path}: schedule.sizes: the shares {shares} must start at 0 and rise, below 1")
    if any(len(row) != columns for row in rows):
        raise RecipeError(f"{path}: schedule.sizes is {value!r}; expected rows of {columns} numbers")
    return rows


def _check_schedule(path: Path, schedule: Schedule) -> None:
    if schedule.epochs < 1 or schedule.batch < 1:
        raise RecipeError(f"{path}: schedule.epochs and schedule.batch must be 1 or more")
    if not 0 <= schedule.average < 1 or not 0 <= schedule.warmup < 1:
        raise RecipeError(f"{path}: schedule.average and schedule.warmup must be below 1")
    if schedule.precision not in PRECISIONS:
        raise RecipeError(f"{path}: schedule.precision is {schedule.precision!r}; known: {', '.join(PRECISIONS)}")


def refuse_unknown(path: Path, table: dict[str, Any], form: type) -> None:
    """Raises RecipeError where a table has a key that is no field of `form`."""
    known = [item.name for item in fields(form)]
    unknown = sorted(set(table) - set(known))
    if unknown:
        raise RecipeError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(known)}")
