"""Whether a track is somebody: evidence that is asked for before a person is announced without an expression. Without a
clock: the time comes with the frames.

A wheel, a pot or a shield before a shaking camera is found in frame after frame, as a face is, and its five landmarks
keep to their places as a face's do: of 75 such tracks and 145 of people (eight frames of shake each) any one measure of
hits, of jitter of box or landmarks, and of their likeness to a face's that passes 97 % of people passes 92 to 97 % of
things. What differs is the score of the best frame: a face has one now and then in which it is clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Track

CLEAR_SCORE = 0.6
"""Detector score that a track must have had in a frame. In eight frames 95 % of people's pictures pasted before a wall
have it, all of 37 held-out pictures of the detector's, 84 % of the drawn things that are found at all, and one of two
held-out things."""
DOUBTFUL_DWELL_S = 4.5
"""Seconds in view after which a track without such a frame is somebody all the same: a camera that is worn or held
moves on from a thing sooner, while a person who stays there must not be withheld."""
FORGET_S = 5.0
"""Seconds out of view after which a track is forgotten."""


@dataclass
class _Evidence:
    first_at: float
    """When the track came into view, seconds."""
    seen_at: float
    """When it was last in view, seconds."""
    best_score: float
    """Of its frames."""


class Presence:
    """Collects the evidence for all tracks."""

    def __init__(self) -> None:
        self._evidence: dict[int, _Evidence] = {}

    def update(self, tracks: Sequence[Track], at: float) -> None:
        """Take in the tracks of a frame, taken at `at` (seconds)."""
        for track in tracks:
            known = self._evidence.setdefault(track.track_id, _Evidence(at, at, 0.0))
            known.seen_at, known.best_score = at, max(known.best_score, track.face.score)
        self._evidence = {n: each for n, each in self._evidence.items() if at - each.seen_at <= FORGET_S}

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account: it counts neither as presence nor as absence."""
        for each in self._evidence.values():
            each.first_at += seconds
            each.seen_at += seconds

    def is_evident(self, track_id: int) -> bool:
        """Whether a track is somebody; False for one that is not known."""
        known = self._evidence.get(track_id)
        return known is not None and (
            known.best_score >= CLEAR_SCORE or known.seen_at - known.first_at >= DOUBTFUL_DWELL_S
        )
