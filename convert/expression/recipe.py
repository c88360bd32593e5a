"""The recipe of an expression model: all settings of its training, read from a TOML file and validated."""

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.config.schema import quoted
from assistant.vision.faces.input_format import MAX_SIDE, OWN_FORMAT, InputFormat
from convert.training import fine_tuning, lineage, network_options, recipe_file
from convert.training.class_balance import Balance
from convert.training.fine_tuning import FineTuning
from convert.training.lineage import Start, Teachers
from convert.training.network_kinds import HEAD_OPTIONS, KINDS, Kind, kind_of
from convert.training.recipe_file import AugmentConfig, RecipeError
from convert.training.run_folder import Run

NETWORKS = tuple(KINDS)
"""Values of `network.kind`: the kinds of `networks.build`."""
OPTIMIZERS = ("sgd", "adamw")
"""Values of `schedule.optimizer`."""
OWN_SIZES = ((0.0, 36), (0.5, 48))
"""`schedule.sizes` of a network of the project's own input where the recipe has none."""
MIN_TRAINING_SIDE = 16
"""Smallest side of the pictures of early epochs, pixels."""


@dataclass(frozen=True)
class Schedule(recipe_file.Schedule):
    """[schedule]: sizes are rows of (share of the epochs, side in pixels); default: from 36 to 48 pixels for a network
    of the project's own input, the whole side of any other."""

    optimizer: str = "sgd"
    """One of OPTIMIZERS: SGD with Nesterov momentum, or AdamW."""
    momentum: float = 0.9
    """Nesterov momentum of SGD."""
    weight_decay: float = 0.005
    sizes: tuple[tuple[float, int], ...] = OWN_SIZES

    @classmethod
    def rows(cls, path: Path, value: Any) -> tuple[tuple[Any, ...], ...]:
        """`sizes` as read from a file, validated. Raises RecipeError."""
        rows = super().rows(path, value)
        if not all(MIN_TRAINING_SIDE <= side <= MAX_SIDE for _, side in rows):
            raise RecipeError(f"{path}: schedule.sizes: sides must be {MIN_TRAINING_SIDE} to {MAX_SIDE} pixels")
        return rows


@dataclass(frozen=True)
class Input:
    """[input]: what the network takes; the default of each key but `side` is what its kind expects."""

    side: int = OWN_FORMAT.side
    """Side of the square face crops in pixels, 48 to 224. Smaller pictures are enlarged."""
    channels: int = 0
    """1 or 3."""
    colour: str = ""
    """What the channels hold: "grey", also in three equal channels, "rgb" or "bgr"."""
    scaling: str = ""
    """How grey levels become numbers: one of `input_format.SCALINGS`."""


@dataclass(frozen=True)
class Data:
    """[data]: preparation of the training pictures."""

    aligned: bool = False
    """Whether pictures are aligned first, as in the assistant; those in which the shipped face detector finds no face
    stay as they are."""
    share: float = 1.0
    """Share of the training pictures that are used, drawn with the recipe's seed; for large networks and few hours."""


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
    input: Input = field(default_factory=Input)
    data: Data = field(default_factory=Data)
    targets: Targets = field(default_factory=Targets)
    distillation: Distillation = field(default_factory=Distillation)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    balance: Balance = field(default_factory=Balance)
    fine_tuning: FineTuning = field(default_factory=FineTuning)
    schedule: Schedule = field(default_factory=Schedule)
    quantization: Quantization = field(default_factory=Quantization)

    @property
    def kind(self) -> Kind:
        """The kind of its network."""
        return KINDS[self.network["kind"]]

    @property
    def input_format(self) -> InputFormat:
        """The input of its network. Raises ValueError for values of [input] that do not go together."""
        expected, given = self.kind.expects, self.input
        channels = given.channels or (3 if given.colour in ("rgb", "bgr") else expected.channels)
        return InputFormat(given.side, channels, given.colour or "grey", given.scaling or expected.scaling)

    @property
    def is_distilled(self) -> bool:
        """Whether the loss has a teachers' term."""
        return bool(self.distillation.online or self.teachers.soft_labels)


_SECTIONS: dict[str, type] = {
    "start": Start,
    "teachers": Teachers,
    "input": Input,
    "data": Data,
    "schedule": Schedule,
    "targets": Targets,
    "distillation": Distillation,
    "augment": AugmentConfig,
    "balance": Balance,
    "fine_tuning": FineTuning,
    "quantization": Quantization,
}


def read(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RecipeError, which names the invalid key."""
    table = recipe_file.read_table(path)
    sections = recipe_file.fill_all(path, table, _SECTIONS)
    recipe_file.refuse_unknown(path, table, Recipe)
    network = table.get("network")
    if not isinstance(network, dict) or not (kind := kind_of(network)):
        raise RecipeError(f"{path}: [network] needs a kind, one of {', '.join(NETWORKS)}")
    table["network"] = network = network | {"kind": kind}
    options = {**KINDS[kind].options, **HEAD_OPTIONS}
    network_options.check(path, network, options, KINDS[kind].stage_lists)
    table.setdefault("name", path.stem)
    recipe = _with_sizes(path, Recipe(**table, **sections))
    recipe_file.check_top_level(path, recipe.name, recipe.seed, recipe.note)
    recipe_file.check_schedule(path, recipe.schedule)
    if recipe.schedule.optimizer not in OPTIMIZERS:
        wanted = ", ".join(OPTIMIZERS)
        raise RecipeError(f"{path}: schedule.optimizer is {quoted(recipe.schedule.optimizer)}; known: {wanted}")
    check_precision(path, recipe)
    if not 0 < recipe.data.share <= 1:
        raise RecipeError(f"{path}: data.share is {recipe.data.share!r}; expected a number above 0, 1 at the most")
    fine_tuning.check(path, recipe.fine_tuning)
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


def _with_sizes(path: Path, recipe: Recipe) -> Recipe:
    """The recipe with the default `schedule.sizes` of its input. Raises RecipeError where [input] or the sizes are of
    no use to its network."""
    try:
        input_format = recipe.input_format
    except ValueError as err:
        raise RecipeError(f"{path}: [input]: {err}") from err
    if input_format.channels != 3 and recipe.network.get("weights") == "imagenet":
        raise RecipeError(f'{path}: network.weights "imagenet" needs input.channels 3; they may hold the same grey')
    if input_format.channels != 1 and recipe.network.get("equivariant"):
        raise RecipeError(f"{path}: network.equivariant needs input.channels 1")
    sizes, is_own = recipe.schedule.sizes, recipe.kind.is_any_side and input_format.side == OWN_FORMAT.side
    if sizes == OWN_SIZES and not is_own:
        sizes = ((0.0, input_format.side),)
    sides = [side for _, side in sizes]
    if not recipe.kind.is_any_side and sides != [input_format.side]:
        kind = recipe.network["kind"]
        raise RecipeError(
            f"{path}: schedule.sizes: {kind} is trained at input.side alone: [[0.0, {input_format.side}]]"
        )
    if max(sides) > input_format.side:
        raise RecipeError(f"{path}: schedule.sizes: sides must be {MIN_TRAINING_SIDE} to {input_format.side} pixels")
    return dataclasses.replace(recipe, schedule=dataclasses.replace(recipe.schedule, sizes=sizes))


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
    if (recipe.is_distilled or recipe.data.aligned) and recipe.input_format != OWN_FORMAT:
        raise RecipeError(f"{path}: distillation and data.aligned are for the default [input] alone")
    if recipe.data.aligned and teachers.soft_labels:
        raise RecipeError(
            f"{path}: teachers were asked about pictures as they are; set no soft_labels, or no data.aligned"
        )


def check_precision(path: Path, recipe: Recipe) -> None:
    """Raises RecipeError where quantization-aware training is set with a precision other than float32, or for a network
    whose layers cannot round."""
    if recipe.quantization.aware and recipe.kind.module != "backbones":
        raise RecipeError(f"{path}: quantization.aware is for the project's own networks, not {recipe.network['kind']}")
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
