"""A camera that is lost again and again, in each way that cameras are, and opened again by the real capture.

It stays lost until that was said, and well until its return was: what is not said in LIMIT_S is a silent failure.
"""

import itertools
import threading
import time

import numpy as np

from assistant.config.settings import Settings
from assistant.errors import CameraError
from assistant.records import Frame, Utterance
from assistant.vision import factory, loop
from assistant.vision.cameras import capture
from assistant.vision.cameras.capture import Capture
from assistant.vision.loop import VisionLoop
from assistant.vision.pipeline import Pipeline
from tests.endurance.wear import FastClock, Outcome, Wear
from tests.support.standins import ScriptedDetector, ScriptedReader, picture

SPEED = 50.0
FPS = 10.0
LIMIT_S = 60.0
"""Of simulated time; a second and a fifth of the machine's."""
FINE_S, LOST_S = 1.0, 3.0
"""At the least."""
SIZE = (160, 120)
WAYS = ("raises", "raises what it should not", "ends", "stands still", "gives garbage", "blocks")


class Plug:
    """Which camera is there, and what has been said of it. Made for the capture's `open_camera`."""

    def __init__(self, clock: FastClock, count: int) -> None:
        self.clock, self.count, self.losses, self.silent = clock, count, 0, list[str]()
        self.stop, self.said = threading.Event(), threading.Condition()
        self.is_said_lost, self.is_lost, self.back_at = False, False, 0.0
        self.pictures = itertools.cycle([np.roll(picture("happy", SIZE), shift, 1) for shift in (0, 5, 10)])

    def say(self, utterance: Utterance) -> None:
        """What the loop says."""
        if utterance.topic in ("fault camera_lost", "fault camera"):
            with self.said:
                self.is_said_lost = not utterance.is_over
                self.said.notify_all()

    def open(self) -> "Plug":
        """The camera, if it is there."""
        if self.is_lost and not self._is_over():
            raise CameraError("no camera")
        self.is_lost, self.fine_at = False, self.clock() + FINE_S
        return self

    is_live = True

    def read(self) -> Frame | None:
        """A picture, until it is time to be lost."""
        self.stop.wait(1 / FPS / SPEED)
        if not self.is_lost and self.clock() >= self.fine_at and not self.is_said_lost:
            if self.losses == self.count:
                self.stop.set()
                return None
            self.way, self.is_lost, self.lost_at = WAYS[self.losses % len(WAYS)], True, self.clock()
            self.losses += 1
        elif not self.is_lost and self.clock() >= self.fine_at + LIMIT_S:
            self.silent.append(f"loss {self.losses} ({self.way}): its end was not said")
            self.is_said_lost = False
        if self.is_lost:
            return self._lost()
        self.last = Frame(next(self.pictures), self.clock(), 0)
        return self.last

    def close(self) -> None:
        """It is opened anew."""

    def _lost(self) -> Frame | None:
        if self.way == "stands still":
            return Frame(self.last.image, self.clock(), 0)
        if self.way == "gives garbage":
            return Frame(np.zeros((0, 0), np.uint8), self.clock(), 0)
        if self.way == "ends":
            return None
        if self.way == "blocks":
            with self.said:
                self.said.wait_for(lambda: self.is_said_lost, LIMIT_S / SPEED)
        if self.way == "raises what it should not":
            raise OSError("unplugged")
        raise CameraError("unplugged")

    def _is_over(self) -> bool:
        """Whether it was lost for long enough, and that was said."""
        lost_s = self.clock() - self.lost_at
        if lost_s >= LIMIT_S and not self.is_said_lost:
            self.silent.append(f"loss {self.losses} ({self.way}): not said")
            self.is_said_lost = True
        return lost_s >= LOST_S and self.is_said_lost


def losses(count: int) -> Outcome:
    """So many losses."""
    capture.FIRST_RETRY_S, capture.LAST_RETRY_S = (pause / SPEED for pause in (capture.FIRST_RETRY_S, 4.0))
    capture.UNUSABLE_PAUSE_S /= SPEED
    loop.FRAME_WAIT_S /= SPEED
    clock, wear = FastClock(SPEED), Wear("camera losses", count)
    plug, words = Plug(clock, count), factory.load_phrases(Settings())
    eye = Capture(plug.open, clock=clock)
    line = Pipeline(ScriptedDetector(lambda _: []), ScriptedReader(), Settings(), words)
    VisionLoop(
        eye.start(), line, words, plug.say, plug.stop, clock=clock,
        on_step=lambda _: wear.look(plug.losses, clock() / 3600),
    ).run()  # fmt: skip
    began = time.monotonic()
    if not eye.close():
        plug.silent.append(f"the capture did not end in {time.monotonic() - began:.1f} s")
    return wear.outcome(clock() / 3600, plug.silent, f"{len(WAYS)} ways, in turns")
