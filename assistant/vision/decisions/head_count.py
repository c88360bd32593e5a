"""Announcements of how many people are in view now. Pure; time comes with the calls.

An arrival that is announced raises the number. A departure among several people is announced by the number of those
who are still in view, once it has been the same for DEPARTURE_DWELL_S: who left will often be back by then. Where
departures themselves are told (verbosity full), that comes at once, and the number where it could not be heard.
"""

import math
from collections.abc import Sequence

from assistant.records import Change
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement, AnnouncementLog
from assistant.vision.decisions.scene_tracks import SceneTracks

DEPARTURE_DWELL_S = 2.0
"""Seconds for which fewer people must be in view."""
PLAIN = (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON)
NOW_S = 10.0
"""An arrival that could not be announced for so many seconds is no longer news: the number of people in view is
announced instead."""


class HeadCount:
    """Whether the number of people in view is to be announced."""

    def __init__(self) -> None:
        self.tells_departures = False
        """Whether a departure is announced as such."""
        self._is_late = False  # the announcement of a departure was not heard
        self._believed = self._before = 0
        self._now, self._since = 0, 0.0
        self._from = -math.inf
        self._left: Change | None = None
        self._pending: Announcement | None = None

    def gone(self, change: Change) -> None:
        """A person who was announced left."""
        self._left = change

    def update(self, at: float, people: int, *, is_someone_arriving: bool) -> Announcement | None:
        """The announcement, if it is due at `at` seconds. people: how many were announced and are in view.
        is_someone_arriving: whether the arrival of a person is still to be announced, who may be the one who left."""
        if people != self._now or is_someone_arriving:
            self._now, self._since = people, at
        if people >= self._believed or not people or self._left is None:
            self._believed, self._is_late = people, False
            return None
        is_departure = self.tells_departures and not self._is_late and self._believed - people == 1
        if at < self._from or (at - self._since < DEPARTURE_DWELL_S and not is_departure):
            return None
        self._before, self._believed = self._believed, people
        number = Announcement(self._left, Sentence.PEOPLE, people=people)
        self._pending = Announcement(self._left, Sentence.PERSON_LEFT) if is_departure else number
        return self._pending

    @property
    def is_due(self) -> bool:
        """Whether a smaller number is still to be announced, now or later."""
        return self._left is not None and 0 < self._now < self._believed

    @property
    def pending_track_id(self) -> int | None:
        """The track of the announcement whose fate is not known yet; None where there is none."""
        return self._pending.change.track_id if self._pending else None

    def known(self) -> None:
        """An answer told how many people are in view: the announcement is no longer due."""
        self._before = self._believed = self._now

    def heard(self, announcement: Announcement) -> None:
        """An announcement was heard, this one or another."""
        if announcement is self._pending:
            self._pending = None

    def retry(self, announcement: Announcement, at: float) -> None:
        """An announcement was not heard. If it is the pending one of this class, it is due again from `at` on."""
        if announcement is self._pending:
            self._believed, self._from, self._pending = max(self._before, self._believed), at, None
            self._is_late = True


def together(
    arrived: Sequence[Announcement], tracks: SceneTracks, log: AnnouncementLog, at: float
) -> list[Announcement]:
    """The announcements of the arrivals of one frame at `at` seconds: people without an expression of whom several
    arrive at once, or whose arrival could not be announced for NOW_S, are announced by the number of those in view."""
    plain = [each for each in arrived if each.sentence in PLAIN and each.name is None]
    since = [tracks[each.change.track_id].unheard_since for each in plain]
    is_old = any(each is not None and at - each >= NOW_S for each in since)
    people = len(log.track_ids())
    if people < 2 or not (is_old or len(plain) > 1):
        return list(arrived)
    newcomers = tuple(each.change.track_id for each in plain)
    rest = [each for each in arrived if each not in plain]
    return [*rest, Announcement(plain[0].change, Sentence.PEOPLE, people=people, newcomers=newcomers)]
