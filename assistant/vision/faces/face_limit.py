"""Detects that there are more faces than the pipeline looks at, which is announced once, for then some people are left
out. Pure; time comes with the frames."""

DWELL_S = 0.5
"""Seconds for which there must be too many faces."""
REPEAT_AFTER_S = 60.0
"""Seconds with few enough faces after which it is announced again."""


class FaceLimit:
    """max_faces: how many faces the pipeline looks at."""

    def __init__(self, max_faces: int) -> None:
        self._max_faces = max_faces
        self._exceeded_since: float | None = None
        self._last_exceeded: float | None = None

    def update(self, found: int, at: float) -> bool:
        """Take in the number of faces in a frame taken at `at` (seconds); True where it is time to announce that there
        are too many."""
        if found <= self._max_faces:
            self._exceeded_since = None
            return False
        self._exceeded_since = at if self._exceeded_since is None else self._exceeded_since
        is_news = self._last_exceeded is None or at - self._last_exceeded >= REPEAT_AFTER_S
        if at - self._exceeded_since < DWELL_S:
            return False
        self._last_exceeded = at
        return is_news
