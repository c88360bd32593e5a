"""The conversation partner: the person near the wearer, facing the wearer and in view for some time. Without a clock:
the time comes with the frames.

A passer-by never becomes the partner, and a partner who looks away for a moment does not cease to be one.
"""

import math
from collections.abc import Sequence

from assistant.dataclass import dataclass
from assistant.records import Track
from assistant.vision.faces import geometry

MIN_PRESENCE_S = 2.0
"""Seconds that a person must have been in view to become the partner."""
MAX_ABSENCE_S = 1.5
"""Seconds without a detection after which a person is no longer the partner."""
SWITCH_RATIO, SWITCH_DWELL_S = 1.5, 1.0
"""Another person becomes the partner when their prominence has been at least SWITCH_RATIO times the partner's for
SWITCH_DWELL_S seconds."""
FACING_MEMORY_S = 2.0
"""A person who faced the wearer within this many seconds counts as facing."""
CERTAIN_SCORE, SCORE_EMA_WEIGHT, SCORE_EMA_S = 0.62, 0.1, 0.1
"""Exponential moving average of a track's detector scores from which the track is surely a face, and the weight of the
newest score after so many seconds. In twelve minutes of still scenes in front of rooms, what the TFLite detector took
for a second person scored 0.44 to 0.60, the people scored 0.67 and more."""
LOOKING_AWAY_FACTOR = 0.4
"""The prominence of a person who does not face the wearer is multiplied by this."""


@dataclass
class _Presence:
    """One track, as far as it matters for the choice of the partner."""

    first_at: float
    """When it came into view, seconds."""
    seen_at: float
    """When it was last in view, seconds."""
    faced_at: float = -math.inf
    """When the person last faced the wearer, seconds."""
    prominence: float = 0.0
    """Width of the face in pixels, less where it is off the middle of the frame or turned away."""
    score: float = 0.0
    """Moving average of the detector's scores."""


class Partner:
    """Follows all tracks and picks the conversation partner among them."""

    def __init__(self) -> None:
        self.track_id: int | None = None
        """That of the partner; None where there is none."""
        self._present: dict[int, _Presence] = {}
        self._rival: tuple[int, float] | None = None  # track_id of the next partner, and since when, seconds

    def update(self, tracks: Sequence[Track], at: float, width: int) -> None:
        """Take in the tracks of a frame `width` pixels wide, taken at `at` (seconds)."""
        for track in tracks:
            presence = self._present.setdefault(track.track_id, _Presence(at, at, score=track.face.score))
            weight = 1 - (1 - SCORE_EMA_WEIGHT) ** (max(0.0, at - presence.seen_at) / SCORE_EMA_S)
            presence.seen_at = at
            presence.score += weight * (track.face.score - presence.score)
            box, facing = track.face.box, geometry.facing(track.face)
            if facing in ("you", ""):
                presence.faced_at = at
            off_center = abs((box.x + box.width / 2) / width * 2 - 1)
            factor = 1.0 if at - presence.faced_at <= FACING_MEMORY_S else LOOKING_AWAY_FACTOR
            presence.prominence = box.width * (1 - 0.5 * min(off_center, 1.0)) * factor
        self._present = {n: each for n, each in self._present.items() if at - each.seen_at <= MAX_ABSENCE_S}
        self._choose(at)

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account: it counts neither as presence nor as absence."""
        for presence in self._present.values():
            presence.first_at += seconds
            presence.seen_at += seconds
            presence.faced_at += seconds
        if self._rival is not None:
            self._rival = self._rival[0], self._rival[1] + seconds

    def seconds_in_view(self, track_id: int, at: float) -> float:
        """For how long a track has been in view at `at`; 0 where it is not."""
        presence = self._present.get(track_id)
        return at - presence.first_at if presence else 0.0

    def is_certain(self, track_id: int) -> bool:
        """Whether a track is surely a face, not something in the room that resembles one."""
        presence = self._present.get(track_id)
        return presence is not None and presence.score >= CERTAIN_SCORE

    def _choose(self, at: float) -> None:
        steady = {n: each for n, each in self._present.items() if each.seen_at - each.first_at >= MIN_PRESENCE_S}
        best = max(steady, key=lambda n: (self.is_certain(n), steady[n].prominence), default=None)
        if self.track_id not in steady:
            self.track_id, self._rival = best, None
            return
        if best is None or not self._is_rival(best, self.track_id):
            self._rival = None
        elif self._rival is None or self._rival[0] != best:
            self._rival = (best, at)
        elif at - self._rival[1] >= SWITCH_DWELL_S:
            self.track_id, self._rival = best, None

    def _is_rival(self, track_id: int, held: int) -> bool:
        """Whether a track is SWITCH_RATIO times as prominent as the partner `held`, or surely a face where that is
        not."""
        if track_id == held:
            return False
        is_held_doubtful = self.is_certain(track_id) and not self.is_certain(held)
        return is_held_doubtful or self._present[track_id].prominence >= SWITCH_RATIO * self._present[held].prominence
