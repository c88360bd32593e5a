"""Head pose from five landmarks, and the quality checks of faces and frames."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Box, Face
from assistant.vision.faces import preprocess, quality
from assistant.vision.faces.preprocess import LANDMARK_TEMPLATE
from tests.support.standins import face

UPRIGHT = [tuple(point) for point in LANDMARK_TEMPLATE]
ANGLES = st.floats(-80, 80)
SIZES = st.floats(0.5, 20)


def held(
    roll_deg: float = 0.0, nose: float = 0.0, scale: float = 1.0, mirror: bool = False
) -> list[tuple[float, float]]:
    """The landmark template: its nose moved by a share of the eye-mouth distance, mirrored, scaled, turned
    clockwise."""
    points = LANDMARK_TEMPLATE - LANDMARK_TEMPLATE.mean(axis=0)
    points[2, 0] += nose * (points[3, 1] - points[0, 1])
    if mirror:
        points = (points * (-1, 1))[[1, 0, 2, 4, 3]]
    angle = math.radians(roll_deg)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return [(float(x), float(y)) for x, y in scale * points @ turn.T + (300, 200)]


def test_the_template_face_looks_ahead() -> None:
    pose = quality.head_pose(UPRIGHT)
    assert pose.roll_deg == pytest.approx(0, abs=1e-6)
    assert pose.turn == pytest.approx(0, abs=0.01)
    assert pose.facing == "ahead"
    assert not quality.is_side_on(UPRIGHT)


@given(ANGLES, st.floats(-0.4, 0.4), SIZES)
def test_roll_is_the_rotation_and_turn_does_not_depend_on_it(roll: float, nose: float, scale: float) -> None:
    pose, upright = quality.head_pose(held(roll, nose, scale)), quality.head_pose(held(0, nose))
    assert pose.roll_deg == pytest.approx(roll, abs=1e-3)
    assert pose.turn == pytest.approx(upright.turn, abs=1e-6)
    assert pose.turn == pytest.approx(nose, abs=0.01)


@given(ANGLES, st.floats(-0.4, 0.4))
def test_a_mirror_swaps_left_and_right(roll: float, nose: float) -> None:
    assert quality.head_pose(held(roll, nose, mirror=True)).turn == pytest.approx(
        -quality.head_pose(held(roll, nose)).turn
    )


@pytest.mark.parametrize(("nose", "facing"), [(-0.2, "left"), (-0.05, "ahead"), (0.05, "ahead"), (0.2, "right")])
def test_which_way_a_head_is_turned(nose: float, facing: str) -> None:
    assert quality.head_pose(held(20, nose)).facing == facing


@pytest.mark.parametrize(("nose", "side_on"), [(0.2, False), (0.3, True), (-0.3, True), (math.nan, False)])
def test_a_head_turned_far_is_side_on(nose: float, side_on: bool) -> None:
    assert quality.is_side_on(held(0, nose)) == side_on


@pytest.mark.parametrize(("share", "side_on"), [(1.0, False), (0.85, False), (0.75, True), (0.5, True)])
def test_a_face_that_has_become_narrow_is_side_on(share: float, side_on: bool) -> None:
    points = np.array(held(0)) * (share, 1)
    assert quality.is_side_on([tuple(point) for point in points]) == side_on


def test_a_face_without_landmarks_is_not_side_on() -> None:
    assert not quality.is_side_on(None)


def test_landmarks_in_one_point_have_no_pose() -> None:
    assert not quality.is_side_on([(5.0, 5.0)] * 5)


BLOCKS = np.random.default_rng(5).integers(0, 256, (48, 64)).astype(np.uint8)
SHARP = cv2.resize(BLOCKS, (640, 480), interpolation=cv2.INTER_NEAREST)


def frame(low: int = 60, high: int = 190) -> np.ndarray:
    """A sharp texture between two grey levels, uint8 [480, 640]."""
    return cv2.normalize(SHARP, None, low, high, cv2.NORM_MINMAX)


def in_the_dark() -> np.ndarray:
    """A frame of noise of 3 grey levels, in which nothing can be seen, uint8 [480, 640]."""
    noise = np.random.default_rng(7).normal(9, 3, (480, 640))
    return np.clip(np.rint(noise), 0, 255).astype(np.uint8)


def reason(grey: np.ndarray, found: Face, is_occluded: bool = False) -> str:
    return quality.rejection_reason(found, preprocess.face_crop(grey, found), grey, lambda crop: is_occluded)


def test_an_ordinary_face_is_not_rejected() -> None:
    assert reason(frame(), face(280)) == ""
    assert quality.rejection_reason(face(280), preprocess.face_crop(frame(), face(280)), frame(), None) == ""


def test_assessing_a_face_gives_its_crop_and_the_reason() -> None:
    seen: list[np.ndarray] = []

    def is_occluded(crop: np.ndarray) -> bool:
        seen.append(crop)
        return True

    crop, why = quality.assess_face(frame(), face(280), 0.25, is_occluded)
    np.testing.assert_array_equal(crop, preprocess.face_crop(frame(), face(280), 0.25))
    assert (why, len(seen), seen[0] is crop) == ("occluded", 1, True)
    assert quality.assess_face(frame(), face(280), 0.25, None)[1] == ""


@pytest.mark.parametrize(
    ("grey", "found", "why"),
    [
        (in_the_dark(), face(280), "dark"),
        (np.maximum(frame(), 252).astype(np.uint8), face(280), "bright"),
        (frame(), face(280, size=30), "far"),
        (np.maximum(frame(), 252).astype(np.uint8), face(280, size=42), "bright"),
        (cv2.GaussianBlur(frame(), (0, 0), 6), face(280), "blurred"),
        (cv2.blur(frame(), (31, 1)), face(280), "blurred"),
        (cv2.blur(frame(), (1, 31)), face(280), "blurred"),
    ],
)  # fmt: skip
def test_each_reason_for_a_rejection_is_named(grey: np.ndarray, found: Face, why: str) -> None:
    assert reason(grey.astype(np.uint8), found) == why


@pytest.mark.parametrize(("lightest", "why"), [(30, "dark"), (46, "")])
def test_a_frame_is_too_dark_by_the_lightest_twentieth_of_its_pixels(lightest: int, why: str) -> None:
    assert quality.frame_rejection_reason(np.minimum(frame(0, 70), lightest).astype(np.uint8)) == why


def test_side_on_and_occluded_are_checked_after_what_spoils_landmarks() -> None:
    turned = tuple(held(0, 0.3, 3.0))
    found = Face(Box(220, 120, 160, 160), 0.9, turned)
    assert reason(frame(), found, is_occluded=True) == "side_on"
    assert reason(in_the_dark(), found, is_occluded=True) == "dark"
    assert reason(frame(), face(280), is_occluded=True) == "occluded"


def test_in_a_frame_with_glare_any_rejection_is_for_brightness() -> None:
    glaring = np.full((480, 640), 255, np.uint8)
    glaring[100:180, 280:360] = frame()[100:180, 280:360]
    assert reason(glaring, face(300, 110, size=40)) == "bright"
    assert reason(glaring, face(280), is_occluded=True) == "bright"
    assert reason(glaring, face(280)) == "", "a well lit face is accepted whatever the background"


def test_far_depends_on_the_share_of_the_frame_and_not_on_its_pixels() -> None:
    large = cv2.resize(frame(), (1280, 960))
    assert reason(large, face(560, size=88)) == "far"
    assert reason(large, face(560, size=96)) == ""


@pytest.mark.parametrize(
    ("size", "score", "why"), [(45, 0.9, "far"), (47, 0.9, ""), (47, 0.5, "far"), (51, 0.5, "far"), (53, 0.5, "")]
)
def test_a_small_face_with_a_low_score_is_too_far_sooner(size: int, score: float, why: str) -> None:
    assert reason(frame(), Face(Box(280, 100, size, size), score)) == why


@given(st.integers(0, 200), st.integers(30, 55))
def test_sharpness_does_not_depend_on_light_and_contrast(low: int, spread: int) -> None:
    assert quality.sharpness(frame(low, low + spread)) == pytest.approx(quality.sharpness(frame(0, 255)), rel=0.1)


def test_a_picture_without_gradients_is_not_blurred() -> None:
    assert quality.sharpness(np.full((48, 48), 90, np.uint8)) == math.inf


def test_the_reason_why_faces_may_be_missed_in_a_frame() -> None:
    assert quality.frame_rejection_reason(frame()) == ""
    assert quality.frame_rejection_reason(frame(0, 20)) == "dark"
    assert quality.frame_rejection_reason(np.full((480, 640), 255, np.uint8)) == "bright"
    assert quality.frame_rejection_reason(cv2.GaussianBlur(frame(), (0, 0), 12)) == "blurred"


def test_a_finger_on_the_lens_is_not_a_dark_room() -> None:
    noise = np.random.default_rng(2).normal(0, 3, (480, 640))
    assert quality.frame_brightness(np.clip(25 + noise, 0, 255).astype(np.uint8)).is_flat
    room = np.clip(25 + 20 * np.sin(np.arange(640) / 60) + noise, 0, 255).astype(np.uint8)
    assert not quality.frame_brightness(room).is_flat
    assert not quality.frame_brightness(np.full((480, 640), 130, np.uint8)).is_flat, "a wall in the light"


def test_a_box_beyond_the_edge_still_has_pixels() -> None:
    for box in (Box(-50, -50, 20, 20), Box(900, 900, 20, 20), Box(630, 470, 80, 80), Box(10, 10, 0, 0)):
        assert quality.pixels_in(frame(), box).size >= 1
