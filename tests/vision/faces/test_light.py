"""Faces in little light: which are too dark to be read, and how the others are brightened."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.vision.faces import light


def drawn_face(skin: float = 170.0) -> np.ndarray:
    """A face of so many grey levels, its features a third as light, float64 [48, 48]."""
    drawn = np.full((48, 48), skin)
    for x, y in ((16, 20), (32, 20)):
        cv2.circle(drawn, (x, y), 4, skin / 3, -1)
    cv2.ellipse(drawn, (24, 35), (8, 3), 0, 0, 360, skin / 3, -1)
    return cv2.GaussianBlur(drawn, (0, 0), 1.0)


def seen(share: float, noise: float, skin: float = 170.0) -> np.ndarray:
    """The face at a share of the light with noise of so many grey levels, uint8 [48, 48]."""
    grain = np.random.default_rng(3).normal(0, 1, (48, 48)) * noise
    return np.clip(np.rint(drawn_face(skin) * share + grain), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("skin", [90.0, 120.0, 170.0, 230.0])
def test_skin_of_any_tone_is_not_taken_for_shadow(skin: float) -> None:
    assert not light.is_too_dark(seen(0.2, 0.5, skin))
    assert not light.is_too_dark(seen(1.0, 3.0, skin))


@pytest.mark.parametrize("skin", [60.0, 100.0, 170.0])
def test_a_face_that_drowns_in_noise_is_too_dark_however_light_its_skin_is(skin: float) -> None:
    assert light.is_too_dark(seen(0.05, 3.0, skin))
    assert light.is_too_dark(np.zeros((48, 48), np.uint8))


def test_a_bright_face_without_contrast_is_not_too_dark() -> None:
    assert not light.is_too_dark(np.full((48, 48), 200, np.uint8))


def test_contrast_over_noise_does_not_depend_on_brightness() -> None:
    half, full = light.contrast_to_noise(seen(0.5, 2.0)), light.contrast_to_noise(seen(1.0, 4.0))
    assert half == pytest.approx(full, rel=0.03)
    assert light.contrast_to_noise(seen(1.0, 8.0)) < full


def test_a_dim_face_gets_the_contrast_of_a_lit_one_and_a_lit_one_stays_as_it_is() -> None:
    lit = seen(1.0, 0.5)
    assert light.raise_contrast(lit) is lit
    raised = light.raise_contrast(seen(0.1, 0.3))
    assert raised[light.INTERIOR].mean() == pytest.approx(light.TARGET_MEAN, abs=20)
    assert raised[light.INTERIOR].std() == pytest.approx(light.TARGET_CONTRAST, rel=0.3)
    order = np.argsort(drawn_face().ravel(), kind="stable")
    assert raised.ravel()[order[:60]].max() < raised.ravel()[order[-600:]].min(), "features stay darker than skin"


@given(st.integers(0, 59), st.integers(0, 255), st.integers(0, 1000))
def test_raising_contrast_never_changes_the_order_of_grey_levels(mean: int, other: int, seed: int) -> None:
    crop = np.random.default_rng(seed).choice(np.array([mean // 2, mean, other // 4], np.uint8), (48, 48))
    raised = light.raise_contrast(crop)
    levels = [int(raised[crop == level][0]) for level in np.unique(crop)]
    assert levels == sorted(levels)
