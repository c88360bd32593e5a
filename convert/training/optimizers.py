"""Optimizers and the learning rate schedule of every training."""

from collections.abc import Sequence

import keras

from convert.training.recipe_file import Schedule

NOT_DECAYED = ("gamma", "beta", "bias")
"""Names of the variables without weight decay: scales and offsets of batch normalization, and biases."""

CLIP_NORM = 1.0
"""Maximum norm of the gradient of each variable for AdamW where a recipe can name the optimizer."""


def warmup_cosine(peak: float, warmup_share: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear from 0 up to `peak` over the first `warmup_share` of all `steps`, then down to 0 on a cosine."""
    rising = min(round(warmup_share * steps), steps - 1)  # the cosine must have a step
    return keras.optimizers.schedules.CosineDecay(0.0, steps - rising, warmup_target=peak, warmup_steps=rising)


def sgd(
    schedule: Schedule, steps: int, momentum: float, not_decayed: Sequence[str] = NOT_DECAYED
) -> keras.optimizers.Optimizer:
    """SGD with Nesterov momentum and decoupled weight decay over `steps` training steps.

    not_decayed: names of the variables without weight decay.
    """
    rate = warmup_cosine(schedule.learning_rate, schedule.warmup_share, steps)
    made = keras.optimizers.SGD(rate, momentum=momentum, nesterov=True, weight_decay=schedule.weight_decay)
    if not_decayed:
        made.exclude_from_weight_decay(var_names=list(not_decayed))
    return made


def named(name: str, schedule: Schedule, steps: int, momentum: float) -> keras.optimizers.Optimizer:
    """The optimizer that a recipe names, "sgd" or "adamw", over `steps` training steps. momentum: of SGD."""
    return sgd(schedule, steps, momentum) if name == "sgd" else adamw(schedule, steps, CLIP_NORM)


def adamw(schedule: Schedule, steps: int, clip_norm: float) -> keras.optimizers.Optimizer:
    """AdamW over `steps` training steps. clip_norm: maximum norm of the gradient of each variable."""
    rate = warmup_cosine(schedule.learning_rate, schedule.warmup_share, steps)
    made = keras.optimizers.AdamW(rate, weight_decay=schedule.weight_decay, clipnorm=clip_norm)
    made.exclude_from_weight_decay(var_names=list(NOT_DECAYED))
    return made
