"""Motion is told from noise by the share of pixels that change."""

import numpy as np
import pytest

from assistant.vision.detectors.motion import Motion

ROOM = np.random.default_rng(0).integers(60, 200, (480, 640)).astype(np.uint8)


@pytest.fixture
def motion() -> Motion:
    made = Motion()
    made.mark(ROOM)
    return made


def test_noise_and_light_are_no_motion(motion: Motion) -> None:
    noise = np.random.default_rng(1).normal(0, 5, ROOM.shape)
    assert not motion.is_since_mark(np.clip(ROOM + noise, 0, 255).astype(np.uint8))
    assert not motion.is_since_mark(ROOM + np.uint8(20))


def test_a_person_far_away_is_motion(motion: Motion) -> None:
    came = ROOM.copy()
    came[200:360, 300:340] = 20
    assert motion.is_since_mark(came)
    motion.mark(came)
    assert not motion.is_since_mark(came)


def test_a_turned_camera_and_another_size_are_motion(motion: Motion) -> None:
    assert motion.is_since_mark(np.roll(ROOM, 40, axis=1))
    assert motion.is_since_mark(ROOM[:240, :320])


def test_the_frame_may_be_overwritten_after_it_was_marked(motion: Motion) -> None:
    reused = ROOM.copy()
    motion.mark(reused)
    reused[:] = 0
    assert motion.is_since_mark(reused)
