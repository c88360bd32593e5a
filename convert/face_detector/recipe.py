"""The recipe of a face detector: network, pictures, mixture of frames, schedule, seed; read from one TOML file."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from convert.training import lineage, recipe_file
from convert.training.lineage import Start
from convert.training.recipe_file import RecipeError

KIND = "face_detector"
SIZE_MULTIPLE = 16
"""Width and height of a frame are multiples of this, in pixels, as the assistant pads its pictures."""


@dataclass(frozen=True)
class Data:
    """Which pictures are learned from. An origin is the beginning of a picture's name."""

    origin_weights: dict[str, float] = field(default_factory=dict)
    """How often pictures of each origin are drawn, relative to the other origins."""
    negative_origins: str = "ho in"
    """Origins of pictures without faces, separated by spaces."""
    teacher: bool = True
    """Whether a teacher detector finds the landmarks that are not annotated."""
    hard_negatives: bool = False
    """Whether pictures without faces are drawn more often, the higher the first weights score anything in them."""
    fer2013_crops: int = 0
    """How many of FER-2013's Training pictures are pasted as heads; they need the teacher."""

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin that is read."""
        return tuple(dict.fromkeys((*self.origin_weights, *self.negative_origins.split())))


@dataclass(frozen=True)
class FrameMixture:
    """How often each kind of training frame is composed, and how far it is varied.

    mosaic, cutout, heads and empty are shares of all frames; the rest of 1 are single scenes. Without mattes there are
    no cutouts: heads take their share.
    """

    mosaic: float = 0.2
    """Share of mosaics of four scenes."""
    cutout: float = 0.1
    """Share of people cut out along a matte and put before another background."""
    heads: float = 0.15
    """Share of backgrounds with heads pasted over them."""
    empty: float = 0.06
    """Share of backgrounds alone."""
    tilt_deg: float = 45.0
    """Largest rotation, drawn in half of the scenes; the others stay within a third of it."""
    gamma: float = 3.0
    """Largest exponent on grey levels; the smallest is its inverse."""
    noise: float = 16.0
    """Largest standard deviation of noise, in grey levels."""
    occluded: float = 0.2
    """Share of the faces of which a part is occluded."""
    glasses: float = 0.12
    """Share of the faces that get glasses."""
    beards: float = 0.08
    """Share of the faces that get a beard."""
    printed_faces: float = 0.2
    """Share of the frames with printed faces in them, on clothes or on walls."""
    truncation: float = 0.25
    """How far over the frame's edge the centre of a face may lie, in face sizes."""


@dataclass(frozen=True)
class Schedule(recipe_file.Schedule):
    """[schedule], with AdamW; `sizes` are rows of (share of the epochs, width, height)."""

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
        """`sizes` as they stand in a file, checked. Raises RecipeError."""
        rows = super().rows(path, value)
        if any(side < 64 or side % SIZE_MULTIPLE for _, *sides in rows for side in sides):
            raise RecipeError(
                f"{path}: schedule.sizes: width and height must be multiples of {SIZE_MULTIPLE}, 64 at least"
            )
        return rows


@dataclass(frozen=True)
class DetectorRecipe:
    """Everything that decides what a face detector becomes."""

    name: str
    network: dict[str, Any]
    """The options of `network.build`."""
    seed: int = 1
    note: str = ""
    start: Start = field(default_factory=Start)
    data: Data = field(default_factory=Data)
    mixture: FrameMixture = field(default_factory=FrameMixture)
    schedule: Schedule = field(default_factory=Schedule)


def read(path: Path) -> DetectorRecipe:
    """The recipe in a TOML file. Raises RecipeError with the key at fault."""
    table = recipe_file.read_table(path)
    recipe_file.refuse_unknown(path, table, DetectorRecipe)
    network = table.pop("network", {})
    if network.pop("kind", "") != KIND:
        raise RecipeError(f"{path}: [network] is not of kind {KIND}")
    section = table.get("data", {})
    weights = section.pop("origin_weights", {}) if isinstance(section, dict) else {}
    if not isinstance(weights, dict) or not weights or not all(type(each) in (int, float) for each in weights.values()):
        raise RecipeError(f"{path}: [data] needs origin_weights, such as {{yt = 1.5, fm = 2}}")
    sections = recipe_file.fill_all(path, table, _SECTIONS)
    data = replace(sections.pop("data"), origin_weights=weights)
    table.setdefault("name", path.stem)
    if data.fer2013_crops and not data.teacher:
        raise RecipeError(f"{path}: data.fer2013_crops needs data.teacher, which finds their landmarks")
    recipe = DetectorRecipe(network=network, data=data, **table, **sections)
    recipe_file.check_schedule(path, recipe.schedule)
    if recipe.schedule.frames_per_epoch < recipe.schedule.batch_size:
        raise RecipeError(f"{path}: schedule.frames_per_epoch must be schedule.batch_size or more")
    lineage.check(path, recipe.start)
    return recipe


_SECTIONS: dict[str, type] = {"start": Start, "data": Data, "mixture": FrameMixture, "schedule": Schedule}
