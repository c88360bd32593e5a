"""The recipe of a face detector: all settings of its training, read from a TOML file and validated."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from assistant.config.schema import quoted
from convert.training import lineage, network_options, recipe_file
from convert.training.lineage import Start
from convert.training.network_options import count, counts
from convert.training.recipe_file import RecipeError

KIND = "face_detector"
"""`network.kind` of a face detector's recipe."""
SIZE_MULTIPLE = 16
"""Width and height of a training frame are multiples of this, in pixels, as in the assistant's padded pictures."""


@dataclass(frozen=True)
class Data:
    """[data]: the training pictures. An origin (data set) is the beginning of a picture's name."""

    origin_weights: dict[str, float] = field(default_factory=dict)
    """Relative frequency of the pictures of each origin."""
    negative_origins: str = "ho in"
    """Origins of pictures without faces, separated by spaces."""
    teacher: bool = True
    """Whether landmarks that are not annotated come from a teacher, YuNet."""
    hard_negatives: bool = False
    """Hard negative mining: whether pictures without faces are drawn more often, the higher the score of the false
    positives of the start run's weights in them."""
    fer2013_crops: int = 0
    """Number of FER-2013 Training pictures that are used as pasted heads; needs `teacher`."""

    @property
    def origins(self) -> tuple[str, ...]:
        """All origins that are loaded."""
        return tuple(dict.fromkeys((*self.origin_weights, *self.negative_origins.split())))


@dataclass(frozen=True)
class FrameMixture:
    """[mixture]: how often each kind of training frame is composed, and how far it is varied.

    mosaic, cutout, heads and empty are shares of all frames; the remaining frames are single scenes. Without mattes
    there are no cutouts, and heads have their share too.
    """

    mosaic: float = 0.2
    """Share of frames that are mosaics of four scenes."""
    cutout: float = 0.1
    """Share of frames with a person cut out along a matte before another background."""
    heads: float = 0.15
    """Share of frames that are backgrounds with pasted heads."""
    empty: float = 0.06
    """Share of frames that are backgrounds without faces."""
    tilt_deg: float = 45.0
    """Largest rotation, in half of the scenes; in the other half it is a third of this."""
    gamma: float = 3.0
    """Largest exponent on grey levels; the smallest is its inverse."""
    noise: float = 16.0
    """Largest standard deviation of noise, in grey levels."""
    occluded: float = 0.2
    """Share of the faces that are partly occluded."""
    glasses: float = 0.12
    """Share of the faces with drawn glasses."""
    beards: float = 0.08
    """Share of the faces with a drawn beard."""
    printed_faces: float = 0.2
    """Share of the frames with printed faces, on clothes or on walls."""
    truncation: float = 0.25
    """Largest distance of the centre of a face beyond the frame's edge, in face sizes."""


@dataclass(frozen=True)
class Schedule(recipe_file.Schedule):
    """[schedule], for AdamW; `sizes` are rows of (share of the epochs, width, height)."""

    columns: ClassVar[int] = 3

    epochs: int = 90
    frames_per_epoch: int = 6144
    """New frames composed for each epoch."""
    batch_size: int = 32
    learning_rate: float = 0.002
    weight_decay: float = 0.02
    warmup_share: float = 0.02
    sizes: tuple[tuple[Any, ...], ...] = ((0.0, 192, 144), (0.3, 320, 240))
    precision: str = "float32"

    @classmethod
    def rows(cls, path: Path, value: Any) -> tuple[tuple[Any, ...], ...]:
        """`sizes` as read from a file, validated. Raises RecipeError."""
        rows = super().rows(path, value)
        if any(side < 64 or side % SIZE_MULTIPLE for _, *sides in rows for side in sides):
            raise RecipeError(
                f"{path}: schedule.sizes: width and height must be multiples of {SIZE_MULTIPLE}, 64 at least"
            )
        return rows


@dataclass(frozen=True)
class DetectorRecipe:
    """All settings of the training of one face detector."""

    name: str
    network: dict[str, Any]
    """Arguments of `network.build`."""
    seed: int = 1
    note: str = ""
    start: Start = field(default_factory=Start)
    data: Data = field(default_factory=Data)
    mixture: FrameMixture = field(default_factory=FrameMixture)
    schedule: Schedule = field(default_factory=Schedule)


def read(path: Path) -> DetectorRecipe:
    """The recipe in a TOML file. Raises RecipeError, which names the invalid key."""
    table = recipe_file.read_table(path)
    recipe_file.refuse_unknown(path, table, DetectorRecipe)
    network = table.pop("network", {})
    if not isinstance(network, dict) or network.get("kind") != KIND:
        raise RecipeError(f"{path}: [network] is not of kind {KIND}")
    network_options.check(path, network, _NETWORK, {})
    del network["kind"]
    section = table.get("data", {})
    weights = section.pop("origin_weights", {}) if isinstance(section, dict) else {}
    if not isinstance(weights, dict) or not all(map(_is_weight, weights.values())) or not any(weights.values()):
        raise RecipeError(
            f"{path}: data.origin_weights is {quoted(weights)}; expected numbers of 0 or more, such as "
            "{yt = 1.5, fm = 2}"
        )
    sections = recipe_file.fill_all(path, table, _SECTIONS)
    data = replace(sections.pop("data"), origin_weights=weights)
    table.setdefault("name", path.stem)
    if data.fer2013_crops and not data.teacher:
        raise RecipeError(f"{path}: data.fer2013_crops needs data.teacher, which finds their landmarks")
    recipe = DetectorRecipe(network=network, data=data, **table, **sections)
    recipe_file.check_top_level(path, recipe.name, recipe.seed, recipe.note)
    _check_mixture(path, recipe.mixture)
    recipe_file.check_schedule(path, recipe.schedule)
    if recipe.schedule.frames_per_epoch < recipe.schedule.batch_size:
        raise RecipeError(f"{path}: schedule.frames_per_epoch must be schedule.batch_size or more")
    lineage.check(path, recipe.start)
    return recipe


def _is_weight(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= recipe_file.MAX_NUMBER


def _check_mixture(path: Path, mixture: FrameMixture) -> None:
    """Raises RecipeError where the shares of all frames exceed 1."""
    shares = mixture.mosaic + mixture.cutout + mixture.heads + mixture.empty
    if shares > 1:
        raise RecipeError(
            f"{path}: mixture.mosaic, cutout, heads and empty are {shares:g} together; expected 1 at most"
        )


_NETWORK = {
    "stem": count(1, network_options.MAX_CHANNELS),
    "widths": counts(1, network_options.MAX_CHANNELS, 4, 4),
    "blocks": counts(0, network_options.MAX_BLOCKS, 4, 4),
}
"""What [network] may hold: the options of `network.build`."""
_SECTIONS: dict[str, type] = {"start": Start, "data": Data, "mixture": FrameMixture, "schedule": Schedule}
