import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.vision.faces.downscale import downscale

MAX_ROUNDING = 2.5
"""Grey levels by which a few halvings, each of which rounds, may differ from the mean of all pixels at once."""

MAX_RESAMPLING = 5.0
"""The same, on the average, where the last step brings a picture to a size that is hardly smaller."""


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 5), st.integers(0, 2**31))
def test_every_pixel_is_the_mean_of_those_that_it_stands_for(width: int, height: int, halvings: int, seed: int) -> None:
    shape = height << halvings, width << halvings
    picture = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    small = downscale(picture, (width, height))
    means = picture.reshape(height, 1 << halvings, width, 1 << halvings).mean(axis=(1, 3))
    assert small.dtype == np.uint8
    assert small.shape == (height, width)
    assert np.abs(small - means).max() <= MAX_ROUNDING


@given(st.integers(16, 700), st.integers(12, 500), st.integers(0, 2**31))
def test_any_size_is_reached_and_looks_as_opencv_would_make_it_at_once(width: int, height: int, seed: int) -> None:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8), np.uint8)
    picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    small = downscale(picture, (16, 12))
    assert small.shape == (12, 16)
    at_once = cv2.resize(picture, (16, 12), interpolation=cv2.INTER_AREA)
    assert np.abs(small - at_once.astype(float)).mean() <= MAX_RESAMPLING


def test_a_picture_of_that_size_stays_as_it_is() -> None:
    picture = np.arange(12 * 16, dtype=np.uint8).reshape(12, 16)
    assert downscale(picture, (16, 12)) is picture


def test_colour_is_kept() -> None:
    picture = np.full((480, 640, 3), (10, 20, 30), np.uint8)
    assert np.array_equal(downscale(picture, (320, 240)), np.full((240, 320, 3), (10, 20, 30), np.uint8))
