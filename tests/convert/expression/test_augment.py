"""Augmentation: limits, shares and random seeds, and no change outside of training."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="Keras is not installed: pip install -e .[convert]")

from assistant.vision.faces.preprocess import normalize
from convert.training.augment import Augment
from tests.support import drawn_faces

NO_CHANGE = {
    "rotation_deg": 0,
    "zoom": 0,
    "shift": 0,
    "contrast": 0,
    "brightness": 0,
    "blur_probability": 0,
    "erase_probability": 0,
    "horizontal_flip": False,
}


def _inputs(count: int = 64) -> np.ndarray:
    return normalize(np.stack([drawn_faces.picture(index % 7, index) for index in range(count)]))


def _augmented(inputs: np.ndarray, training: bool = True, seed: int = 5, **changes: object) -> np.ndarray:
    return np.asarray(Augment({**NO_CHANGE, **changes}, seed=seed)(inputs, training=training))


def test_outside_training_pictures_are_not_changed() -> None:
    inputs = _inputs()
    np.testing.assert_array_equal(np.asarray(Augment({}, seed=1)(inputs, training=False)), inputs)
    np.testing.assert_array_equal(np.asarray(Augment({}, seed=1)(inputs)), inputs)


def test_with_all_limits_at_zero_pictures_are_not_changed() -> None:
    inputs = _inputs()
    np.testing.assert_allclose(_augmented(inputs), inputs, atol=1e-4)


def test_default_augmentation_stays_in_the_range_of_a_grey_picture() -> None:
    inputs = _inputs()
    varied = np.asarray(Augment({}, seed=2)(inputs, training=True))
    assert varied.shape == inputs.shape
    assert varied.min() >= -2
    assert varied.max() <= 2
    assert np.isfinite(varied).all()
    assert (np.abs(varied - inputs).mean(axis=(1, 2, 3)) > 0.05).all()


def test_the_same_seed_gives_the_same_pictures_and_another_seed_does_not() -> None:
    inputs = _inputs()
    everything = {"rotation_deg": 15, "erase_probability": 0.5, "horizontal_flip": True, "brightness": 0.3}
    np.testing.assert_array_equal(_augmented(inputs, seed=7, **everything), _augmented(inputs, seed=7, **everything))
    assert not np.array_equal(_augmented(inputs, seed=7, **everything), _augmented(inputs, seed=8, **everything))


def test_about_half_of_the_pictures_are_mirrored_and_the_others_unchanged() -> None:
    inputs = _inputs(400)
    varied = _augmented(inputs, horizontal_flip=True)
    same = np.isclose(varied, inputs, atol=1e-3).all(axis=(1, 2, 3))
    mirrored = np.isclose(varied, inputs[:, :, ::-1], atol=1e-3).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert 160 < mirrored.sum() < 240


def test_brightness_and_contrast_stay_within_their_limits() -> None:
    flat = np.full((300, 48, 48, 1), 0.5, np.float32)
    changed = _augmented(flat, brightness=0.4)[:, 0, 0, 0] - 0.5
    assert np.abs(changed).max() <= 0.4 + 1e-6
    assert changed.min() < -0.3
    assert changed.max() > 0.3
    factor = _augmented(flat, contrast=0.2)[:, 0, 0, 0] / 0.5
    assert 0.8 - 1e-6 <= factor.min() < 0.85
    assert 1.15 < factor.max() <= 1.2 + 1e-6


def test_a_shift_is_at_most_its_limit() -> None:
    dot = np.full((200, 48, 48, 1), -2.0, np.float32)
    dot[:, 24, 24] = 1.9
    weight = _augmented(dot, shift=0.1)[..., 0] + 2
    line = np.arange(48)
    down = (weight.sum(axis=2) * line).sum(axis=1) / weight.sum(axis=(1, 2)) - 24
    assert np.abs(down).max() <= 4.8 + 0.01
    assert np.abs(down).max() > 4


def _spot(across: float, down: float, count: int = 400) -> np.ndarray:
    """Dark pictures with one soft bright spot at this offset from the centre."""
    line = np.arange(48) - 23.5
    one = 3.5 * np.exp(-((line[None, :] - across) ** 2 + (line[:, None] - down) ** 2) / (2 * 2.0**2)) - 2
    return np.repeat(one[None, :, :, None], count, axis=0).astype(np.float32)


def _spot_offsets(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offset of the spot from the centre in each picture, across and down."""
    weight, line = pictures[..., 0] + 2.0, np.arange(48) - 23.5
    whole = weight.sum(axis=(1, 2))
    return (weight.sum(axis=1) * line).sum(axis=1) / whole, (weight.sum(axis=2) * line).sum(axis=1) / whole


@pytest.mark.parametrize("limit", [6.0, 15.0, 20.0])
def test_rotation_is_uniform_up_to_its_limit_in_both_directions(limit: float) -> None:
    across, down = _spot_offsets(_augmented(_spot(0.0, 11.0), rotation_deg=limit))
    angle = np.degrees(np.arctan2(across, down))
    assert np.abs(angle).max() <= limit + 0.1
    assert angle.min() < -0.95 * limit
    assert angle.max() > 0.95 * limit
    assert np.abs(angle).mean() == pytest.approx(limit / 2, rel=0.15)  # uniform, not the limits alone
    np.testing.assert_allclose(
        np.hypot(across, down), 11.0, atol=0.1
    )  # rotated about the centre, without a change of size


@pytest.mark.parametrize("limit", [0.1, 0.22])
def test_zoom_is_uniform_up_to_its_limit_in_both_directions(limit: float) -> None:
    across, down = _spot_offsets(_augmented(_spot(7.0, -8.0), zoom=limit))
    size = np.hypot(across, down) / np.hypot(7.0, 8.0)
    assert 1 - limit - 0.01 <= size.min() < 1 - 0.95 * limit
    assert 1 + 0.95 * limit < size.max() <= 1 + limit + 0.01
    assert np.abs(size - 1).mean() == pytest.approx(limit / 2, rel=0.15)
    np.testing.assert_allclose(across / down, -7.0 / 8.0, atol=0.02)


def test_the_two_shifts_of_a_picture_are_independent() -> None:
    across, down = _spot_offsets(_augmented(_spot(0.0, 8.0), shift=0.1))
    for shift in (across, down - 8.0):
        assert np.abs(shift).max() <= 4.8 + 0.05
        assert shift.min() < -4.5
        assert shift.max() > 4.5
    assert abs(np.corrcoef(across, down)[0, 1]) < 0.2


def test_the_share_and_size_of_erased_rectangles() -> None:
    inputs = _inputs(600)
    erased = (_augmented(inputs, erase_probability=0.3) != inputs)[..., 0]
    area = erased.mean(axis=(1, 2))
    assert 0.2 < (area > 0).mean() < 0.4
    assert area.max() <= 0.26
    assert (_augmented(inputs, erase_probability=0.0) == inputs).mean() > 0.999


def test_blur_is_applied_to_its_share_of_the_pictures() -> None:
    inputs = _inputs(300)
    softer = _augmented(inputs, blur_probability=0.5).std(axis=(1, 2, 3)) < inputs.std(axis=(1, 2, 3)) - 1e-3
    assert 0.4 < softer.mean() < 0.6


def test_the_layer_is_rebuilt_from_its_configuration() -> None:
    layer = Augment({"erase_probability": 0.25}, seed=9)
    assert Augment.from_config(layer.get_config()).get_config() == layer.get_config()
