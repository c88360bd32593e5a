"""The shaking of a camera that is worn or held in a hand."""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

SHAKE_PERSISTENCE = 0.85
"""Share of the shaking camera's offset that is left in the next frame."""


def shake_offsets(random: Generator, frames: int, largest: float) -> NDArray[np.float64]:
    """Offsets [frames, 2] of a shaking camera, in pixels, up to `largest` in each direction."""
    offsets, now = np.zeros((frames, 2)), np.zeros(2)
    for index in range(frames):
        now = SHAKE_PERSISTENCE * now + random.normal(0, 0.5, 2)
        offsets[index] = np.clip(now, -1, 1) * largest
    return offsets
