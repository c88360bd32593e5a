"""The recipe of an expression model: what decides what it becomes, read from one TOML file and checked."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.vision.faces.preprocess import CROP_SIDE
from convert.training import lineage, recipe_file
from convert.training.lineage import Start, Teachers
from convert.training.recipe_file import TYPE_NAMES, AugmentConfig, RecipeError
from convert.training.run_folder import Run

NETWORKS = ("cnn", "plain", "mobilenetv2")
"""`network.kind` of the expression models, as `networks.build` knows them."""


@dataclass(frozen=True)
class Schedule(recipe_file.Schedule):
    """[schedule]: SGD with Nesterov momentum; sizes are rows of (share of the epochs, side in pixels)."""

    momentum: float = 0.9
    """Nesterov momentum of SGD."""
    weight_decay: float = 0.005
    sizes: tuple[tuple[float, int], ...] = ((0.0, 36), (0.5, 48))

    @classmethod
    def rows(cls, path: Path, value: Any) -> tuple[tuple[Any, ...], ...]:
        """`sizes` as they stand in a file, checked. Raises RecipeError."""
        rows = super().rows(path, value)
        if not all(16 <= side <= CROP_SIDE for _, side in rows):
            raise RecipeError(f"{path}: schedule.sizes: sides must be 16 to {CROP_SIDE} pixels")
        return rows


@dataclass(frozen=True)
class Data:
    """[data]: which pictures are learned from."""

    aligned: bool = False
    """Whether every picture in which our detector finds the face is turned upright first, as the assistant does; the
    others stay as they are."""


@dataclass(frozen=True)
class Targets:
    """[targets]: cross-entropy on the original labels of FER-2013, and on the FER+ votes."""

    label_smoothing: float = 0.1
    """Share of the uniform distribution in the original labels' target."""
    ferplus_weight: float = 1.0
    """Weight of the ferplus head's loss; that of the fer2013 head is 1."""
    ferplus_uniform: float = 0.05
    """Share of the uniform distribution in the FER+ votes' target."""


@dataclass(frozen=True)
class Distillation:
    """[distillation]: how the [teachers] teach."""

    online: bool = False
    """Whether the runs of [teachers], or those that `train --teacher` names, are asked about each picture as it is
    shown; else teachers.soft_labels names a file, or nothing is distilled."""
    mixup: float = 0.0
    """Share of pictures that are mixed with another one before online teachers are asked."""
    weight: float = 0.7
    """Share of the loss that is the teachers'."""
    temperature: float = 2.0
    """What the teachers' logits and the student's are divided by (Hinton et al. 2015)."""


@dataclass(frozen=True)
class Quantization:
    """[quantization]."""

    aware: bool = False
    """Whether everything is rounded to 8 bits while training, as it is where the model ships."""


@dataclass(frozen=True)
class Recipe:
    """An expression model from its seed to its last epoch."""

    name: str
    """Name of the recipe; without one that of its file."""
    network: dict[str, Any]
    """Kind and options of `networks.build`."""
    seed: int = 1
    """Of everything that is drawn."""
    note: str = ""
    """For readers only."""
    start: Start = field(default_factory=Start)
    teachers: Teachers = field(default_factory=Teachers)
    data: Data = field(default_factory=Data)
    targets: Targets = field(default_factory=Targets)
    distillation: Distillation = field(default_factory=Distillation)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    schedule: Schedule = field(default_factory=Schedule)
    quantization: Quantization = field(default_factory=Quantization)

    @property
    def is_distilled(self) -> bool:
        """Whether part of the loss is the teachers'."""
        return bool(self.distillation.online or self.teachers.soft_labels)


_SECTIONS: dict[str, type] = {
    "start": Start,
    "teachers": Teachers,
    "data": Data,
    "schedule": Schedule,
    "targets": Targets,
    "distillation": Distillation,
    "augment": AugmentConfig,
    "quantization": Quantization,
}
_SWITCHES = ("equivariant", "separable")
"""Of [network]; Python would take any text for a yes."""


def read(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RecipeError with the key at fault."""
    table = recipe_file.read_table(path)
    sections = recipe_file.fill_all(path, table, _SECTIONS)
    recipe_file.refuse_unknown(path, table, Recipe)
    network = table.get("network")
    if not isinstance(network, dict) or network.get("kind") not in NETWORKS:
        raise RecipeError(f"{path}: [network] needs a kind, one of {', '.join(NETWORKS)}")
    for key in _SWITCHES:
        if type(network.get(key, False)) is not bool:
            raise RecipeError(f"{path}: network.{key} is {network[key]!r}; expected {TYPE_NAMES[bool]}")
    table.setdefault("name", path.stem)
    recipe = Recipe(**table, **sections)
    if type(recipe.seed) is not int:
        raise RecipeError(f"{path}: seed is {recipe.seed!r}; expected a whole number")
    recipe_file.check_schedule(path, recipe.schedule)
    check_precision(path, recipe)
    lineage.check(path, recipe.start, recipe.teachers)
    _check_distillation(path, recipe)
    return recipe


def of_run(run: Run) -> Recipe:
    """The recipe of a run under the name of the file it came from, with the seed that was drawn by. Raises RecipeError
    or RunError."""
    recipe, held = read(run.recipe_file), run.environment()
    name, seed = str(held.get("recipe", run.path.name)), int(held.get("seed", recipe.seed))
    return dataclasses.replace(recipe, name=name, seed=seed)


def _check_distillation(path: Path, recipe: Recipe) -> None:
    distillation, teachers = recipe.distillation, recipe.teachers
    if not distillation.weight <= 1 or not distillation.temperature >= 1:
        raise RecipeError(f"{path}: distillation.weight must be 0 to 1, distillation.temperature 1 or more")
    if distillation.online and teachers.soft_labels:
        raise RecipeError(f"{path}: distillation.online asks runs, not a file; set no teachers.soft_labels")
    if not distillation.online and (teachers.recipes or teachers.runs):
        raise RecipeError(f"{path}: runs are asked with distillation.online alone; set it, or name no runs")
    if distillation.mixup > (1 if distillation.online else 0):
        raise RecipeError(f"{path}: distillation.mixup must be 0 to 1, and goes with distillation.online alone")
    if recipe.data.aligned and teachers.soft_labels:
        raise RecipeError(
            f"{path}: teachers were asked about pictures as they are; set no soft_labels, or no data.aligned"
        )


def check_precision(path: Path, recipe: Recipe) -> None:
    """Refuse a precision that a recipe, the file at `path`, cannot be trained with. Raises RecipeError."""
    if recipe.quantization.aware and recipe.schedule.precision != "float32":
        raise RecipeError(
            f"{path}: quantization.aware needs schedule.precision float32, which can tell 256 steps apart"
        )


def check_teachers(path: Path, recipe: Recipe, are_named: bool) -> None:
    """Refuse runs as teachers that a recipe, the file at `path`, does not ask, and one that asks none it was given.
    Raises RecipeError."""
    if recipe.distillation.online != are_named:
        fault = "asks no run: give it none" if are_named else "asks runs as it learns: name them in [teachers], or"
        raise RecipeError(f"{path}: {fault} with --teacher (distillation.online)")
