"""A covered lens pauses the assistant: the wearer's hand, or a bystander's wish. Pure; time comes with the frames.

A hand on the lens is told from a dark room by how it comes: what was light is dark and without shapes from one moment
to the next.
"""

COVERED_S = 2.0
"""So long covered is meant."""
CLEAR_S = 0.5
"""So long clear ends the pause."""
SUDDEN_S = 1.0
"""Within this time light becomes dark where a hand is laid on the lens."""
DROP = 0.5
"""What is left of the light then, at most."""


class Lens:
    """`is_covered`: the assistant pauses."""

    def __init__(self) -> None:
        self.is_covered = False
        self._light: tuple[float, float] | None = None
        self._flat_since: float | None = None
        self._clear_since: float | None = None

    def update(self, is_flat: bool, mean: float, at: float) -> str:
        """Take in a frame of `at` (seconds): whether it is dark and without shapes, and its mean grey. "covered" or
        "uncovered" where the pause begins or ends with it, else empty."""
        if not is_flat:
            self._light, self._flat_since = (at, mean), None
            if self._clear_since is None:
                self._clear_since = at
            if self.is_covered and at - self._clear_since >= CLEAR_S:
                self.is_covered = False
                return "uncovered"
            return ""
        self._clear_since = None
        if self._flat_since is None and self._light is not None:
            seen_at, light = self._light
            if at - seen_at <= SUDDEN_S and mean <= DROP * light:
                self._flat_since = at
        if not self.is_covered and self._flat_since is not None and at - self._flat_since >= COVERED_S:
            self.is_covered = True
            return "covered"
        return ""
