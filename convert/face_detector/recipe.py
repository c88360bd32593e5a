"""The recipe of a face detector: network, pictures, mixture of frames, schedule, seed; read from one TOML file."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from convert.expression import recipe as recipes
from convert.expression.recipe import RecipeError
from convert.face_detector.compose import Mixture

KIND = "face_detector"
STEP = 16
"""Frames are whole multiples of this, in pixels, as the assistant pads its pictures."""


@dataclass(frozen=True)
class Data:
    """Which pictures, by the origin that their names begin with, and how often those of each are drawn, relative to the
    others. negatives: origins without faces. teacher: whether a teacher is asked for the landmarks that are not
    annotated. mined: whether pictures without faces are drawn the more often, the surer the first weights are of a face
    in them. crops: how many of FER-2013's Training pictures are pasted as heads; they need the teacher."""

    weights: dict[str, float] = field(default_factory=dict)
    negatives: str = "ho in"
    teacher: bool = True
    mined: bool = False
    crops: int = 0

    @property
    def origins(self) -> tuple[str, ...]:
        """Every origin that is read."""
        return tuple(dict.fromkeys((*self.weights, *self.negatives.split())))


@dataclass(frozen=True)
class Schedule:
    """How long and how fast to learn.

    AdamW; the rate climbs linearly over `warmup` (a share of all steps) and falls to 0 on a cosine. An epoch is
    `frames` new frames. sizes: rows of (share of the epochs, width, height of the frames from that point on). average:
    decay of the running mean of the weights, per step.
    """

    epochs: int = 90
    frames: int = 6144
    batch: int = 32
    rate: float = 0.002
    decay: float = 0.02
    warmup: float = 0.02
    average: float = 0.998
    sizes: tuple[tuple[float, int, int], ...] = ((0.0, 192, 144), (0.3, 320, 240))
    precision: str = "float32"

    @staticmethod
    def rows(path: Path, value: Any) -> tuple[tuple[float, int, int], ...]:
        """`sizes` as it stands in a file, checked."""
        rows = recipes.size_rows(path, value, 3)
        if any(side < 64 or side % STEP for _, *sides in rows for side in sides):
            raise RecipeError(f"{path}: schedule.sizes: width and height must be multiples of {STEP}, 64 at least")
        return rows


@dataclass(frozen=True)
class DetectorRecipe:
    """A face detector from its seed to its last epoch; `network` holds the options of `network.build`."""

    name: str
    network: dict[str, Any]
    seed: int = 1
    note: str = ""
    data: Data = field(default_factory=Data)
    mixture: Mixture = field(default_factory=Mixture)
    schedule: Schedule = field(default_factory=Schedule)


def read(path: Path) -> DetectorRecipe:
    """The recipe in a TOML file. Raises RecipeError with the key at fault."""
    table = recipes.read_table(path)
    recipes.refuse_unknown(path, table, DetectorRecipe)
    network = table.pop("network", {})
    if network.pop("kind", "") != KIND:
        raise RecipeError(f"{path}: [network] is not of kind {KIND}")
    held = table.get("data", {})
    weights = held.pop("weights", {}) if isinstance(held, dict) else {}
    if not isinstance(weights, dict) or not weights or not all(type(each) in (int, float) for each in weights.values()):
        raise RecipeError(f"{path}: [data] needs weights, such as {{yt = 1.5, fm = 2}}")
    parts: dict[str, Any] = {
        name: recipes.fill(path, name, form, table.pop(name, {}))
        for name, form in (("mixture", Mixture), ("schedule", Schedule))
    }
    data = recipes.fill(path, "data", Data, table.pop("data", {}))
    table.setdefault("name", path.stem)
    if data.crops and not data.teacher:
        raise RecipeError(f"{path}: data.crops needs data.teacher, which finds their landmarks")
    recipe = DetectorRecipe(network=network, data=replace(data, weights=weights), **table, **parts)
    schedule = recipe.schedule
    if min(schedule.epochs, schedule.batch) < 1 or schedule.frames < schedule.batch or schedule.average >= 1:
        raise RecipeError(f"{path}: schedule: epochs, batch and frames must be 1 or more, average below 1")
    if schedule.precision not in recipes.PRECISIONS:
        known = ", ".join(recipes.PRECISIONS)
        raise RecipeError(f"{path}: schedule.precision is {schedule.precision!r}; known: {known}")
    return recipe
