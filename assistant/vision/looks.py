"""Looks at the scene for a skill: the next frame in colour, with who is in view; they cost nothing while nobody waits.

A look lives in memory for as long as the skill works on it.
"""

import threading
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import SkillCancelledError, SkillError
from assistant.records import Frame
from assistant.skills.session import Look
from assistant.vision.queries.snapshot import SceneSnapshot


class Looks:
    """Hands frames from the thread of the loop to the threads that wait for one."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting = 0
        self._newest: tuple[Frame, SceneSnapshot] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for a look."""
        return self._waiting > 0

    def offer(self, frame: Frame, snapshot: SceneSnapshot | None) -> None:
        """A frame was processed, and shows what the snapshot says."""
        if not self._waiting or snapshot is None:
            return
        with self._condition:
            self._newest = frame, snapshot
            self._condition.notify_all()

    def take(self, after: float | None, limit_s: float, cancel: threading.Event) -> Look:
        """The next look, exposed later than `after` on the clock of the frames; None: at any time. Raises SkillError
        where there is none within limit_s or the lens is covered, SkillCancelledError once `cancel` is set and `wake`
        was called."""
        found: list[tuple[Frame, SceneSnapshot]] = []

        def is_found() -> bool:
            newest = self._newest
            if newest is not None and (after is None or newest[0].at > after):
                found.append(newest)
            return bool(found) or cancel.is_set()

        with self._condition:
            self._waiting += 1
            try:
                self._condition.wait_for(is_found, limit_s)
            finally:
                self._waiting -= 1
                if not self._waiting:
                    self._newest = None
        if cancel.is_set():
            raise SkillCancelledError("cancelled")
        if not found:
            raise SkillError(f"no frame within {limit_s:g} s", "no_picture")
        return look_of(*found[-1])

    def wake(self) -> None:
        """Have those that wait look whether they are cancelled."""
        with self._condition:
            self._condition.notify_all()


def look_of(frame: Frame, snapshot: SceneSnapshot) -> Look:
    """The look that a frame and what it shows make. Raises SkillError where the lens is covered."""
    if snapshot.is_lens_covered:
        raise SkillError("the lens is covered", "no_picture")
    image, has_colour = in_colour(frame.image, frame.colour)
    names = {each.track_id: each.known.text for each in snapshot.people if each.known and each.known.is_certain}
    names = {track_id: name for track_id, name in names.items() if name}
    return Look(image, frame.at, snapshot.people, names, has_colour)


def in_colour(
    image: NDArray[np.uint8], colour: Callable[[], NDArray[np.uint8]] | None = None
) -> tuple[NDArray[np.uint8], bool]:
    """A frame's picture as uint8 [H, W, 3] BGR, and whether it has colour. colour: as in records.Frame."""
    if colour is not None:
        return colour(), True
    if image.ndim == 3 and image.shape[2] in (3, 4):
        bgr = image if image.shape[2] == 3 else cv2.cvtColor(image, cv2.COLOR_BGRA2BGR)
        return np.ascontiguousarray(bgr, np.uint8), True
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_GRAY2BGR), np.uint8), False
