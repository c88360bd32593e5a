"""How the learning rate runs over a training."""

import keras


def warm_cosine(rate: float, warmup: float, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linearly from 0 up to `rate` over `warmup` (a share of all `steps`), then down to 0 on a cosine."""
    rising = round(warmup * steps)
    return keras.optimizers.schedules.CosineDecay(0.0, steps - rising, warmup_target=rate, warmup_steps=rising)
