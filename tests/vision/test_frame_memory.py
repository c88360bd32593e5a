"""In steady state a frame takes a bounded amount of fresh memory, however large the camera's pictures are."""

import tracemalloc

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.records import Frame
from assistant.vision import factory
from assistant.vision.cameras.image_health import ImageHealth
from tests.support.standins import needs_photographs
from tests.support.standins import picture as picture_of_a_room

MOST_BYTES = 200_000
"""Fresh memory in use at one moment of a frame, at most: the grey picture of 640x480 alone takes 307,200. What there is
are two pictures of 160x120 in float32, by which sharpness is judged."""
WARM_UP, COUNTED = 8, 8


@needs_photographs
@pytest.mark.parametrize("size", [(640, 480), (1280, 720)], ids=["640x480", "1280x720"])
@pytest.mark.parametrize("is_somebody_there", [True, False], ids=["a face", "an empty room"])
def test_no_frame_takes_memory_in_proportion_to_its_size(
    size: tuple[int, int], is_somebody_there: bool, astronaut: NDArray[np.uint8]
) -> None:
    picture = astronaut if is_somebody_there else picture_of_a_room()
    made = [
        Frame(np.roll(cv2.resize(picture, size), number, axis=1), number / 10, number)
        for number in range(WARM_UP + COUNTED)
    ]
    pipeline, health, most = factory.make_pipeline(Settings()), ImageHealth(), []
    for frame in made[:WARM_UP]:
        health.update(pipeline.grey(frame), frame.at)
        assert bool(pipeline.step(frame).tracks) == is_somebody_there
    tracemalloc.start()
    try:
        for frame in made[WARM_UP:]:
            before, _ = tracemalloc.get_traced_memory()
            tracemalloc.reset_peak()
            health.update(pipeline.grey(frame), frame.at)
            pipeline.step(frame)
            most.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    assert 0 < max(most) < MOST_BYTES, most
