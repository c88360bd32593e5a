"""Pictures that show nothing become a fault after its dwell time and no earlier; a dull room never does."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.records import FaultName
from assistant.vision.cameras.demo import photograph
from assistant.vision.cameras.image_health import ImageHealth
from tests.support.standins import needs_photographs

SIZE = (480, 640)
RNG = np.random.default_rng(1)


def black(at: float) -> np.ndarray:
    return np.clip(RNG.normal(2, 2, SIZE), 0, 255).astype(np.uint8)


def room() -> np.ndarray:
    """A wall, a door and a floor, with a sensor's grain."""
    made = np.full(SIZE, 150, np.float32)
    made[300:] = 90
    made[80:320, 200:330] = 60
    made[100:200, 420:600] = 210
    return np.clip(made + RNG.normal(0, 3, SIZE), 0, 255).astype(np.uint8)


def watched(
    pictures: Callable[[float], np.ndarray],
    seconds: float,
    fps: float = 5.0,
    health: ImageHealth | None = None,
    start: float = 0.0,
) -> dict[str, float]:
    """When each fault became active, by name."""
    health, found = health or ImageHealth(), {}
    for number in range(int(seconds * fps)):
        at = start + number / fps
        for name, is_active in health.update(pictures(at), at).items():
            if is_active:
                found.setdefault(name, at - start)
    return found


@pytest.mark.parametrize(
    ("pictures", "fault"),
    [
        (black, "black"),
        (lambda at: np.zeros(SIZE, np.uint8), "black"),
        (lambda at: np.full(SIZE, 128, np.uint8), "blank"),
        (lambda at: np.full(SIZE, 255, np.uint8), "blank"),
        (lambda at: np.clip(RNG.normal(90, 2, SIZE), 0, 255).astype(np.uint8), "blank"),
        (lambda at: RNG.integers(0, 256, SIZE, dtype=np.uint8), "blank"),
    ],
    ids=["cap", "zeros", "grey", "white", "wall of fog", "garbage"],
)
def test_pictures_that_show_nothing_are_one_fault_after_its_dwell_time(
    pictures: Callable[[float], np.ndarray], fault: str
) -> None:
    found = watched(pictures, 8)
    assert set(found) == {fault}
    assert 4 <= found[fault] <= 6


def test_a_room_is_no_fault_however_long() -> None:
    still = room()
    assert watched(lambda at: still, 30) == {}
    dim = (still * 0.15).astype(np.uint8)
    assert watched(lambda at: dim, 30) == {}


@needs_photographs
def test_a_smeared_lens_is_blurred_and_a_sharp_picture_is_not() -> None:
    sharp = cv2.cvtColor(cv2.resize(photograph("astronaut"), (640, 480)), cv2.COLOR_BGR2GRAY)
    assert watched(lambda at: sharp, 20) == {}
    soft = cv2.GaussianBlur(sharp, (0, 0), 12)
    found = watched(lambda at: soft, 20)
    assert set(found) == {"blurred"}
    assert 10 <= found["blurred"] <= 15


@pytest.mark.parametrize(("fps", "is_slow"), [(0.5, True), (0.8, True), (2.0, False), (30.0, False)])
def test_less_than_a_frame_a_second_is_slow(fps: float, is_slow: bool) -> None:
    still = room()
    found = watched(lambda at: still, 20, fps)
    assert ("slow" in found) is is_slow
    assert found.get("slow", 0) <= 7


def test_a_fault_ends_soon_after_its_cause() -> None:
    health, still = ImageHealth(), room()
    assert watched(black, 8, health=health) != {}
    ends = next(at for at in np.arange(0, 5, 0.2) if not any(health.update(still, 8 + at).values()))
    assert ends <= 2


def test_a_pause_restarts_the_dwell_times() -> None:
    health = ImageHealth()
    assert watched(black, 4.5, health=health) == {}
    health.pause()
    assert watched(black, 4.5, health=health, start=10.0) == {}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["room", "black"]), st.integers(1, 20)), min_size=2, max_size=8))
def test_an_active_fault_has_lasted_and_an_ended_one_was_absent(runs: list[tuple[str, int]]) -> None:
    """Whatever alternates, the state never changes sooner than the fault's dwell time after the last flip."""
    kinds = [kind for kind, pictures in runs for _ in range(pictures)]
    health, still, flat = ImageHealth(), room(), np.zeros(SIZE, np.uint8)
    was_active, flipped = False, 0.0
    for number, kind in enumerate(kinds):
        at = number * 0.5
        if number and kind != kinds[number - 1]:
            flipped = at
        is_active = health.update(still if kind == "room" else flat, at)["black"]
        if is_active and not was_active:
            assert kind == "black"
            assert at - flipped >= 5.0
        if was_active and not is_active:
            assert kind == "room"
            assert at - flipped >= 1.0
        was_active = is_active


def test_a_picture_that_shows_what_the_last_one_did_counts_like_it() -> None:
    health, black = ImageHealth(), np.zeros((480, 640), np.uint8)
    told = [health.update(black if number % 10 == 0 else None, number / 10) for number in range(80)]
    assert not told[45][FaultName.BLACK]
    assert told[55][FaultName.BLACK]
    assert not any(each[FaultName.SLOW] for each in told)
