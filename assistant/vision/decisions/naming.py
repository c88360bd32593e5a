"""Which announcements say a friend's name. Pure; time comes with the calls.

A name takes the place of "one person" in the first announcement of a friend, which waits up to NAME_WAIT_S for it; one
that is found later is an announcement of its own. It is said once for each arrival, and then only in company, where
"looks happy" alone would not tell who. A name that the wearer called wrong is not said again for that track.
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from assistant.people import KnownName
from assistant.records import CANNOT_TELL, Change
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_budget import DEFER_S
from assistant.vision.decisions.announcement_log import REJECTABLE_S, Announcement, AnnouncementLog
from assistant.vision.decisions.empty_view import RETRY_S
from assistant.vision.decisions.scene_tracks import SceneTracks

NAME_WAIT_S = 0.6
"""Seconds for which the announcement of an arrival waits while a look at the face is under way."""
REMEMBERED = 32
"""Tracks whose names are remembered, those that left included; among several people who left is told by name."""

INTRODUCING = (
    Sentence.ARRIVED,
    Sentence.LOOKS,
    Sentence.ONE_PERSON,
    Sentence.ONE_MORE_PERSON,
    Sentence.NAMED,
)
"""The sentences with which a name may be said for the first time."""
IN_COMPANY = (Sentence.LOOKS, Sentence.NO_LONGER)
"""The sentences that say a known name again where others are in view."""


class SaidName(NamedTuple):
    """A name that was said, or is about to be."""

    track_id: int
    name: KnownName
    at: float
    """When the announcement was made or the question asked, seconds."""


class Naming:
    """The names of the tracks, and which of them were said.

    `answered`, `last` and `reject_last` may be called from any thread.
    """

    def __init__(self) -> None:
        self._at = 0.0
        self._known: Mapping[int, KnownName] = {}
        self._awaited: Collection[int] = ()
        self._waits: dict[int, float] = {}  # since when an announcement waits for a name, seconds
        self._said: dict[int, SaidName] = {}
        self._last: SaidName | None = None
        self._retry_from: dict[int, float] = {}
        self._rejected: set[tuple[int, str]] = set()  # track_id and friend_id

    def update(self, known: Mapping[int, KnownName], awaited: Collection[int], at: float) -> None:
        """Take in what is known of the tracks in a frame at `at` seconds. awaited: the tracks that are looked at."""
        self._at, self._awaited = at, awaited
        self._known = {n: each for n, each in known.items() if (n, each.friend_id) not in self._rejected}

    @property
    def known(self) -> Mapping[int, KnownName]:
        """Who each track is, strangers included, without the names that the wearer called wrong."""
        return self._known

    def is_awaited(self, track_id: int) -> bool:
        """Whether the announcement of an arrival, otherwise due, still waits for a name."""
        if track_id not in self._awaited or track_id in self._known:
            return False
        return self._at - self._waits.setdefault(track_id, self._at) < NAME_WAIT_S

    def with_name(self, announcement: Announcement) -> Announcement:
        """The announcement with the name that it is to say, if there is one."""
        track_id, sentence = announcement.change.track_id, announcement.sentence
        said, name = self._said.get(track_id), self._name(track_id)
        if sentence is Sentence.PERSON_LEFT and said is not None and said.name.is_certain:
            return dataclasses.replace(announcement, name=said.name)
        if name is None or announcement.newcomers:
            return announcement
        is_again = sentence in IN_COMPANY and bool(announcement.where) and name.is_certain
        if is_again or (sentence in INTRODUCING and not self._is_said(track_id, name)):
            return dataclasses.replace(announcement, name=name)
        return announcement

    def due(
        self,
        log: AnnouncementLog,
        tracks: SceneTracks,
        others: Iterable[Announcement | None],
        where: Callable[[int], str],
    ) -> list[Announcement]:
        """The announcements of names that came after their person was announced.

        others: the other announcements of this frame. where: the place to announce with a track.
        """
        found, told = [], {each.change.track_id for each in others if each is not None}
        for track_id in self._known:
            name, track = self._name(track_id), tracks.get(track_id)
            if name is None or track is None or not track.is_in_view or track_id not in log or track_id in told:
                continue
            is_waiting = log.is_pending(track_id) or self._at < self._retry_from.get(track_id, self._at)
            if is_waiting or self._is_said(track_id, name):
                continue
            state = track.change.new if track.change else CANNOT_TELL
            change = Change(self._at, track_id, state, state)
            found.append(Announcement(change, Sentence.NAMED, where=where(track_id), name=name))
        return found

    def made(self, announcement: Announcement) -> None:
        """An announcement was made."""
        if announcement.name is not None and not announcement.is_cue and announcement.sentence in INTRODUCING:
            self._say(SaidName(announcement.change.track_id, announcement.name, self._at))

    def deferred(self, announcement: Announcement) -> None:
        """The minute did not allow an announcement."""
        if announcement.sentence is Sentence.NAMED:
            self._retry_from[announcement.change.track_id] = self._at + DEFER_S

    def ended(self, announcement: Announcement, *, is_heard: bool) -> None:
        """Take in the fate of an announcement: a name that was not heard is due again."""
        track_id, name = announcement.change.track_id, announcement.name
        said = self._said.get(track_id)
        if is_heard or name is None or said is None or said.name != name or announcement.sentence not in INTRODUCING:
            return
        if self._last == said:
            self._last = None
        del self._said[track_id]
        self._retry_from[track_id] = self._at + RETRY_S

    def answered(self, names: Mapping[int, KnownName], at: float) -> None:
        """An answer to a question asked at `at` seconds said these names."""
        for track_id, name in names.items():
            if not name.is_stranger:
                self._say(SaidName(track_id, name, at))

    def last(self, at: float) -> SaidName | None:
        """The name that was said last, if its person is in view at `at` seconds or it was said within REJECTABLE_S, and
        nobody called it wrong."""
        last = self._last
        if last is None or (last.track_id, last.name.friend_id) in self._rejected:
            return None
        return last if last.track_id in self._known or at - last.at <= REJECTABLE_S else None

    def reject_last(self, at: float, since: float = -math.inf) -> SaidName | None:
        """The wearer calls the name that was said last wrong, if that was after `since` seconds; None where there is
        none."""
        last = self.last(at)
        if last is None or last.at <= since:
            return None
        self._rejected.add((last.track_id, last.name.friend_id))
        self._known = {n: each for n, each in self._known.items() if n != last.track_id}
        return last

    def forget(self) -> None:
        """After a pause everybody in view is announced anew."""
        self._known, self._awaited = {}, ()
        self._waits, self._said, self._retry_from, self._rejected = {}, {}, {}, set()

    def _name(self, track_id: int) -> KnownName | None:
        """The name of a track; None for a stranger too."""
        name = self._known.get(track_id)
        return None if name is None or name.is_stranger else name

    def _is_said(self, track_id: int, name: KnownName) -> bool:
        said = self._said.get(track_id)
        return said is not None and said.name.friend_id == name.friend_id

    def _say(self, said: SaidName) -> None:
        self._said.pop(said.track_id, None)
        self._said[said.track_id] = self._last = said
        for oldest in tuple(self._said)[:-REMEMBERED]:
            for held in (self._said, self._retry_from, self._waits):
                held.pop(oldest, None)
