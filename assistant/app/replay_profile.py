"""What each stage of a replay costs: its camera and the callback of its steps are those of the profile."""

import logging
import time

from assistant.records import Frame
from assistant.vision.cameras import Camera
from assistant.vision.stage_profile import INTERVAL_S, StageProfile
from assistant.vision.step import EVERYTHING, Step

log = logging.getLogger(__name__)


class ReplayProfile:
    """Stands between a camera and the replay that reads it: the time of a read is the stage "decode", that from a step
    to the next read the stage "queue"."""

    def __init__(self, camera: Camera) -> None:
        self._camera, self._profile = camera, StageProfile()
        self._decode_s, self._first_at, self._last_at = 0.0, 0.0, 0.0
        self._pending, self._work = dict[str, float](), EVERYTHING
        self._ended = self._told = time.perf_counter()
        self.is_live = camera.is_live

    def read(self) -> Frame | None:
        """The camera's next frame."""
        began = time.perf_counter()
        self._settle(began)
        frame = self._camera.read()
        self._decode_s = time.perf_counter() - began
        return frame

    def close(self) -> None:
        """Close the camera."""
        self._camera.close()

    def on_step(self, frame: Frame, step: Step) -> None:
        """Take in a step; to be called with each."""
        self._first_at = self._first_at if self._profile.frames or self._pending else frame.at
        self._last_at = frame.at
        self._pending, self._work = {"decode": 1000 * self._decode_s, **step.stage_ms}, step.work
        self._ended = time.perf_counter()

    def _settle(self, now: float) -> None:
        """All that belongs to the last step is over."""
        if self._pending:
            self._profile.add({**self._pending, "queue": 1000 * (now - self._ended)}, self._work)
            self._pending = {}
        if now - self._told >= INTERVAL_S:
            self._told = now
            log.info("stages so far\n%s", self.table())

    def table(self) -> str:
        """The costs so far, as shares of a core that shows the recording at its own speed."""
        return self._profile.table(self._last_at - self._first_at)
