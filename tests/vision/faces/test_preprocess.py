"""Preprocessing: crops, alignment and scaling give the same values in training, calibration, evaluation and serving."""

import math
import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.vision.faces import preprocess
from assistant.vision.faces.preprocess import CROP_SIDE

RNG = np.random.default_rng(7)


def test_every_grey_level_has_its_own_exact_value() -> None:
    levels = np.arange(256, dtype=np.uint8)
    crops = np.resize(levels, (1, CROP_SIDE, CROP_SIDE))
    values = preprocess.normalize(crops)
    assert values.shape == (1, CROP_SIDE, CROP_SIDE, 1)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values[0, :, :, 0] * 64 + 128, crops[0].astype(np.float32))
    assert values.min() == -2.0
    assert values.max() == 127 / 64


def test_only_grey_crops_of_the_right_size_and_type_are_accepted() -> None:
    for wrong in (
        np.zeros((CROP_SIDE, CROP_SIDE), np.float32),
        np.zeros((CROP_SIDE, CROP_SIDE + 1), np.uint8),
        np.zeros((CROP_SIDE, CROP_SIDE, 1), np.uint8),
    ):
        with pytest.raises(ValueError, match="expected grey crops uint8"):
            preprocess.normalize(wrong)


def test_a_finished_crop_passes_unchanged_through_cropping() -> None:
    crop = RNG.integers(0, 256, (CROP_SIDE, CROP_SIDE), dtype=np.uint8)
    np.testing.assert_array_equal(preprocess.crop(crop, Box(0, 0, CROP_SIDE, CROP_SIDE)), crop)


@pytest.mark.parametrize("side", [24, 48, 97, 200, 333])
def test_a_changed_mouth_changes_the_crop_and_a_changed_wall_does_not(side: int) -> None:
    grey = RNG.integers(90, 110, (400, 500), dtype=np.uint8)
    box = Box(60, 40, side, side)
    before = preprocess.crop(grey, box)
    mouth = grey.copy()
    y, x, half = 40 + int(0.8 * side), 60 + side // 2, max(2, side // 8)
    mouth[y - half // 2 : y + half // 2 + 1, x - half : x + half] = 255
    changed = preprocess.crop(mouth, box).astype(int) - before
    assert np.abs(changed).max() > 40
    assert np.abs(changed)[: CROP_SIDE // 2].max() < 30  # the forehead stays
    wall = grey.copy()
    wall[:, 60 + side + 2 :] = 255
    np.testing.assert_array_equal(preprocess.crop(wall, box), before)


@given(st.floats(-60, 130), st.floats(-60, 110), st.floats(1, 200), st.floats(0.5, 2), st.floats(0, 0.5))
def test_any_box_that_touches_the_picture_gives_a_crop(
    x: float, y: float, width: float, ratio: float, margin: float
) -> None:
    grey = np.full((100, 120), 77, np.uint8)
    box = Box(x, y, width, width * ratio)
    side = max(box.width, box.height) * (1 + 2 * margin)
    centre_x, centre_y = x + width / 2, y + width * ratio / 2
    touches = -side / 2 + 1 < centre_x < 120 + side / 2 - 1 and -side / 2 + 1 < centre_y < 100 + side / 2 - 1
    if touches:
        crop = preprocess.crop(grey, box, margin)
        assert crop.shape == (CROP_SIDE, CROP_SIDE)
        assert crop.dtype == np.uint8
        assert (crop == 77).all()


def test_a_box_outside_the_picture_is_an_error_that_names_the_box() -> None:
    with pytest.raises(ValueError, match="outside the picture of 120x100"):
        preprocess.crop(np.zeros((100, 120), np.uint8), Box(500, 500, 20, 20))


def test_a_margin_shows_more_around_the_box() -> None:
    grey = np.zeros((200, 200), np.uint8)
    grey[75:125, 75:125] = 200
    tight, loose = preprocess.crop(grey, Box(75, 75, 50, 50)), preprocess.crop(grey, Box(75, 75, 50, 50), 0.25)
    assert tight.min() == 200
    assert abs((loose > 100).mean() - 1 / 1.5**2) < 0.05


def test_grey_of_every_kind_of_picture() -> None:
    grey = RNG.integers(0, 256, (5, 7), dtype=np.uint8)
    assert preprocess.to_grey(grey) is grey
    for channels in (1, 3, 4):
        np.testing.assert_array_equal(preprocess.to_grey(np.repeat(grey[:, :, np.newaxis], channels, axis=2)), grey)
    red = np.zeros((2, 2, 3), np.uint8)
    red[:, :, 2] = 255
    assert preprocess.to_grey(red)[0, 0] == 76  # 0.299 of red, which is BGR's last channel
    with pytest.raises(ValueError, match=r"got \[5, 7, 2\]"):
        preprocess.to_grey(np.zeros((5, 7, 2), np.uint8))


def test_an_oblong_box_is_centred_in_both_directions() -> None:
    grey = np.zeros((200, 200), np.uint8)
    grey[60:140, 80:120] = 200
    crop = preprocess.crop(grey, Box(80, 60, 40, 80))
    assert (crop[:, 24] == 200).all()
    assert (crop[:, 0] == 0).all()


@pytest.mark.parametrize("box", [Box(-200, 40, 50, 50), Box(40, -60, 50, 50), Box(-60, 40, 50, 50)])
def test_a_box_left_of_or_above_the_picture_is_outside_too(box: Box) -> None:
    with pytest.raises(ValueError, match="outside the picture"):
        preprocess.crop(np.zeros((100, 120), np.uint8), box)


def drawn(angle: float, scale: float, size: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """A picture with white dots where the landmarks of a face are, turned and scaled about its middle; and these."""
    turn = math.radians(angle)
    turning = scale * np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    points = (preprocess.LANDMARK_TEMPLATE - 24) @ turning.T + size / 2
    grey = np.full((size, size), 40, np.uint8)
    for x, y in points:
        cv2.circle(grey, (round(x), round(y)), max(1, round(1.5 * scale)), 255, -1)
    return grey, points


@pytest.mark.parametrize("angle", [-90, -45, -10, 0, 30, 60])
@pytest.mark.parametrize("scale", [1.0, 2.5, 6.0])
def test_an_aligned_face_is_upright_whatever_its_tilt_and_size(angle: float, scale: float) -> None:
    grey, points = drawn(angle, scale)
    made = preprocess.align(grey, points)
    assert made.shape == (48, 48)
    assert made.dtype == np.uint8
    for x, y in preprocess.LANDMARK_TEMPLATE:
        assert made[round(y), round(x)] > 180, (x, y)
    assert made[:8].max() == made[44:].max() == 40


def test_a_large_face_is_averaged_not_sampled() -> None:
    """A fine check pattern becomes an even grey, as in `crop`."""
    grey = (np.indices((480, 480)).sum(axis=0) % 2 * 255).astype(np.uint8)
    points = (preprocess.LANDMARK_TEMPLATE - 24) * 9 + 240
    made = preprocess.align(grey, points)
    assert abs(float(made.mean()) - 127.5) < 3
    assert made.std() < 12


def test_a_box_many_times_the_picture_is_cropped_fast_and_shows_the_same() -> None:
    grey = np.zeros((200, 8000), np.uint8)
    grey[:, 4000:] = 200
    began = time.process_time()
    made = preprocess.crop(grey, Box(-8000, -12_000, 24_000, 24_000))
    assert time.process_time() - began < 0.5
    assert made.shape == (48, 48)
    assert made[:, :22].max() < 10
    assert made[:, 26:].min() > 190


def test_a_face_without_landmarks_is_cut_out_along_its_box() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (100, 120)).astype(np.uint8)
    box = Box(20, 10, 50, 60)
    np.testing.assert_array_equal(preprocess.face_crop(grey, Face(box, 0.9), 0.1), preprocess.crop(grey, box, 0.1))


@pytest.mark.parametrize(
    "landmarks",
    [
        ((30.0, 30.0),) * 5,
        ((math.nan, 1.0), *((float(i), 5.0) for i in range(4))),
        ((0.0, 0.0), (1e6, 0.0)) + ((1.0, 1.0),) * 3,
    ],
)
def test_implausible_landmarks_are_ignored(landmarks: tuple[tuple[float, float], ...]) -> None:
    grey = np.random.default_rng(1).integers(0, 256, (100, 120)).astype(np.uint8)
    box = Box(20, 10, 50, 60)
    made = preprocess.face_crop(grey, Face(box, 0.9, landmarks))
    np.testing.assert_array_equal(made, preprocess.crop(grey, box))


@pytest.mark.parametrize(("off", "is_followed"), [(0.0, True), (40.0, True), (140.0, False), (-140.0, False)])
def test_landmarks_far_from_their_box_are_ignored(off: float, is_followed: bool) -> None:
    grey, points = drawn(30, 2.5)
    found = Face(Box(140, 140, 120, 120), 0.9, tuple((float(x) + off, float(y)) for x, y in points))
    along_the_box = np.array_equal(preprocess.face_crop(grey, found), preprocess.crop(grey, found.box))
    assert along_the_box != is_followed


def test_a_face_at_the_edge_repeats_it() -> None:
    grey, points = drawn(0, 3.0)
    made = preprocess.align(grey[:, 200:], points - (200, 0))  # half of the face is outside
    assert made.shape == (48, 48)
    assert made[round(preprocess.LANDMARK_TEMPLATE[1, 1]), round(preprocess.LANDMARK_TEMPLATE[1, 0])] > 180
    left_out = preprocess.align(np.full((50, 50), 77, np.uint8), points + 500)
    assert (left_out == 77).all()
