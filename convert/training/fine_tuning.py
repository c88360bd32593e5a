"""Fine-tuning of pre-trained networks: at first the heads alone, then the stages that are not frozen, each with a
learning rate of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from convert.training.recipe_file import RecipeError, Schedule


@dataclass(frozen=True)
class FineTuning:
    """[fine_tuning]: what of a network learns, and when."""

    heads_share: float = 0.0
    """Share of the epochs in which the heads alone learn, at schedule.learning_rate; 0: all learn from the start."""
    learning_rate: float = 0.0
    """The highest learning rate after these epochs."""
    frozen: tuple[str, ...] = ()
    """Beginnings of the names of layers that never learn, such as "block1" of VGG or "conv2_" of ResNet."""
    frozen_normalization: bool = False
    """Whether batch normalization keeps the statistics and scales that it was pre-trained with."""


@dataclass(frozen=True)
class Phase:
    """Epochs with one optimizer."""

    begin: int
    """First epoch, counted from 0."""
    end: int
    """The epoch after the last one."""
    schedule: Schedule
    """With the learning rate of the phase."""
    heads_alone: bool


def check(recipe_file: Any, tuning: FineTuning) -> None:
    """Raises RecipeError where [fine_tuning] has a second phase without a learning rate, or the reverse."""
    if not 0 <= tuning.heads_share < 1:
        raise RecipeError(f"{recipe_file}: fine_tuning.heads_share must be 0 or more, below 1")
    if bool(tuning.heads_share) != bool(tuning.learning_rate):
        raise RecipeError(f"{recipe_file}: fine_tuning.heads_share and fine_tuning.learning_rate go together; set both")


def phases(tuning: FineTuning, schedule: Schedule, epochs: int) -> list[Phase]:
    """The phases of a training of so many epochs: one, or two, each of an epoch at least."""
    if not tuning.heads_share or epochs < 2:
        return [Phase(0, epochs, schedule, heads_alone=False)]
    change = min(max(1, round(tuning.heads_share * epochs)), epochs - 1)
    second = replace(schedule, learning_rate=tuning.learning_rate)
    return [Phase(0, change, schedule, heads_alone=True), Phase(change, epochs, second, heads_alone=False)]


def freeze(network: Any, tuning: FineTuning, heads: Sequence[str], *, heads_alone: bool) -> None:
    """Set which layers of a Keras model learn. heads: names of the layers that always do. Raises RecipeError where
    `frozen` names no layer."""
    from keras.layers import BatchNormalization

    names = [layer.name for layer in network.layers]
    for beginning in tuning.frozen:
        if not any(name.startswith(beginning) for name in names):
            known = ", ".join(dict.fromkeys(name.partition("_")[0] for name in names))
            raise RecipeError(f"fine_tuning.frozen: no layer's name begins with {beginning!r}; they begin with {known}")
    for layer in network.layers:
        is_fixed = layer.name.startswith(tuning.frozen) or (
            tuning.frozen_normalization and isinstance(layer, BatchNormalization)
        )
        layer.trainable = layer.name in heads or not (heads_alone or is_fixed)
