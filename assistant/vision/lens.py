"""A covered lens pauses the assistant: the wearer's hand, or a bystander's wish. Pure; time comes with the frames."""

COVERED_S = 2.0
"""So long covered is meant."""
CLEAR_S = 0.5
"""So long clear ends the pause."""


class Lens:
    """`is_covered`: the assistant pauses."""

    def __init__(self) -> None:
        self.is_covered = False
        self._differs_since: float | None = None

    def update(self, is_covered: bool, at: float) -> str:
        """Take in whether the lens was covered in a frame at `at` (seconds): "covered" or "uncovered" where the pause
        begins or ends with it, else empty."""
        if is_covered == self.is_covered:
            self._differs_since = None
            return ""
        if self._differs_since is None:
            self._differs_since = at
        if at - self._differs_since < (COVERED_S if is_covered else CLEAR_S):
            return ""
        self.is_covered, self._differs_since = is_covered, None
        return "covered" if is_covered else "uncovered"
