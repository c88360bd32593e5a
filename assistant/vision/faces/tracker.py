"""Tracking by detection: which face of a frame is which track of the last one. Pure; time comes with the frames.

Each track predicts its box with an alpha-beta filter and is matched to the nearest face of about its size, the closest
pairs first. A track without a match coasts for a while, so that a missed detection, or a passer-by who hides the face,
does not start a new track.
"""

import math
from collections.abc import Sequence

from assistant.dataclass import dataclass
from assistant.records import Box, Face, Track

MAX_DISTANCE = 0.9
"""Largest distance from a track's predicted centre to a matching face's, in widths of a face. Larger values survive
faster movement and confuse people who stand close to each other."""
WALKING_SPEED = 13.0
"""Widths of a face in a second that a person covers who walks at 2 m/s (`geometry.FACE_WIDTH_M`)."""
WALKING_REACH_S = 0.2
"""A track with a single detection, whose speed is not known yet, may have moved at WALKING_SPEED for up to this many
seconds, however few frames came in that time."""
MAX_SIZE_RATIO = 1.7
"""Largest ratio of the widths of a track's box and a matching face."""
COAST_S = 1.2
"""Seconds without a match after which a track ends; a face that comes back later gets a new track. The pipeline asks
for more where a person counts as gone only later."""
POSITION_GAIN, SPEED_GAIN = 0.7, 0.3
"""Gains of the alpha-beta filter (alpha, beta): the share of the prediction error that corrects position and speed.
Haar's boxes jitter, heads do not, so the position does not follow at once."""
TRACK_EXPIRY_LEAD_S = 0.3
"""Seconds by which a track ends before its person counts as gone (`dwell_s`): a face that comes back later gets a new
track."""
MIN_SPEED_INTERVAL_S = 0.03
"""Seconds over which a speed is estimated at the least. Over 1 to 3 ms, as in bursts of frames, half a pixel of jitter
is the speed of a thrown ball: one still face became 5 to 24 tracks."""
SPEED_HALF_LIFE_S = 0.3
"""While a track coasts its estimated speed is halved in this time."""
STEADY_MIN_S = 1.0
"""A track is steady, and counted as a person, once its first and last detections are this many seconds apart ..."""
STEADY_MIN_HIT_RATE = 0.3
"""... and it was matched in this share of the frames since the first."""


@dataclass
class _TrackState:
    track_id: int
    box: Box
    """Predicted at `now`."""
    first_at: float
    """Seconds, when the first face was matched."""
    seen_at: float
    """Seconds, when the last face was matched."""
    now: float
    hits: int = 1
    """Frames in which a face was matched."""
    frames: int = 1
    """Frames since the first."""
    speed_x: float = 0.0
    """Pixels a second."""
    speed_y: float = 0.0

    def predict(self, at: float) -> None:
        step = max(0.0, at - self.now)
        x, y, width, height = self.box
        self.box = Box(x + self.speed_x * step, y + self.speed_y * step, width, height)
        fade = 0.5 ** (step / SPEED_HALF_LIFE_S) if self.seen_at < self.now else 1.0
        self.speed_x, self.speed_y, self.now = self.speed_x * fade, self.speed_y * fade, at
        self.frames += 1

    def correct(self, face: Box, at: float) -> None:
        since = max(at - self.seen_at, MIN_SPEED_INTERVAL_S)
        (from_x, from_y), (to_x, to_y) = self.box.center, face.center
        off_x, off_y = to_x - from_x, to_y - from_y
        self.speed_x += SPEED_GAIN * off_x / since
        self.speed_y += SPEED_GAIN * off_y / since
        center_x, center_y = from_x + POSITION_GAIN * off_x, from_y + POSITION_GAIN * off_y
        self.box = Box(center_x - face.width / 2, center_y - face.height / 2, face.width, face.height)
        self.seen_at, self.hits = at, self.hits + 1

    @property
    def max_distance(self) -> float:
        """To a matching face, in widths of a face."""
        if self.hits > 1:
            return MAX_DISTANCE
        return max(MAX_DISTANCE, WALKING_SPEED * min(WALKING_REACH_S, self.now - self.seen_at))

    def is_steady(self) -> bool:
        return self.seen_at - self.first_at >= STEADY_MIN_S and self.hits >= STEADY_MIN_HIT_RATE * self.frames


def expiry_s(dwell_s: float) -> float:
    """Seconds after which a track ends that is not found. dwell_s: after which a person counts as gone."""
    return max(COAST_S, dwell_s - TRACK_EXPIRY_LEAD_S)


class Tracker:
    """Gives every face of a frame a track id; ids start at 1 and are never used again.

    coast_s: seconds without a match after which a track ends.
    """

    def __init__(self, coast_s: float = COAST_S) -> None:
        self._coast_s = coast_s
        self._tracks: list[_TrackState] = []
        self._next_id = 1
        self._steady: set[int] = set()

    @property
    def steady_count(self) -> int:
        """Number of tracks so far that lasted STEADY_MIN_S or longer: the people who were in view."""
        return len(self._steady)

    def update(self, faces: Sequence[Face], at: float) -> tuple[Track, ...]:
        """The tracks of a frame's faces, in the same order; at: when the frame was taken, in seconds."""
        self._tracks = [track for track in self._tracks if at - track.seen_at <= self._coast_s]
        for track in self._tracks:
            track.predict(at)
        matches = self._matches(faces)
        updated = []
        for index, face in enumerate(faces):
            if index in matches:
                track = matches[index]
                track.correct(face.box, at)
            else:
                track = _TrackState(self._next_id, face.box, at, at, at)
                self._tracks.append(track)
                self._next_id += 1
            if track.is_steady():
                self._steady.add(track.track_id)
            updated.append(Track(track.track_id, face, track.hits))
        return tuple(updated)

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account: no track moves or ages in it."""
        for track in self._tracks:
            track.first_at, track.seen_at, track.now = (
                at + seconds for at in (track.first_at, track.seen_at, track.now)
            )

    def forget(self) -> None:
        """End all tracks: every face from now on gets a new one."""
        self._tracks = []

    def _matches(self, faces: Sequence[Face]) -> dict[int, _TrackState]:
        """The track of each face that has one, by the face's index: the pairs of the lowest cost first."""
        pairs = []
        for index, face in enumerate(faces):
            for track in self._tracks:
                cost = match_cost(track.box, face.box, track.max_distance)
                if cost is not None:
                    pairs.append((cost, index, track.track_id, track))
        matches: dict[int, _TrackState] = {}
        taken: set[int] = set()
        pairs.sort()  # no two have the same face and track, so that tracks are not compared
        for _, index, track_id, track in pairs:
            if index not in matches and track_id not in taken:
                matches[index] = track
                taken.add(track_id)
        return matches


def match_cost(expected: Box, found: Box, max_distance: float) -> float | None:
    """How unlike two boxes are: the distance of their centres in mean widths plus the logarithm of their widths' ratio,
    0 for equal boxes. None where they differ too much in size, or are farther apart than `max_distance` widths, to be
    the same person's."""
    ratio = found.width / expected.width
    if not 1 / MAX_SIZE_RATIO <= ratio <= MAX_SIZE_RATIO:
        return None
    size = (expected.width + found.width) / 2
    distance = math.dist(expected.center, found.center) / size
    return None if distance > max_distance else distance + abs(math.log(ratio))
