"""More faces than are looked at: said once, for then not everybody is told of. Pure; time comes with the frames."""

DWELL_S = 0.5
"""So long there must be too many."""
REPEAT_AFTER_S = 60.0
"""So long there must have been few enough before it is said again."""


class FaceLimit:
    """most: so many faces are looked at."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._since: float | None = None
        self._last: float | None = None

    def update(self, found: int, at: float) -> bool:
        """So many faces were found in the frame of `at` (seconds): whether it is to be said now that there are more
        than are looked at."""
        if found <= self._most:
            self._since = None
            return False
        self._since = at if self._since is None else self._since
        is_news = self._last is None or at - self._last >= REPEAT_AFTER_S
        if at - self._since < DWELL_S:
            return False
        self._last = at
        return is_news
