"""Boxes to people: who in this frame is who of the last one. Pure; time comes with the frames.

Each track predicts where its face is now from how it moved (an alpha-beta filter) and takes the nearest face of about
its size. A track without a face coasts for a while, so that a missed detection or somebody crossing in front does not
make a new person.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.records import Box, Face, Track

MAX_DISTANCE = 0.9
"""A face may lie so far from where it was expected, in widths of the face, and still be the same person's."""
WALKING_SPEED, WALKING_REACH_S = 13.0, 0.2
"""Widths of a face in a second that somebody walks at 2 m/s (`place.FACE_M`), and for how long: so far may lie who was
seen once, whose speed is not known yet, however few the pictures."""
MAX_SIZE_RATIO = 1.7
"""Faces that differ more than so much in size are not the same person's."""
COAST_S = 1.2
"""A person unseen for so long gets a new number when a face comes back; longer where it takes longer to be gone."""
POSITION_GAIN, SPEED_GAIN = 0.7, 0.3
"""Share of a surprise that goes into position and into speed: Haar's boxes jitter, heads do not."""
SPEED_HALF_LIFE_S = 0.3
"""How fast a guess at the speed is given up while no face confirms it."""
STEADY_MIN_S = 1.0
"""From first to last sight of somebody who counts."""
STEADY_MIN_HIT_RATE = 0.3
"""Somebody who counts was found in this share of the frames since the first."""


@dataclass
class _TrackState:
    id: int
    box: Box
    first_at: float
    seen_at: float
    now: float
    hits: int = 1
    frames: int = 1
    speed_x: float = 0.0
    speed_y: float = 0.0

    def advance(self, at: float) -> None:
        step = max(0.0, at - self.now)
        self.box = self.box._replace(x=self.box.x + self.speed_x * step, y=self.box.y + self.speed_y * step)
        fade = 0.5 ** (step / SPEED_HALF_LIFE_S) if self.seen_at < self.now else 1.0
        self.speed_x, self.speed_y, self.now = self.speed_x * fade, self.speed_y * fade, at
        self.frames += 1

    def take(self, face: Box, at: float) -> None:
        since = at - self.seen_at
        (from_x, from_y), (to_x, to_y) = self.box.center, face.center
        off_x, off_y = to_x - from_x, to_y - from_y
        if since > 0:
            self.speed_x += SPEED_GAIN * off_x / since
            self.speed_y += SPEED_GAIN * off_y / since
        center_x, center_y = from_x + POSITION_GAIN * off_x, from_y + POSITION_GAIN * off_y
        self.box = Box(center_x - face.width / 2, center_y - face.height / 2, face.width, face.height)
        self.seen_at, self.hits = at, self.hits + 1

    @property
    def reach(self) -> float:
        return (
            max(MAX_DISTANCE, WALKING_SPEED * min(WALKING_REACH_S, self.now - self.seen_at))
            if self.hits == 1
            else MAX_DISTANCE
        )

    def is_steady(self) -> bool:
        return self.seen_at - self.first_at >= STEADY_MIN_S and self.hits >= STEADY_MIN_HIT_RATE * self.frames


class Tracker:
    """Gives every face in view the number of its person; numbers start at 1 and are never used again. coast_s: who is
    unseen for so long gets a new one."""

    def __init__(self, coast_s: float = COAST_S) -> None:
        self._coast_s = coast_s
        self._tracks: list[_TrackState] = []
        self._next_id = 1
        self._steady: set[int] = set()

    @property
    def steady_count(self) -> int:
        """How many people were in view for at least a second so far."""
        return len(self._steady)

    def update(self, faces: Sequence[Face], at: float) -> tuple[Track, ...]:
        """The people of a frame taken at `at` (seconds), in the order of their faces."""
        self._tracks = [track for track in self._tracks if at - track.seen_at <= self._coast_s]
        for track in self._tracks:
            track.advance(at)
        owners = self._owners(faces)
        people = []
        for index, face in enumerate(faces):
            if index in owners:
                track = owners[index]
                track.take(face.box, at)
            else:
                track = _TrackState(self._next_id, face.box, at, at, at)
                self._tracks.append(track)
                self._next_id += 1
            if track.is_steady():
                self._steady.add(track.id)
            people.append(Track(track.id, face, track.hits))
        return tuple(people)

    def wait(self, seconds: float) -> None:
        """Nothing could be seen for so long: everybody is where they were, and unseen no longer than before."""
        for track in self._tracks:
            track.first_at, track.seen_at, track.now = (
                at + seconds for at in (track.first_at, track.seen_at, track.now)
            )

    def forget(self) -> None:
        """Whoever comes into view from now on gets a new number."""
        self._tracks = []

    def _owners(self, faces: Sequence[Face]) -> dict[int, _TrackState]:
        """Which track each face (by index) belongs to: the closest pairs first."""
        pairs = []
        for index, face in enumerate(faces):
            for track in self._tracks:
                cost = match_cost(track.box, face.box, track.reach)
                if cost is not None:
                    pairs.append((cost, index, track.id, track))
        owners: dict[int, _TrackState] = {}
        taken: set[int] = set()
        for _, index, number, track in sorted(pairs, key=lambda pair: pair[:3]):
            if index not in owners and number not in taken:
                owners[index] = track
                taken.add(number)
        return owners


def match_cost(expected: Box, found: Box, reach: float) -> float | None:
    """How unlike two boxes are (0 = equal), or None if they cannot be one person's; reach: in widths."""
    ratio = found.width / expected.width
    if not 1 / MAX_SIZE_RATIO <= ratio <= MAX_SIZE_RATIO:
        return None
    size = (expected.width + found.width) / 2
    distance = math.dist(expected.center, found.center) / size
    return None if distance > reach else distance + abs(math.log(ratio))
