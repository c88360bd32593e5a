"""Looks at the scene: only who waits costs anything, and gets the next frame in colour."""

import threading

import numpy as np
import pytest

from assistant.errors import SkillCancelledError, SkillError
from assistant.people import PersonView
from assistant.records import Box, Frame
from assistant.skills.session import Look
from assistant.vision.looks import Looks, in_colour
from assistant.vision.queries.snapshot import SceneSnapshot

GREY = np.full((4, 6), 90, np.uint8)
BLUE = np.full((4, 6, 3), (200, 10, 20), np.uint8)
ANNA = PersonView(7, Box(1, 1, 2, 2), "happy")


class Waiting:
    """A thread that waits for a look."""

    def __init__(self, looks: Looks, after: float | None = None, limit_s: float = 20.0) -> None:
        self.cancel, self.looks = threading.Event(), looks
        self.found: list[Look] = []
        self.failed: list[SkillError] = []
        self._thread = threading.Thread(target=self._take, args=(after, limit_s))
        self._thread.start()

    def _take(self, after: float | None, limit_s: float) -> None:
        try:
            self.found.append(self.looks.take(after, limit_s, self.cancel))
        except SkillError as err:
            self.failed.append(err)

    def offer_until_ended(self, frame: Frame, snapshot: SceneSnapshot) -> None:
        """Offer a frame again and again, as the loop does, until the thread has ended."""
        while self._thread.is_alive():
            self.looks.offer(frame, snapshot)
            self._thread.join(0.001)

    def join(self) -> None:
        self._thread.join(20)
        assert not self._thread.is_alive()


def test_a_look_is_the_next_frame_with_who_is_in_view() -> None:
    waiting = Waiting(Looks())
    waiting.offer_until_ended(Frame(GREY, 5.0, 1, lambda: BLUE), SceneSnapshot(5.0, (ANNA,)))
    (look,) = waiting.found
    assert (look.at, look.people, look.has_colour) == (5.0, (ANNA,), True)
    assert look.image is BLUE


def test_while_nobody_waits_nothing_is_kept_and_no_colour_is_made() -> None:
    looks = Looks()
    looks.offer(Frame(GREY, 1.0, 1, lambda: pytest.fail("nobody has asked")), SceneSnapshot(1.0))
    with pytest.raises(SkillError) as caught:
        looks.take(None, 0.01, threading.Event())
    assert caught.value.reason == "no_picture"


def test_an_older_frame_is_not_a_look_after_a_moment() -> None:
    waiting = Waiting(Looks(), after=5.0)
    for _ in range(50):
        waiting.looks.offer(Frame(BLUE, 5.0, 1), SceneSnapshot(5.0))
    assert not waiting.found
    waiting.offer_until_ended(Frame(BLUE, 5.1, 2), SceneSnapshot(5.1))
    assert [look.at for look in waiting.found] == [5.1]


def test_a_covered_lens_gives_no_picture() -> None:
    waiting = Waiting(Looks())
    waiting.offer_until_ended(Frame(GREY, 1.0, 1), SceneSnapshot(1.0, is_lens_covered=True))
    assert [err.reason for err in waiting.failed] == ["no_picture"]


def test_a_cancelled_look_ends_at_once() -> None:
    waiting = Waiting(Looks())
    waiting.cancel.set()
    waiting.looks.wake()
    waiting.join()
    assert isinstance(waiting.failed[0], SkillCancelledError)


def test_every_picture_becomes_blue_green_red() -> None:
    assert in_colour(BLUE)[1]
    assert in_colour(np.dstack((BLUE, GREY)))[0].tolist() == BLUE.tolist()
    image, has_colour = in_colour(GREY[:, ::2])
    assert (image.shape, has_colour, int(np.ptp(image))) == ((4, 3, 3), False, 0)
