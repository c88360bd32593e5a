"""The pace: how often a frame goes through all stages of the pipeline. Pure; the frames' times are its only clock.

Each frame is compared with the last one that was searched for faces, which costs little. While something changes, or a
decision is pending, every frame is processed; while the faces in view are still and their states settled, five a
second; while nobody is in view and nothing moves, two. The frame in which something changes is processed itself, so
that nothing is noticed later than with every frame.
"""

import math

STILL_INTERVAL_S = 0.2
"""Seconds between two steps while the faces in view are still. Fewer than five in a second are too few for the window
of decisions (0.95 s), which needs four readings: this is the slowest pace while there are faces, whatever asks for
less work."""
EMPTY_INTERVAL_S = 0.5
"""The same while nobody is in view and nothing moves."""
EARLY_SHARE = 0.1
"""A frame that comes this share of an interval too early is processed all the same: cameras deliver frames a few
milliseconds early or late."""
HOLD_S = 1.0
"""Seconds for which every frame is processed after the last change: a window of decisions, which then holds only
readings of what is seen now."""
DETECTION_INTERVAL_S = 1.0
"""Seconds after which faces are searched for again in a picture that has not changed: what appears so slowly that no
cell changes is noticed that much later."""
READING_AGE_S = 2.0
"""Seconds for which the reading of a still face is used again (`reading_cache`)."""


class Pace:
    """Decides for each frame whether it is processed or skipped."""

    least_interval_s: float
    """Least seconds between two steps, however much changes: what the budget or the board's heat allows. Values above
    STILL_INTERVAL_S count as STILL_INTERVAL_S. 0: every frame. May be set from any thread."""

    def __init__(self) -> None:
        self.least_interval_s = 0.0
        self._processed_at: float | None = None
        self._late_s = 0.0  # by how much the last step came later than its turn: the next one comes sooner for it
        self._active_until = -math.inf
        self._has_faces = self._is_next_due = False

    def is_due(self, at: float, *, is_changed: bool, is_wanted: bool = False) -> bool:
        """Whether the frame taken at `at` (seconds) is to be processed.

        is_changed: whether it shows something else than the last one that was searched. is_wanted: whether somebody
        waits for what it shows; such a frame is always processed.
        """
        if is_changed or is_wanted:
            self.wake(at)
        if self._processed_at is None or is_wanted or self._is_next_due or at < self._processed_at:
            return True
        return at - self._processed_at + self._late_s >= self._interval_s(at) * (1 - EARLY_SHARE)

    def wake(self, at: float) -> None:
        """Have every frame processed for HOLD_S from `at` seconds on. May be called from any thread."""
        self._active_until = at + HOLD_S

    def processed(self, at: float, *, has_faces: bool, is_settled: bool, is_next_due: bool = False) -> None:
        """A frame taken at `at` seconds was processed. has_faces: whether somebody is in view. is_settled: whether
        nothing is pending, so that the same picture again would change nothing. is_next_due: whether the next frame is
        to be processed all the same."""
        interval_s = self._interval_s(at)
        waited_s = interval_s if self._processed_at is None else at - self._processed_at + self._late_s
        self._late_s = min(max(0.0, waited_s - interval_s), 0.5 * interval_s)
        self._processed_at, self._has_faces, self._is_next_due = at, has_faces, is_next_due
        if not is_settled or at < self._active_until - HOLD_S:  # the clock of a recording that begins again
            self.wake(at)

    def is_resting(self, at: float) -> bool:
        """Whether nothing has changed and nothing was pending for HOLD_S: results may be used again."""
        return at >= self._active_until

    def _interval_s(self, at: float) -> float:
        """Seconds from one step to the next."""
        if not self.is_resting(at):
            return min(self.least_interval_s, STILL_INTERVAL_S)
        return STILL_INTERVAL_S if self._has_faces else EMPTY_INTERVAL_S
