"""Changes in, announcements out: decides what is worth saying unasked. Pure; time comes with the frames.

An announcement names a sentence of the locale and what goes into it. It is made only if it tells the wearer something
new: what was announced last of a track is remembered until that person leaves. Of people who only pass by while
somebody else is there nothing is said, and of several people a neutral face is announced only where it ends a smile.
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
"""One more person, beside others, is announced after so long in view."""
EXPRESSIVE_ARRIVAL_DWELL_S = 1.2
"""The same for a person whose expression is announced with the arrival."""
REASON_REPEAT_S = 60.0
"""The same reason why an expression cannot be told is announced at most once in this time."""
RESUME_GRACE_S = 1.5
"""After a pause (the lens was covered) "nobody" is announced only once nobody was found for so long: a face is missed
for a moment as the light comes back."""
RETRY_S = 5.0
"""That somebody or nobody is there, and could not be spoken, is announced again after so long, while it is true."""
REJECTED_S = 120.0
"""For so long an expression that the wearer called wrong is not said of that person again."""
REJECTABLE_S = 30.0
"""An expression that the wearer was told to have ended, or whose person left, so long ago can no longer be called
wrong. One that stands always can."""


class SceneUpdate(NamedTuple):
    """What one frame brings."""

    announcements: tuple[Announcement, ...]
    """What is to be said, in order."""
    withdrawn: tuple[int, ...]
    """track_ids, ascending: whatever is still waiting to be said of them is no longer true."""


@dataclass
class _SceneTrack:
    """What the scene knows of one track, besides what was announced of it."""

    place: str = ""
    """Where the person stands, a key of [where]; empty while the track is not in view."""
    is_far: bool = False
    """Whether the person was too far away to be worth announcing, in the last frame that showed them."""
    arrival: Change | None = None
    """The change that an announcement of their arrival waits for; None where none is due."""
    arrival_order: int = 0
    """Arrivals that become due in the same frame are announced in the order in which they began to wait."""
    retry_from: float = -math.inf
    """The arrival is not announced before, for the last announcement of it was not heard."""


class Scene:
    """The people in view, and what was announced of them.

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
        self._last_gone: Change | None = None  # nobody is left, and that is still to be announced
        self._nobody_from = -math.inf  # not before
        self._nobody: Announcement | None = None  # pending since _nobody_at
        self._nobody_at = -math.inf
        self._reasons: dict[str, float] = {}  # when each reason was said last
        self._rejected: dict[tuple[int, str], float] = {}  # outlives the track; expression -> until when
        self._outdated: set[int] = set()
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
        expression is still their state, but has not been seen for a moment (`Stabilizer.faded`).
        """
        self._at = at if at is not None else max((change.at for change in changes), default=self._at)
        self.partner.update(tracks, self._at, shape[1])
        before = self._log.as_dict()
        self._look_at(tracks, shape)
        made = [self._gone(change) if change.new == NOBODY else self._changed(change) for change in changes]
        waiting = [(each.arrival_order, track_id) for track_id, each in self._tracks.items() if each.arrival]
        made += [self._arrived(track_id) for _, track_id in sorted(waiting)]
        made.append(self._empty(tracks))
        announcements = () if self._is_quiet else tuple(each for each in made if each is not None)
        for announcement in announcements:
            self._log.add(announcement, before.get(announcement.change.track_id), self._at)
        return SceneUpdate(announcements, self._withdrawn(changes, announcements, tracks, faded))

    def wait(self, seconds: float) -> None:
        """For so long nothing could be seen: nobody counts as gone for that."""
        self.partner.wait(seconds)

    def forget(self, at: float) -> None:
        """A pause ended at `at` seconds, and nobody is known to be there still.

        Everybody in view is announced anew. If there was somebody before the pause, and nobody is found for
        RESUME_GRACE_S, that is announced.
        """
        for track_id in tuple(self._log.track_ids()):
            if not self._is_brief:
                self._last_gone = Change(at, track_id, self._log[track_id], NOBODY)
            self._log.forget(track_id, at)
        self._nobody_from = at + RESUME_GRACE_S
        self._tracks = {}
        self.partner = Partner()

    def ended(self, announcement: Announcement, *, is_heard: bool) -> None:
        """Take in the fate of an announcement. That somebody or nobody is there stays due until it is heard."""
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
        """The wearer asked at `at` seconds and was told that expression."""
        self._log.answered(track_id, expression, at)

    def last(self, at: float) -> NamedExpression | None:
        """The expression that was said last, if it stands at `at` seconds or did until lately (REJECTABLE_S)."""
        last = self._log.last(at)
        return last if last and at - last.until <= REJECTABLE_S else None

    def reject_last(self, at: float) -> bool:
        """The wearer calls the last expression wrong at `at` seconds: it is not said of that person for REJECTED_S,
        and nothing of this is stored. Returns False where there is nothing to call wrong."""
        last = self.last(at)
        if last is None:
            return False
        self._rejected[last.track_id, last.expression] = at + REJECTED_S
        return True

    def is_rejected(self, track_id: int, expression: str) -> bool:
        """Whether the wearer lately called that expression of that person wrong."""
        return self._at < self._rejected.get((track_id, expression), -math.inf)

    def _look_at(self, tracks: Sequence[Track], shape: tuple[int, int]) -> None:
        """Where everybody in view stands; forgets the tracks of which there is nothing left to know."""
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
        """Announce an arrival later, or with another change than before."""
        if track.arrival is None:
            self._arrivals += 1
            track.arrival_order = self._arrivals
        track.arrival = change

    def _arrived(self, track_id: int) -> Announcement | None:
        """The announcement of a person who is alone in view or joined others, once they are near and have stayed."""
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
        """A person left."""
        was_announced = self._log.forget(change.track_id, self._at)
        self._tracks.pop(change.track_id, None)
        if not was_announced or self._is_brief:
            return None
        if not self._log:
            self._last_gone = change
            return None
        return Announcement(change, Sentence.PERSON_LEFT) if self._is_full else None

    def _empty(self, tracks: Sequence[Track]) -> Announcement | None:
        """That nobody is there, once no face is left in view, not even one without a state yet."""
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
        """The tracks of which something pending has just ceased to be true, and which have no new announcement in its
        place: their state changed, the expression has faded, or they were the last to leave and somebody is there."""
        outdated = self._log.pending_names().intersection(faded)
        if self._nobody is not None and tracks:
            outdated.add(self._nobody.change.track_id)
        ceased = {change.track_id for change in changes} | (outdated - self._outdated)
        self._outdated = outdated
        return tuple(sorted(ceased - {each.change.track_id for each in made}))

    def _is_worth_naming(self, expression: str, track_id: int) -> bool:
        """Whether an expression is announced: one that the settings ask for and the wearer did not call wrong. Where
        only expressions count, and beside somebody else, a neutral face is not, unless it ends what was announced."""
        if expression not in self._expressions or self.is_rejected(track_id, expression):
            return False
        is_end = self._log[track_id] not in ("", "neutral")
        has_company = self._has_company(track_id) and not is_end and not self._is_full
        return expression != "neutral" or not (self._is_brief or has_company)

    def _reason(self, change: Change, where: str) -> Announcement | None:
        """Why an expression cannot be told, unless that reason was said lately."""
        if self._at - self._reasons.get(change.reason, -REASON_REPEAT_S) < REASON_REPEAT_S:
            return None
        self._reasons[change.reason] = self._at
        return Announcement(change, Sentence.CANNOT_TELL, where=where, reason=change.reason)

    def _has_company(self, track_id: int) -> bool:
        """Whether anything was announced of anybody else in view."""
        return bool(self._log.track_ids() - {track_id})

    def _stayed(self, track_id: int, seconds: float) -> bool:
        """Whether a person has been in view for so long, and is surely a face."""
        return self.partner.seconds_in_view(track_id, self._at) >= seconds and self.partner.is_certain(track_id)

    def _where(self, track_id: int) -> str:
        """The place to announce with a person: empty for one who is alone, unless everything is announced."""
        if not self._is_full and not self._has_company(track_id):
            return ""
        known = self._tracks.get(track_id)
        return (known.place if known else "") or ("12" if self._is_full else "ahead")
