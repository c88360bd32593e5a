"""The people in view as the scene knows them: where they stand, and which of their announcements are due. Pure."""

import math
from collections.abc import Collection, Iterator, Sequence

from assistant.dataclass import dataclass
from assistant.records import Change, Track
from assistant.vision.faces import geometry


@dataclass
class SceneTrack:
    """The state of one track, besides its announcements."""

    place: str = ""
    """Where the person stands, a key of [where]; empty while the track is not in view."""
    is_in_view: bool = False
    """Whether the last frame showed the person."""
    is_far: bool = False
    """Whether the person was too far away to be worth announcing, in the last frame that showed them."""
    arrival: Change | None = None
    """The change whose announcement as an arrival is due, and waits until the person is near and has stayed; None where
    none is due."""
    arrival_order: int = 0
    """Arrivals that can be announced in the same frame are announced in ascending order: as they became due."""
    unheard_since: float | None = None
    """When an announcement of the arrival was not heard or not made for the first time, seconds; None: never."""
    change: Change | None = None
    """The change to the present state; None where the track has none."""
    is_unheard: bool = False
    """Whether the last announcement was not heard, so that the wearer may believe in an earlier state."""
    retry_from: float = -math.inf
    """Nothing is announced again before this time, seconds."""


class SceneTracks:
    """The state of every track that is in view, or has something due or announced."""

    def __init__(self, fov_deg: float, *, is_by_clock: bool) -> None:
        """fov_deg: the camera's field of view along its longer side. is_by_clock: places are hours of the clock."""
        self._fov_deg, self._is_by_clock = fov_deg, is_by_clock
        self._tracks: dict[int, SceneTrack] = {}
        self._arrivals = 0

    def __getitem__(self, track_id: int) -> SceneTrack:
        """The state of a track; that of a new one is empty."""
        return self._tracks.setdefault(track_id, SceneTrack())

    def get(self, track_id: int) -> SceneTrack | None:
        """The state of a track; None where it is not known."""
        return self._tracks.get(track_id)

    def items(self) -> Iterator[tuple[int, SceneTrack]]:
        """Every track_id with its state."""
        return iter(tuple(self._tracks.items()))

    def drop(self, track_id: int) -> None:
        """The person left."""
        self._tracks.pop(track_id, None)

    def clear(self) -> None:
        """Drop every track."""
        self._tracks.clear()

    def retry(self, track_id: int, at: float) -> None:
        """The state of a person in view is to be announced at `at` seconds, if it is not announced before."""
        track = self._tracks.get(track_id)
        if track is not None:
            track.is_unheard, track.retry_from = True, at

    def await_arrival(self, track_id: int, change: Change) -> None:
        """An arrival becomes due with this change, or waits with this one instead of the change before."""
        track = self[track_id]
        if track.arrival is None:
            self._arrivals += 1
            track.arrival_order = self._arrivals
        track.arrival = change

    def arrivals(self) -> list[int]:
        """The tracks whose arrival is due, in the order in which they became due."""
        return [
            track_id
            for _, track_id in sorted((known.arrival_order, each) for each, known in self.items() if known.arrival)
        ]

    def is_anybody_due(self, at: float) -> bool:
        """Whether the arrival of somebody near and in view is to be announced, and not only later than `at` seconds."""
        return any(
            each.arrival is not None and each.is_in_view and not each.is_far and each.retry_from <= at
            for each in self._tracks.values()
        )

    def update(self, tracks: Sequence[Track], shape: tuple[int, int], announced: Collection[int], at: float) -> None:
        """Note where everybody in view stands; drop tracks that are out of view and have nothing due or announced.

        shape: height and width of the frame in pixels. announced: the tracks that have an announcement. at: seconds.
        """
        (_, width), fov_deg = shape, geometry.horizontal_fov_deg(self._fov_deg, shape)
        in_view = {track.track_id for track in tracks}
        for track_id, known in self.items():
            known.is_in_view = track_id in in_view
            if known.is_in_view or known.arrival or track_id in announced:
                continue
            known.place = ""
            if known.retry_from <= at:
                del self._tracks[track_id]
        for track in tracks:
            box, known = track.face.box, self[track.track_id]
            known.is_in_view = True
            hour = geometry.clock_hour(box, width, fov_deg)
            known.place = hour if self._is_by_clock else geometry.direction(box, width)
            known.is_far = geometry.distance_band(box, width, fov_deg) == "far"
