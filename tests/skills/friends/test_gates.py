"""Which views of a face are refused, and why."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import DetectorSettings
from assistant.records import Box, Face
from assistant.skills.friends.gates import MIN_WIDTH_PX, Refusal, refusal, view_quality
from assistant.vision.detectors import open_detector


@pytest.fixture(scope="module")
def photo(astronaut: NDArray[np.uint8]) -> tuple[Face, NDArray[np.uint8]]:
    """A face and its picture in grey, 512 pixels wide."""
    grey = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)
    return open_detector(DetectorSettings()).find(astronaut, grey)[0], grey


def test_a_good_view_is_not_refused(photo: tuple[Face, NDArray[np.uint8]]) -> None:
    assert refusal(*photo) is None
    assert 0.3 < view_quality(*photo) <= 1


def test_too_little_and_too_much_light(photo: tuple[Face, NDArray[np.uint8]]) -> None:
    face, grey = photo
    noise = np.random.default_rng(1).normal(0, 3, grey.shape)
    dark = np.clip(grey * 0.05 + noise, 0, 255).astype(np.uint8)
    assert refusal(face, dark) is Refusal.DARK
    assert refusal(face, np.clip(grey.astype(int) + 190, 0, 255).astype(np.uint8)) is Refusal.BRIGHT


def test_a_blurred_view(photo: tuple[Face, NDArray[np.uint8]]) -> None:
    face, grey = photo
    blurred = cv2.GaussianBlur(grey, (0, 0), 0.08 * face.box.width).astype(np.uint8, copy=False)
    assert refusal(face, blurred) is Refusal.BLURRED
    assert view_quality(face, blurred) < view_quality(face, grey)


def test_a_small_face(photo: tuple[Face, NDArray[np.uint8]]) -> None:
    face, grey = photo
    factor = 0.9 * MIN_WIDTH_PX / face.box.width
    small = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    assert face.landmarks is not None
    shrunk = Face(
        Box(*(value * factor for value in face.box)), 0.9, tuple((x * factor, y * factor) for x, y in face.landmarks)
    )
    assert refusal(shrunk, small) is Refusal.FAR


@pytest.mark.parametrize(("nose", "expected"), [(-0.4, Refusal.TURN_LEFT), (0.4, Refusal.TURN_RIGHT)])
def test_a_head_that_is_turned_too_far_is_asked_to_turn_back(
    photo: tuple[Face, NDArray[np.uint8]], nose: float, expected: Refusal
) -> None:
    face, grey = photo
    assert face.landmarks is not None
    right_eye, left_eye, (x, y), *mouth = face.landmarks
    turned = (right_eye, left_eye, (x + nose * face.box.width, y), *mouth)
    assert refusal(Face(face.box, face.score, turned), grey) is expected


def test_a_face_without_landmarks(photo: tuple[Face, NDArray[np.uint8]]) -> None:
    face, grey = photo
    assert refusal(Face(face.box, face.score), grey) is Refusal.NO_FACE
    assert view_quality(Face(face.box, face.score), grey) == 0
