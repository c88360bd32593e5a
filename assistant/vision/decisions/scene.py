"""Changes in, announcements out: decides what is announced unasked. Pure; time comes with the frames.

An announcement names a sentence of the locale and what goes into it. It is made only if it tells the wearer something
new: the last announcement of a track is remembered until that person leaves. A person who only passes by while others
are in view is not announced, and among several people a neutral face only where it ends another expression.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from assistant.config.settings import AnnouncementSettings
from assistant.phrases import Sentence
from assistant.records import CANNOT_TELL, NOBODY, Change, Track
from assistant.vision.decisions.announcement_log import FATE_TIMEOUT_S, Announcement, AnnouncementLog, NamedExpression
from assistant.vision.decisions.partner import Partner
from assistant.vision.faces import geometry

ARRIVAL_DWELL_S = 2.0
"""Seconds in view after which a person who joins others is announced."""
EXPRESSIVE_ARRIVAL_DWELL_S = 1.2
"""The same for a person whose expression is announced with the arrival."""
REASON_REPEAT_S = 60.0
"""The same reason why an expression cannot be told is announced at most once in so many seconds."""
RESUME_GRACE_S = 1.5
"""After a pause (the lens was covered) an empty view is announced only once no face was found for so many seconds: a
face is missed for a moment as the light comes back."""
RETRY_S = 5.0
"""Seconds after which an announcement of presence (a person, or an empty view) that could not be spoken is made again,
while it is true."""


class SceneUpdate(NamedTuple):
    """The result of one frame."""

    announcements: tuple[Announcement, ...]
    """The new announcements, in the order in which they are to be spoken."""
    withdrawn: tuple[int, ...]
    """track_ids, ascending, whose waiting announcements are no longer true."""


@dataclass
class _SceneTrack:
    """The state of one track, besides its announcements."""

    place: str = ""
    """Where the person stands, a key of [where]; empty while the track is not in view."""
    is_far: bool = False
    """Whether the person was too far away to be worth announcing, in the last frame that showed them."""
    arrival: Change | None = None
    """The change whose announcement as an arrival is due, and waits until the person is near and has stayed; None where
    none is due."""
    arrival_order: int = 0
    """Arrivals that can be announced in the same frame are announced in ascending order: as they became due."""
    retry_from: float = -math.inf
    """The arrival is not announced before this time, seconds: the last announcement of it was not heard."""


class Scene:
    """The people in view, and their announcements.

    `answered`, `last`, `reject_last` and `is_rejected` may be called from any thread.
    """

    def __init__(self, settings: AnnouncementSettings, fov_deg: float = 62.0) -> None:
        """settings: which expressions are announced, and the verbosity. fov_deg: the camera's field of view along its
        longer side."""
        self.partner = Partner()
        self._expressions, self._fov_deg = settings.expressions, fov_deg
        verbosity = settings.verbosity
        self._is_quiet, self._is_brief, self._is_full = (verbosity == each for each in ("quiet", "brief", "full"))
        self._log = AnnouncementLog()
        self._tracks: dict[int, _SceneTrack] = {}
        self._arrivals = 0
        self._last_gone: Change | None = None  # the last person left, and that is not announced yet
        self._nobody_from = -math.inf  # an empty view is not announced before
        self._nobody: Announcement | None = None  # pending since _nobody_at
        self._nobody_at = -math.inf
        self._reasons: dict[str, float] = {}  # when each reason was announced last
        self._outdated: set[int] = set()  # tracks whose pending announcement was no longer true in the last frame
        self._at = 0.0

    def update(
        self,
        changes: Sequence[Change],
        tracks: Sequence[Track],
        shape: tuple[int, int],
        at: float | None = None,
        faded: Collection[int] = (),
    ) -> SceneUpdate:
        """Take in one frame.

        shape: its height and width in pixels. at: seconds, by default that of the changes. faded: the tracks whose
        expression is still their state, but has lost its evidence (`Stabilizer.faded`).
        """
        self._at = at if at is not None else max((change.at for change in changes), default=self._at)
        self.partner.update(tracks, self._at, shape[1])
        before = self._log.as_dict()
        self._update_places(tracks, shape)
        made = [self._gone(change) if change.new == NOBODY else self._changed(change) for change in changes]
        waiting = [(each.arrival_order, track_id) for track_id, each in self._tracks.items() if each.arrival]
        made += [self._arrived(track_id) for _, track_id in sorted(waiting)]
        made.append(self._empty(tracks))
        announcements = () if self._is_quiet else tuple(each for each in made if each is not None)
        for announcement in announcements:
            self._log.add(announcement, before.get(announcement.change.track_id), self._at)
        return SceneUpdate(announcements, self._withdrawn(changes, announcements, tracks, faded))

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account: nobody counts as gone for it."""
        self.partner.wait(seconds)

    def forget(self, at: float) -> None:
        """A pause ended at `at` seconds: drop every track, so that everybody in view is announced anew.

        If people were announced before the pause, and no face is found for RESUME_GRACE_S, the empty view is announced.
        """
        for track_id in tuple(self._log.track_ids()):
            if not self._is_brief:
                self._last_gone = Change(at, track_id, self._log[track_id], NOBODY)
            self._log.forget(track_id, at)
        self._nobody_from = at + RESUME_GRACE_S
        self._tracks = {}
        self.partner = Partner()

    def ended(self, announcement: Announcement, *, is_heard: bool) -> None:
        """Take in the fate of an announcement; one of presence stays due until it is heard. is_heard: at least its
        beginning was spoken."""
        self._log.ended(announcement, is_heard=is_heard)
        track_id = announcement.change.track_id
        track = self._tracks.get(track_id)
        if announcement is self._nobody and is_heard:
            self._nobody = self._last_gone = None
        elif announcement is self._nobody:
            self._nobody, self._nobody_from = None, self._at + RETRY_S
        elif track is None or not track.place or track_id in self._log:
            return
        elif not is_heard and announcement.sentence in (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON):
            if track.arrival is None:
                self._await(track, announcement.change)
            track.retry_from = self._at + RETRY_S

    def answered(self, track_id: int, expression: str, at: float) -> None:
        """An answer to a question asked at `at` seconds named that expression."""
        self._log.answered(track_id, expression, at)

    def last(self, at: float) -> NamedExpression | None:
        """The expression that was named last, see AnnouncementLog.last."""
        return self._log.last(at)

    def reject_last(self, at: float) -> bool:
        """The wearer calls the expression that was named last wrong, see AnnouncementLog.reject_last."""
        return self._log.reject_last(at)

    def is_rejected(self, track_id: int, expression: str) -> bool:
        """Whether the wearer lately called that expression of that track wrong."""
        return self._log.is_rejected(track_id, expression, self._at)

    def _update_places(self, tracks: Sequence[Track], shape: tuple[int, int]) -> None:
        """Note where everybody in view stands; drop tracks that are out of view and have nothing due or announced."""
        (_, width), fov_deg = shape, geometry.horizontal_fov_deg(self._fov_deg, shape)
        in_view = {track.track_id for track in tracks}
        for track_id, known in tuple(self._tracks.items()):
            if track_id in in_view or known.arrival or track_id in self._log:
                continue
            known.place = ""
            if known.retry_from <= self._at:
                del self._tracks[track_id]
        for track in tracks:
            box, known = track.face.box, self._tracks.setdefault(track.track_id, _SceneTrack())
            hour = geometry.clock_hour(box, width, fov_deg)
            known.place = hour if self._is_full else geometry.direction(box, width)
            known.is_far = geometry.distance_band(box, width, fov_deg) == "far"

    def _changed(self, change: Change) -> Announcement | None:
        """The state of a track became an expression, or CANNOT_TELL."""
        track_id, last = change.track_id, self._log[change.track_id]
        track = self._tracks.setdefault(track_id, _SceneTrack())
        is_new, has_company = track_id not in self._log, self._has_company(track_id)
        where = self._where(track_id)
        if self._is_worth_naming(change.new, track_id):
            if is_new and has_company and not self._stayed(track_id, EXPRESSIVE_ARRIVAL_DWELL_S) and not self._is_brief:
                self._await(track, change)
                return None
            track.arrival = None
            self._log[track_id] = change.new
            if change.new == last:
                return None
            sentence = Sentence.ARRIVED if is_new and not has_company and not self._is_brief else Sentence.LOOKS
            return Announcement(change, sentence, change.new, where)
        if is_new and not self._is_brief:
            self._await(track, change)
            return None
        if change.new == CANNOT_TELL:
            return self._reason(change, where) if self._is_full else None
        if not is_new:
            self._log[track_id] = ""
        is_news = last not in ("", "neutral") and not self._is_brief
        return Announcement(change, Sentence.NO_LONGER, last, where) if is_news else None

    def _await(self, track: _SceneTrack, change: Change) -> None:
        """An arrival becomes due with this change, or waits with this one instead of the change before."""
        if track.arrival is None:
            self._arrivals += 1
            track.arrival_order = self._arrivals
        track.arrival = change

    def _arrived(self, track_id: int) -> Announcement | None:
        """The announcement of an arrival that is due, once the person is near and, beside others, has stayed."""
        track, has_company = self._tracks[track_id], self._has_company(track_id)
        change = track.arrival
        assert change is not None
        is_named = self._is_worth_naming(change.new, track_id)
        dwell_s = EXPRESSIVE_ARRIVAL_DWELL_S if is_named else ARRIVAL_DWELL_S
        if track.is_far or (has_company and not self._stayed(track_id, dwell_s)) or self._at < track.retry_from:
            return None
        track.arrival = None
        if is_named:
            return self._changed(change)
        self._log[track_id] = ""
        where = self._where(track_id)
        why_not = self._reason(change, where) if self._is_full and change.new == CANNOT_TELL else None
        sentence = Sentence.ONE_MORE_PERSON if has_company else Sentence.ONE_PERSON
        return why_not or Announcement(change, sentence, where=where)

    def _gone(self, change: Change) -> Announcement | None:
        """The announcement that a person left, if others are in view; an empty view is announced by `_empty`."""
        was_announced = self._log.forget(change.track_id, self._at)
        self._tracks.pop(change.track_id, None)
        if not was_announced or self._is_brief:
            return None
        if not self._log:
            self._last_gone = change
            return None
        return Announcement(change, Sentence.PERSON_LEFT) if self._is_full else None

    def _empty(self, tracks: Sequence[Track]) -> Announcement | None:
        """The announcement of an empty view, once no face is left in it, not even one without a state yet."""
        if self._nobody is not None and self._at - self._nobody_at > FATE_TIMEOUT_S:
            self.ended(self._nobody, is_heard=True)
        if self._log:
            self._last_gone = None
        if self._last_gone is None or self._nobody is not None or tracks or self._at < self._nobody_from:
            return None
        self._nobody, self._nobody_at = Announcement(self._last_gone, Sentence.NOBODY_IN_VIEW), self._at
        return self._nobody

    def _withdrawn(
        self, changes: Sequence[Change], made: Sequence[Announcement], tracks: Sequence[Track], faded: Collection[int]
    ) -> tuple[int, ...]:
        """The tracks with a pending announcement that has just ceased to be true and no new one in its place: their
        state changed, the expression has faded, or the announcement is that of an empty view and a face is in view
        again."""
        outdated = self._log.pending_names().intersection(faded)
        if self._nobody is not None and tracks:
            outdated.add(self._nobody.change.track_id)
        ceased = {change.track_id for change in changes} | (outdated - self._outdated)
        self._outdated = outdated
        return tuple(sorted(ceased - {each.change.track_id for each in made}))

    def _is_worth_naming(self, expression: str, track_id: int) -> bool:
        """Whether an expression is announced: one that the settings ask for and the wearer did not call wrong. A
        neutral face is not where the verbosity is brief, nor beside others unless it ends an announced expression."""
        if expression not in self._expressions or self.is_rejected(track_id, expression):
            return False
        is_end = self._log[track_id] not in ("", "neutral")
        has_company = self._has_company(track_id) and not is_end and not self._is_full
        return expression != "neutral" or not (self._is_brief or has_company)

    def _reason(self, change: Change, where: str) -> Announcement | None:
        """The announcement why an expression cannot be told; None where that reason was announced lately."""
        if self._at - self._reasons.get(change.reason, -REASON_REPEAT_S) < REASON_REPEAT_S:
            return None
        self._reasons[change.reason] = self._at
        return Announcement(change, Sentence.CANNOT_TELL, where=where, reason=change.reason)

    def _has_company(self, track_id: int) -> bool:
        """Whether another track has an announcement."""
        return bool(self._log.track_ids() - {track_id})

    def _stayed(self, track_id: int, seconds: float) -> bool:
        """Whether a track has been in view for at least `seconds` and is certainly a face."""
        return self.partner.seconds_in_view(track_id, self._at) >= seconds and self.partner.is_certain(track_id)

    def _where(self, track_id: int) -> str:
        """The place to announce with a person: empty for the only person in view, unless verbosity is full."""
        if not self._is_full and not self._has_company(track_id):
            return ""
        known = self._tracks.get(track_id)
        return (known.place if known else "") or ("12" if self._is_full else "ahead")
