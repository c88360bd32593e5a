"""The self-test of a classifier: pictures made of whole numbers alone, and what the model said of them once.

A model that is stuck, or a runtime that computes something else, is found before the first face is read. Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.preprocess import CROP_SIDE

IMAGE_COUNT = 7
TOLERANCE = 0.08
"""How far a probability may be off: two kernels that round differently at one layer are up to a few of 256 output steps
apart at the end."""


def test_images() -> NDArray[np.uint8]:
    """Uint8 [7, 48, 48]: slanting waves with a bright oval, two dark spots and a bow, each with other numbers."""
    y, x = np.mgrid[:CROP_SIDE, :CROP_SIDE]
    made = []
    for number in range(IMAGE_COUNT):
        wave = np.abs((x * (number + 2) + y * (7 - number)) % 64 - 32) * 2
        oval = (x - 24) ** 2 * 3 + (y - 25) ** 2 * 2 < 850
        eyes = np.minimum((x - 17) ** 2, (x - 31) ** 2) + (y - 20) ** 2 < 5 + number
        bow = np.abs((y - 35) * 8 - (number - 3) * ((x - 24) ** 2 // 8 - 4)) < 12
        mouth = bow & (np.abs(x - 24) < 9)
        made.append(np.where(eyes | mouth, 30 + 5 * number, np.where(oval, 130 + wave, 40 + wave)))
    return np.stack(made).clip(0, 255).astype(np.uint8)


def mismatch(said: NDArray[np.float32], expected: Sequence[Sequence[float]]) -> str:
    """What is wrong with the answers float32 [7, classes] to `pictures`; empty where they are as expected."""
    wanted = np.array(expected, np.float32)
    if said.shape != wanted.shape:
        return f"{said.shape[1]} probabilities where {wanted.shape[-1]} are expected"
    off = np.abs(said - wanted).max()
    return "" if off <= TOLERANCE else f"a probability is off by {off:.2f}"
