"""How long each stage of a step takes. Always measured: a lap costs half a microsecond."""

import time
from collections.abc import Callable

Lap = Callable[[str], None]
"""Called with the name of a stage when it ends."""


class StageTimes:
    """Laps of one step after the other: the time since the last lap counts for the stage that ends."""

    ms: dict[str, float]
    """Milliseconds of each stage of this step, in the order in which they first ended. `begin` makes a new one."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new step begins now."""
        self.ms = {}
        self._last = time.perf_counter()

    def lap(self, stage: str) -> None:
        """A stage ends now. One that ends several times in a step, once for each face, has the sum."""
        now = time.perf_counter()
        self.ms[stage] = self.ms.get(stage, 0.0) + 1000 * (now - self._last)
        self._last = now

    def skip(self) -> None:
        """What has passed since the last lap counts for no stage."""
        self._last = time.perf_counter()
