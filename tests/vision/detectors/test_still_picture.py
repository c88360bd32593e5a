"""Whether a picture, or a face in it, shows the same: noise is no change, a small movement is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assistant.records import Box
from assistant.vision.detectors.still_picture import cells_of, is_same_face, is_same_picture
from assistant.vision.faces.downscale import Downscaler, downscale
from tests.support.standins import picture


def cells(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return cells_of(grey, Downscaler())


def noisy(grey: NDArray[np.uint8], sigma: float, seed: int) -> NDArray[np.uint8]:
    noise = np.random.default_rng(seed).normal(0, sigma, grey.shape)
    return np.clip(np.rint(grey + noise), 0, 255).astype(np.uint8)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.booleans())
def test_the_noise_of_a_sensor_is_no_change(seed: int, is_upright: bool) -> None:
    """Also of a camera that is mounted upright (camera.rotate)."""
    still = np.ascontiguousarray(np.rot90(picture("neutral"))) if is_upright else picture("neutral")
    before, now = cells(noisy(still, 5.0, seed)), cells(noisy(still, 5.0, seed + 1))
    assert is_same_picture(before, now)
    assert is_same_face(before, now, Box(200, 100, 160, 190), still.shape[1])


@settings(max_examples=25)
@given(st.integers(0, 590), st.integers(0, 430))
def test_a_small_thing_that_appears_anywhere_is_a_change(x: int, y: int) -> None:
    still = noisy(picture("neutral"), 3.0, 1)
    moved = noisy(picture("neutral"), 3.0, 2)
    moved[y : y + 40, x : x + 40] = 30
    assert not is_same_picture(cells(still), cells(moved))


def test_a_mouth_that_moves_is_a_change_of_its_face_alone() -> None:
    still, smiling = noisy(picture("neutral"), 3.0, 1), noisy(picture("neutral"), 3.0, 2)
    face, other = Box(280, 180, 80, 96), Box(40, 180, 80, 96)
    smiling[246:254, 304:336] = np.clip(smiling[246:254, 304:336].astype(int) - 25, 0, 255)
    assert not is_same_face(cells(still), cells(smiling), face, 640)
    assert is_same_face(cells(still), cells(smiling), other, 640)


def test_in_dim_light_a_mouth_that_moves_is_a_change_too_and_noise_is_none() -> None:
    """A third of the light: all differences are a third as large."""
    dim, face = (picture("neutral") * 0.35).astype(np.uint8), Box(280, 180, 80, 96)
    still, again, smiling = (noisy(dim, 3.0, seed) for seed in (1, 2, 3))
    smiling[248:256, 304:336] = np.clip(smiling[248:256, 304:336].astype(int) - 4, 0, 255)  # 12 in full light
    assert is_same_face(cells(still), cells(again), face, 640)
    assert not is_same_face(cells(still), cells(smiling), face, 640)


def test_what_comes_near_a_face_counts_as_its_change() -> None:
    still, near = picture("neutral"), picture("neutral").copy()
    near[180:276, 362:374] = 10  # beyond the right edge of the box
    assert not is_same_face(cells(still), cells(near), Box(280, 180, 80, 96), 640)


@pytest.mark.parametrize("box", [Box(700, 10, 50, 60), Box(-200, 10, 50, 60), Box(10, 600, 50, 60)])
def test_a_face_outside_the_picture_is_never_known(box: Box) -> None:
    still = cells(picture("neutral"))
    assert not is_same_face(still, still, box, 640)


def test_another_size_is_a_change() -> None:
    small, large = cells(picture("neutral", (320, 240))), cells(picture("neutral", (480, 640)))
    assert not is_same_picture(large, small)
    assert not is_same_face(large, small, Box(10, 10, 50, 60), 480)
    assert not is_same_picture(None, small)


@pytest.mark.parametrize(("size", "shape"), [
    ((640, 480), (60, 80)), ((480, 640), (80, 60)), ((320, 240), (60, 80)), ((1280, 720), (45, 80)),
    ((160, 120), (60, 80)), ((300, 2), (1, 150)), ((2, 300), (150, 1)),
])  # fmt: skip
def test_cells_are_halvings_of_the_picture(size: tuple[int, int], shape: tuple[int, int]) -> None:
    grey = np.random.default_rng(1).integers(0, 256, (size[1], size[0]), np.uint8)
    assert cells(grey).shape == shape
    assert abs(float(cells(grey).mean()) - float(grey.mean())) < 1.5


def test_the_lens_is_judged_alike_by_the_cells() -> None:
    grey = picture("happy")
    assert np.array_equal(downscale(cells(grey), (16, 12)), downscale(grey, (16, 12)))


def test_the_cells_stay_when_others_are_made() -> None:
    downscaler = Downscaler()
    first = cells_of(picture("angry"), downscaler)
    kept = first.copy()
    cells_of(picture("neutral"), downscaler)
    assert np.array_equal(first, kept)
