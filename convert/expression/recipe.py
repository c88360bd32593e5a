"""The recipe of an expression model: all settings of its training, read from a TOML file and validated."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.vision.faces.preprocess import CROP_SIDE
from convert.training import lineage, network_options, recipe_file
from convert.training.lineage import Start, Teachers
from convert.training.recipe_file import AugmentConfig, RecipeError
from convert.training.run_folder import Run

NETWORKS = tuple(network_options.BACKBONES)
"""Values of `network.kind`: the kinds of `networks.build`."""


@dataclass(frozen=True)
class Schedule(recipe_file.Schedule):
    """[schedule]: SGD with Nesterov momentum; sizes are rows of (share of the epochs, side in pixels)."""

    momentum: float = 0.9
    """Nesterov momentum of SGD."""
    weight_decay: float = 0.005
    sizes: tuple[tuple[float, int], ...] = ((0.0, 36), (0.5, 48))

    @classmethod
    def rows(cls, path: Path, value: Any) -> tuple[tuple[Any, ...], ...]:
        """`sizes` as read from a file, validated. Raises RecipeError."""
        rows = super().rows(path, value)
        if not all(16 <= side <= CROP_SIDE for _, side in rows):
            raise RecipeError(f"{path}: schedule.sizes: sides must be 16 to {CROP_SIDE} pixels")
        return rows


@dataclass(frozen=True)
class Data:
    """[data]: preparation of the training pictures."""

    aligned: bool = False
    """Whether pictures are aligned first, as in the assistant; those in which the shipped face detector finds no face
    stay as they are."""


@dataclass(frozen=True)
class Targets:
    """[targets]: target distributions from the original labels of FER-2013 and from the FER+ votes."""

    label_smoothing: float = 0.1
    """Share of the uniform distribution in the original labels' target."""
    ferplus_weight: float = 1.0
    """Weight of the ferplus head's loss; that of the fer2013 head is 1."""
    ferplus_uniform: float = 0.05
    """Share of the uniform distribution in the FER+ votes' target."""


@dataclass(frozen=True)
class Distillation:
    """[distillation]: how a network is distilled from the [teachers]."""

    online: bool = False
    """Whether the runs of [teachers] or of `train --teacher` predict on every batch; if not, teachers.soft_labels names
    a file, or nothing is distilled."""
    mixup: float = 0.0
    """Share of pictures that are mixed with another one of the batch (mixup); with `online` alone."""
    weight: float = 0.7
    """Weight of the teachers' term in the loss, 0 to 1; the annotators' term has the rest."""
    temperature: float = 2.0
    """Temperature: divisor of the logits of teachers and student (Hinton et al. 2015)."""


@dataclass(frozen=True)
class Quantization:
    """[quantization]: whether training is quantization-aware."""

    aware: bool = False
    """Whether weights and feature maps are rounded to 8 bits in training, as in the int8 model."""


@dataclass(frozen=True)
class Recipe:
    """All settings of the training of one expression model."""

    name: str
    """Name of the recipe; default: the name of its file."""
    network: dict[str, Any]
    """Arguments of `networks.build`."""
    seed: int = 1
    """Seed of all random numbers."""
    note: str = ""
    """A remark, not used by the program."""
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
        """Whether the loss has a teachers' term."""
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


def read(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RecipeError, which names the invalid key."""
    table = recipe_file.read_table(path)
    sections = recipe_file.fill_all(path, table, _SECTIONS)
    recipe_file.refuse_unknown(path, table, Recipe)
    network = table.get("network")
    if not isinstance(network, dict) or network.get("kind") not in NETWORKS:
        raise RecipeError(f"{path}: [network] needs a kind, one of {', '.join(NETWORKS)}")
    kind = network["kind"]
    network_options.check(path, network, network_options.BACKBONES[kind], network_options.STAGE_LISTS[kind])
    table.setdefault("name", path.stem)
    recipe = Recipe(**table, **sections)
    recipe_file.check_top_level(path, recipe.name, recipe.seed, recipe.note)
    recipe_file.check_schedule(path, recipe.schedule)
    check_precision(path, recipe)
    lineage.check(path, recipe.start, recipe.teachers)
    _check_distillation(path, recipe)
    return recipe


def of_run(run: Run) -> Recipe:
    """The recipe of a run, with the name and the seed from its environment.json.

    The run folder's copy is called recipe.toml, and `train --seed` overrides the recipe's. Raises RecipeError or
    RunError.
    """
    recipe, held = read(run.recipe_file), run.environment()
    name, seed = str(held.get("recipe", run.path.name)), int(held.get("seed", recipe.seed))
    return dataclasses.replace(recipe, name=name, seed=seed)


def _check_distillation(path: Path, recipe: Recipe) -> None:
    """Raises RecipeError where [distillation] is out of range or does not go with [teachers] or [data]."""
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
    """Raises RecipeError where quantization-aware training is set with a precision other than float32."""
    if recipe.quantization.aware and recipe.schedule.precision != "float32":
        raise RecipeError(
            f"{path}: quantization.aware needs schedule.precision float32, which can tell 256 steps apart"
        )


def check_teachers(path: Path, recipe: Recipe, are_named: bool) -> None:
    """Raises RecipeError where distillation.online is set without teacher runs, or teacher runs are given without it.

    are_named: whether the recipe or the command line names teacher runs.
    """
    if recipe.distillation.online != are_named:
        fault = "asks no run: give it none" if are_named else "asks runs as it learns: name them in [teachers], or"
        raise RecipeError(f"{path}: {fault} with --teacher (distillation.online)")
