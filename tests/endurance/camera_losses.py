"""A camera that is lost again and again, in each way in which cameras fail, and reopened by the real capture.

It stays lost until the loss was announced, and works until its return was: an announcement that takes longer than
LIMIT_S is a failure.
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
from tests.endurance.resource_usage import FastClock, Outcome, UsageMonitor
from tests.support.standins import ScriptedClassifier, ScriptedDetector, picture

SPEED = 50.0
FPS = 10.0
LIMIT_S = 60.0
"""Of simulated time; 1.2 s of real time."""
WORKING_S, LOST_S = 1.0, 3.0
"""Shortest time for which the camera works, and is lost."""
SIZE = (160, 120)
FAILURES = ("raises", "raises another error", "ends", "freezes", "gives garbage", "blocks")


class UnreliableCamera:
    """A camera that fails in turn in each of the ways, and notes the announcements of that; `open` is the capture's
    `open_camera`."""

    def __init__(self, clock: FastClock, count: int) -> None:
        self.clock, self.count, self.losses, self.failures = clock, count, 0, list[str]()
        self.stop, self.announced = threading.Event(), threading.Condition()
        self.is_announced, self.is_lost, self.back_at = False, False, 0.0
        self.pictures = itertools.cycle([np.roll(picture("happy", SIZE), shift, 1) for shift in (0, 5, 10)])

    def speak(self, utterance: Utterance) -> None:
        """Note an utterance of the loop."""
        if utterance.topic in ("fault camera_lost", "fault camera"):
            with self.announced:
                self.is_announced = not utterance.is_over
                self.announced.notify_all()

    def open(self) -> "UnreliableCamera":
        """Open the camera, if it is there."""
        if self.is_lost and not self._is_over():
            raise CameraError("no camera")
        self.is_lost, self.loses_at = False, self.clock() + WORKING_S
        return self

    is_live = True

    def read(self) -> Frame | None:
        """The next frame, until it is time to fail."""
        self.stop.wait(1 / FPS / SPEED)
        if not self.is_lost and self.clock() >= self.loses_at and not self.is_announced:
            if self.losses == self.count:
                self.stop.set()
                return None
            self.failure, self.is_lost, self.lost_at = FAILURES[self.losses % len(FAILURES)], True, self.clock()
            self.losses += 1
        elif not self.is_lost and self.clock() >= self.loses_at + LIMIT_S:
            self.failures.append(f"loss {self.losses} ({self.failure}): its end was not announced")
            self.is_announced = False
        if self.is_lost:
            return self._lost()
        self.last = Frame(next(self.pictures), self.clock(), 0)
        return self.last

    def close(self) -> None:
        """Nothing is held."""

    def _lost(self) -> Frame | None:
        if self.failure == "freezes":
            return Frame(self.last.image, self.clock(), 0)
        if self.failure == "gives garbage":
            return Frame(np.zeros((0, 0), np.uint8), self.clock(), 0)
        if self.failure == "ends":
            return None
        if self.failure == "blocks":
            with self.announced:
                self.announced.wait_for(lambda: self.is_announced, LIMIT_S / SPEED)
        if self.failure == "raises another error":
            raise OSError("unplugged")
        raise CameraError("unplugged")

    def _is_over(self) -> bool:
        """Whether the loss has lasted long enough and was announced."""
        lost_s = self.clock() - self.lost_at
        if lost_s >= LIMIT_S and not self.is_announced:
            self.failures.append(f"loss {self.losses} ({self.failure}): not announced")
            self.is_announced = True
        return lost_s >= LOST_S and self.is_announced


def losses(count: int) -> Outcome:
    """Run the loop until the camera was lost `count` times."""
    capture.FIRST_RETRY_S, capture.LAST_RETRY_S = (pause / SPEED for pause in (capture.FIRST_RETRY_S, 4.0))
    capture.UNUSABLE_PAUSE_S /= SPEED
    loop.FRAME_WAIT_S /= SPEED
    clock, usage = FastClock(SPEED), UsageMonitor("camera losses", count)
    camera, phrases = UnreliableCamera(clock, count), factory.load_phrases(Settings())
    feed = Capture(camera.open, clock=clock)
    line = Pipeline(ScriptedDetector(lambda _: []), ScriptedClassifier(), Settings(), phrases)
    VisionLoop(
        feed.start(), line, phrases, camera.speak, camera.stop, clock=clock,
        on_step=lambda _: usage.sample(camera.losses, clock() / 3600),
    ).run()  # fmt: skip
    began = time.monotonic()
    if not feed.close():
        camera.failures.append(f"the capture did not end in {time.monotonic() - began:.1f} s")
    return usage.outcome(clock() / 3600, camera.failures, f"{len(FAILURES)} kinds of failure in turn")
