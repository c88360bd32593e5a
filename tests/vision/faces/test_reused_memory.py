"""Grey picture and downscaling into memory that is used again: the same pixels as with new memory, and nobody else's
memory is written into."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assistant.records import Frame
from assistant.vision.faces.downscale import MAX_SHAPES, Downscaler, downscale
from assistant.vision.faces.grey_plane import GreyPlane
from assistant.vision.faces.preprocess import to_grey

SIDES = st.integers(16, 90)


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@given(st.lists(st.tuples(SIDES, SIDES, st.integers(1, 16), st.integers(1, 16), st.booleans()), min_size=1, max_size=8))
def test_a_downscaler_gives_what_downscale_gives(pictures: list[tuple[int, int, int, int, bool]]) -> None:
    reused = Downscaler()
    for seed, (height, width, to_height, to_width, is_colour) in enumerate(pictures):
        picture = noise(seed, height, width, *([3] if is_colour else []))
        held = picture.copy()
        assert np.array_equal(reused(picture, (to_width, to_height)), downscale(picture, (to_width, to_height)))
        assert np.array_equal(picture, held)
    assert len(reused._memory) <= MAX_SHAPES


def test_it_halves_while_it_can() -> None:
    picture = noise(1, 480, 640)
    expected = cv2.resize(cv2.resize(picture, (320, 240), interpolation=cv2.INTER_AREA), (200, 150), interpolation=3)
    assert np.array_equal(Downscaler()(picture, (200, 150)), expected)
    assert Downscaler()(picture, (640, 480)) is picture


def test_the_memory_is_used_again() -> None:
    reused = Downscaler()
    first = reused(noise(1, 480, 640), (320, 240))
    assert np.shares_memory(reused(noise(2, 480, 640), (320, 240)), first)
    assert not np.shares_memory(downscale(noise(2, 480, 640), (320, 240)), first)


def test_the_grey_of_a_frame_is_made_once_into_the_same_memory() -> None:
    plane, colours = GreyPlane(), [noise(seed, 40, 60, 3) for seed in range(3)]
    frames = [Frame(colour, 0.0, number) for number, colour in enumerate(colours)]
    first = plane.of(frames[0])
    assert plane.of(frames[0]) is first
    for frame in (*frames, Frame(noise(9, 50, 20, 3), 0.0, 4), *frames):
        assert np.array_equal(plane.of(frame), to_grey(frame.image))
    assert np.shares_memory(plane.of(frames[0]), plane.of(frames[1]))


def test_the_cameras_own_grey_picture_is_never_written_into() -> None:
    plane, grey = GreyPlane(), noise(1, 40, 60)
    held = grey.copy()
    plane.of(Frame(noise(2, 40, 60, 3), 0.0, 1))
    assert plane.of(Frame(grey, 0.1, 2)) is grey
    assert np.array_equal(plane.of(Frame(noise(3, 40, 60, 3), 0.2, 3)), to_grey(noise(3, 40, 60, 3)))
    one_channel = grey[:, :, np.newaxis]
    plane.of(Frame(one_channel, 0.3, 4))
    plane.of(Frame(noise(4, 40, 60, 3), 0.4, 5))
    assert np.array_equal(grey, held)
