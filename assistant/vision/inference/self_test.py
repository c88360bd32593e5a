"""The self-test of an expression model: images computed from integers, whose probabilities the model card holds.

It finds a model that is stuck, or a runtime that computes something else, before the first face is classified. Pure.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.vision.faces.input_format import InputFormat
from assistant.vision.faces.preprocess import CROP_SIDE

IMAGE_COUNT = 7
TOLERANCE = 0.08
"""Largest allowed difference of a probability: two kernels that round differently at one layer end up to a few of 256
output steps apart."""

MIN_MOVE = 0.05
"""Smallest difference between the probabilities of two test images. The shipped models reach 0.46 to 0.82, but 0.012 to
0.020 with the input of a card that says (grey - 128) / 64 of a model that was trained on levels of 0 to 255."""


def test_images() -> NDArray[np.uint8]:
    """Uint8 [7, 48, 48]: slanting waves with a bright oval, two dark spots and an arc, each with other parameters."""
    y, x = np.mgrid[:CROP_SIDE, :CROP_SIDE]
    images = []
    for number in range(IMAGE_COUNT):
        wave = np.abs((x * (number + 2) + y * (7 - number)) % 64 - 32) * 2
        oval = (x - 24) ** 2 * 3 + (y - 25) ** 2 * 2 < 850
        eyes = np.minimum((x - 17) ** 2, (x - 31) ** 2) + (y - 20) ** 2 < 5 + number
        arc = np.abs((y - 35) * 8 - (number - 3) * ((x - 24) ** 2 // 8 - 4)) < 12
        mouth = arc & (np.abs(x - 24) < 9)
        images.append(np.where(eyes | mouth, 30 + 5 * number, np.where(oval, 130 + wave, 40 + wave)))
    return np.stack(images).clip(0, 255).astype(np.uint8)


def crops(input_format: InputFormat) -> NDArray[np.uint8]:
    """The test images as crops of another input, uint8 [7, *crop_shape]: each pixel is one of theirs, in colour with
    the tint of skin, so that a channel in another's place shows."""
    nearest = np.arange(input_format.side) * CROP_SIDE // input_format.side
    images = test_images()[:, nearest[:, np.newaxis], nearest]
    if input_format.is_grey:
        return images
    levels = images.astype(np.uint16)
    return np.stack([levels * 5 // 8, levels * 6 // 8, levels], axis=-1).astype(np.uint8)


def unmoved(answers: NDArray[np.float32]) -> str:
    """What is wrong where the answers float32 [7, classes] to the test images are all the same; empty where not.

    With a card that states another input scaling than the model was trained with, every picture may look like one flat
    grey: the model is never sure of anything, and never says so.
    """
    moved = np.ptp(answers, axis=0).max()
    return "" if moved >= MIN_MOVE else f"gives nearly the same answer to every picture (they differ by {moved:.3f})"


def mismatch(answers: NDArray[np.float32], expected: Sequence[Sequence[float]]) -> str:
    """How the answers float32 [7, classes] to the test images differ from the expected; empty where not."""
    wanted = np.array(expected, np.float32)
    if answers.shape != wanted.shape:
        return f"{answers.shape[1]} probabilities where {wanted.shape[-1]} are expected"
    off = np.abs(answers - wanted).max()
    return "" if off <= TOLERANCE else f"a probability is off by {off:.2f}"
