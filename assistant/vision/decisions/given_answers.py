"""Answers settle announcements: what an answer has said is not announced again. Pure; time comes with the frames."""

from collections import deque

from assistant.vision.decisions.announcement_log import AnnouncementLog, Answered
from assistant.vision.decisions.empty_view import EmptyView
from assistant.vision.decisions.head_count import HeadCount
from assistant.vision.decisions.scene_tracks import SceneTracks


class GivenAnswers:
    """The answers that were given since the last frame. `add` may be called from any thread."""

    def __init__(self, log: AnnouncementLog, tracks: SceneTracks, empty_view: EmptyView, head_count: HeadCount) -> None:
        """log, tracks, empty_view, head_count: hold the announcements that answers settle."""
        self._log, self._tracks, self._empty_view, self._head_count = log, tracks, empty_view, head_count
        self._given: deque[Answered] = deque()

    def add(self, told: Answered) -> None:
        """A question was answered."""
        self._given.append(told)

    def update(self, at: float) -> set[int]:
        """Take in the answers, in a frame at `at` seconds; returns the tracks with a pending announcement that says no
        more than an answer did."""
        settled = set()
        while self._given:
            told = self._given.popleft()
            if not told.people:
                self._settle_departures(at)
                if (left := self._empty_view.pending_track_id) is not None:
                    settled.add(left)
            if len(told.people) > 1:  # an answer about one person does not say that there is no other
                self._head_count.known()
                if (left := self._head_count.pending_track_id) is not None:
                    settled.add(left)
            for track_id in told.people:
                track = self._tracks.get(track_id)
                if track is None or not track.place:
                    continue
                track.arrival = None
                is_named = track_id == told.about and told.is_state
                if self._log.settle(track_id, told.expression if is_named else None):
                    settled.add(track_id)
        return settled

    def _settle_departures(self, at: float) -> None:
        """The wearer was told that nobody is in view: everybody who is found again arrives anew."""
        self._empty_view.known()
        for track_id in tuple(self._log.track_ids()):
            self._log.forget(track_id, at)
            track = self._tracks.get(track_id)
            if track is not None and track.change is not None:
                self._tracks.await_arrival(track_id, track.change)
