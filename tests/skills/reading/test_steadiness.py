"""Blur and motion between two looks."""

import cv2
import numpy as np
import pytest

from assistant.skills.reading.steadiness import sharpness, shift, small, steadiness
from tests.support.drawn_text import drawn_text

TEXT = drawn_text(["Please bring your health card", "and the list of all medicines", "that you take in the morning"])


def moved(pixels: int) -> np.ndarray:  # type: ignore[type-arg]
    return np.roll(TEXT, pixels, axis=1)


@pytest.mark.parametrize("pixels", [0, 4, 20, -40])
def test_a_shift_is_measured(pixels: int) -> None:
    assert shift(small(TEXT), small(moved(pixels))) == pytest.approx(abs(pixels) / 640, abs=0.002)


def test_a_still_and_sharp_picture_is_steady() -> None:
    assert steadiness(small(TEXT), moved(3)).is_steady
    assert not steadiness(small(TEXT), moved(20)).is_steady
    assert not steadiness(small(TEXT), np.asarray(cv2.GaussianBlur(TEXT, (0, 0), 4), np.uint8)).is_steady
    assert not steadiness(None, TEXT).is_steady


def test_blur_takes_sharpness() -> None:
    values = [sharpness(np.asarray(cv2.GaussianBlur(TEXT, (0, 0), each), np.uint8)) for each in (0.5, 1, 2, 4)]
    assert values == sorted(values, reverse=True)


def test_another_picture_is_no_shift() -> None:
    rng = np.random.default_rng(3)
    first, second = (rng.integers(0, 256, (48, 64), np.uint8) for _ in range(2))
    assert shift(first, second) > 0.012
    assert shift(first, np.zeros((3, 3), np.uint8)) == 1.0


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (480, 640, 3), (3, 3)])
def test_an_even_picture_has_no_edges(shape: tuple[int, ...]) -> None:
    even = np.full(shape, 70, np.uint8)
    assert sharpness(even) == 0.0
    assert steadiness(small(even), even).shift <= 1.0
