"""Changes in, announcements out: decides what is announced unasked. Pure; time comes with the frames.

An announcement names a sentence of the locale and what goes into it. It is made only if it tells the wearer something
new: the last announcement of a track is remembered until that person leaves. A person who only passes by while others
are in view is not announced, and among several people a neutral face only where it ends another expression.
"""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence

from assistant.config.settings import AnnouncementSettings
from assistant.records import CANNOT_TELL, NOBODY, Change, Track
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_budget import DEFER_S, AnnouncementBudget
from assistant.vision.decisions.announcement_log import Announcement, AnnouncementLog, Answered, NamedExpression
from assistant.vision.decisions.attention import Attention
from assistant.vision.decisions.empty_view import RESUME_GRACE_S, RETRY_S, EmptyView
from assistant.vision.decisions.given_answers import GivenAnswers
from assistant.vision.decisions.head_count import HeadCount, together
from assistant.vision.decisions.naming import Naming, SaidName
from assistant.vision.decisions.partner import Partner
from assistant.vision.decisions.reasons import Reasons
from assistant.vision.decisions.scene_tracks import SceneTracks
from assistant.vision.decisions.scene_update import SceneUpdate
from assistant.vision.decisions.withdrawals import Withdrawals

ARRIVAL_DWELL_S = 2.0
"""Seconds in view after which a person who joins others is announced."""
EXPRESSIVE_ARRIVAL_DWELL_S = 1.2
"""The same for a person whose expression is announced with the arrival."""


class Scene:
    """The people in view, and their announcements. `answered`, `last`, `reject_last`, `reject_name` and `is_rejected`
    may be called from any thread."""

    def __init__(self, settings: AnnouncementSettings, fov_deg: float = 62.0) -> None:
        """settings: which expressions are announced, and the verbosity. fov_deg: the camera's field of view along its
        longer side."""
        self.partner = Partner()
        self.naming = Naming()
        self._log = AnnouncementLog()
        self._tracks = SceneTracks(fov_deg, is_by_clock=settings.verbosity == "full")
        self._empty_view, self._head_count = EmptyView(), HeadCount()
        self._budget = AnnouncementBudget(has_cues=settings.busy_sounds)
        self.set_verbosity(settings)
        self._answers = GivenAnswers(self._log, self._tracks, self._empty_view, self._head_count)
        self._withdrawals = Withdrawals()
        self._attention = Attention(is_on=settings.attention != "off")
        self._reasons, self._at = Reasons(), 0.0

    def update(
        self,
        changes: Sequence[Change],
        tracks: Sequence[Track],
        shape: tuple[int, int],
        at: float | None = None,
        faded: Collection[int] = (),
    ) -> SceneUpdate:
        """Take in one frame. shape: its height and width in pixels. at: seconds, by default that of the changes.
        faded: the tracks whose expression is still their state, but has lost its evidence (`Stabilizer.faded`)."""
        self._at = at if at is not None else max((change.at for change in changes), default=self._at)
        self.partner.update(tracks, self._at, shape[1])
        self._tracks.update(tracks, shape, self._log.track_ids(), self._at)
        answered = self._answers.update(self._at)
        before = self._log.as_dict()
        for change in changes:
            if change.new == NOBODY:
                self._gone(change)
        made = [self._changed(change) for change in changes if change.new != NOBODY]
        made += [self._again(track_id, faded) for track_id, each in self._tracks.items() if each.is_unheard]
        arrived = [self._arrived(track_id, faded) for track_id in self._tracks.arrivals()]
        newcomers = [self.naming.with_name(each) for each in arrived if each is not None]
        made += newcomers if self._is_full else together(newcomers, self._tracks, self._log, self._at)
        if self._log:
            self._empty_view.known()
        made.append(self._empty_view.update(self._at, is_empty=not tracks))
        if not self._is_brief:
            is_someone_arriving = any(self._tracks[each].is_in_view for each in self._tracks.arrivals())
            people = len(self._log.track_ids())
            made.append(self._head_count.update(self._at, people, is_someone_arriving=is_someone_arriving))
            made += self.naming.due(self._log, self._tracks, made, self._where)
        candidates = () if self._is_quiet else tuple(map(self.naming.with_name, filter(None, made)))
        announcements, deferred = self._within_budget(candidates, before)
        outdated = self._log.pending_names().intersection(faded)
        if (left := self._empty_view.pending_track_id) is not None and tracks:
            outdated.add(left)
        withdrawn = self._withdrawals.update(changes, announcements, outdated, answered)
        turned = self._attention.update(tracks, shape, self._at, self.partner.is_certain)
        cues = [each.cue(self._at, self._tracks[each[0]].change, self._where(each[0])) for each in turned]
        return SceneUpdate(announcements, deferred, withdrawn, () if self._is_quiet else tuple(cues))

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits to be announced with one of the next frames."""
        return not (self._empty_view.is_due or self._head_count.is_due or self._tracks.is_anybody_due(self._at))

    def _within_budget(
        self, made: Sequence[Announcement], before: Mapping[int, str]
    ) -> tuple[tuple[Announcement, ...], tuple[Announcement, ...]]:
        """Those of the new announcements that the minute still allows, and the others, which are tried again as if they
        had not been heard. before: what was announced of each track until now."""
        allowed: list[Announcement] = []
        deferred: list[Announcement] = []
        for announcement, is_made, is_more_due in self._budget.choices(made, before, self._at):
            track_id = announcement.change.track_id
            if is_more_due:
                self._log[track_id] = ""
                self._tracks.retry(track_id, self._at + DEFER_S)
            if is_made:
                self._log.add(announcement, before, self._at)
                self.naming.made(announcement)
                allowed.append(announcement)
            else:
                for told in announcement.told:
                    self._log.restore(told, before.get(told))
                self._retry(announcement, DEFER_S)
                self.naming.deferred(announcement)
                deferred.append(announcement)
        return tuple(allowed), tuple(deferred)

    def set_verbosity(self, settings: AnnouncementSettings) -> None:
        """Announce what these settings ask for from now on; places are told as before."""
        verbosity = settings.verbosity
        self._is_quiet, self._is_full = verbosity == "quiet", verbosity == "full"
        self._is_brief, self._head_count.tells_departures = verbosity in ("smiles", "brief"), self._is_full
        self._expressions: tuple[str, ...] = ("happy",) if verbosity == "smiles" else settings.expressions
        self._budget.tells_presence = not self._is_brief

    def wait(self, seconds: float) -> None:
        """Leave a pause of so many seconds out of account."""
        self.partner.wait(seconds)
        self._attention.wait(seconds)

    def forget(self, at: float) -> None:
        """A pause ended at `at` seconds: drop every track, so that everybody in view is announced anew.

        If people were announced before the pause, and no face is found for RESUME_GRACE_S, the empty view is announced.
        """
        for track_id in tuple(self._log.track_ids()):
            if not self._is_brief:
                self._empty_view.gone(Change(at, track_id, self._log[track_id], NOBODY))
            self._log.forget(track_id, at)
        self._empty_view.not_before(at + RESUME_GRACE_S)
        self._tracks.clear()
        self.naming.forget()
        self.partner = Partner()
        self._attention.forget()

    def ended(self, announcement: Announcement, *, is_heard: bool) -> None:
        """Take in the fate of an announcement; one of presence stays due until it is heard. is_heard: at least its
        beginning was spoken."""
        self._budget.ended(announcement, self._at, is_heard=is_heard)
        self._log.ended(announcement, is_heard=is_heard)
        self.naming.ended(announcement, is_heard=is_heard)
        if is_heard:
            self._empty_view.heard(announcement)
            self._head_count.heard(announcement)
        else:
            self._retry(announcement, RETRY_S)

    def _retry(self, announcement: Announcement, after_s: float) -> None:
        """Make an announcement that was not heard again after so many seconds, if it is still true."""
        self._head_count.retry(announcement, self._at + after_s)
        if self._empty_view.retry(announcement, self._at + after_s) or announcement.implied_expression is None:
            return
        for track_id in announcement.told:
            track = self._tracks.get(track_id)
            if track is None or not track.place:
                continue
            track.retry_from = self._at + after_s
            track.is_unheard = track_id in self._log
            if not track.is_unheard and track.unheard_since is None:
                track.unheard_since = self._at
            if not track.is_unheard and track.arrival is None:
                self._tracks.await_arrival(track_id, track.change or announcement.change)

    def answered(self, told: Answered) -> None:
        """A question was answered: what the answer said is not announced again."""
        if told.expression:
            self._log.answered(told.about, told.expression, told.at)
        self._answers.add(told)
        self.naming.answered(told.names, told.at)
        self._attention.told(told.about)

    def last(self, at: float) -> NamedExpression | None:
        """The expression that was named last, see AnnouncementLog.last."""
        return self._log.last(at)

    def reject_last(self, at: float) -> bool:
        """The wearer calls the expression that was named last wrong, see AnnouncementLog.reject_last."""
        return self._log.reject_last(at)

    def reject_name(self, at: float) -> SaidName | None:
        """The wearer calls the name that was said last wrong, unless an expression was named with it, or since, that
        was not called wrong yet; None where no name is called wrong."""
        last = self._log.last(at)
        is_over = last is None or self._log.is_rejected(last.track_id, last.expression, at)
        return self.naming.reject_last(at, -math.inf if last is None or is_over else last.at)

    def is_rejected(self, track_id: int, expression: str) -> bool:
        """Whether the wearer lately called that expression of that track wrong."""
        return self._log.is_rejected(track_id, expression, self._at)

    def _changed(self, change: Change) -> Announcement | None:
        """The state of a track became an expression, or CANNOT_TELL."""
        track_id, last = change.track_id, self._log[change.track_id]
        track = self._tracks[track_id]
        track.change, track.is_unheard = change, False
        is_new, has_company = track_id not in self._log, self._has_company(track_id)
        where = self._where(track_id)
        if self._is_worth_naming(change.new, track_id):
            is_passing = has_company and not self._stayed(track_id, EXPRESSIVE_ARRIVAL_DWELL_S) and not self._is_brief
            if is_new and (is_passing or self.naming.is_awaited(track_id)):
                self._tracks.await_arrival(track_id, change)
                return None
            track.arrival = None
            self._log[track_id] = change.new
            if change.new == last:
                return None
            sentence = Sentence.ARRIVED if is_new and not has_company and not self._is_brief else Sentence.LOOKS
            return Announcement(change, sentence, change.new, where)
        if is_new and not self._is_brief:
            self._tracks.await_arrival(track_id, change)
            return None
        track.arrival = None
        if change.new == CANNOT_TELL:
            return self._reasons.announcement(change, where, self._at) if self._is_full else None
        if not is_new and last != "neutral":  # else a neutral face would be announced twice
            self._log[track_id] = ""
        return Announcement(change, Sentence.NO_LONGER, last, where) if last not in ("", "neutral") else None

    def _again(self, track_id: int, faded: Collection[int]) -> Announcement | None:
        """The announcement of a track's state once more, RETRY_S after an announcement of it that was not heard."""
        track = self._tracks[track_id]
        if self._at < track.retry_from or not track.place or track_id in faded or track.change is None:
            return None
        if self._log.is_pending(track_id):
            return None
        return self._changed(dataclasses.replace(track.change, at=self._at))

    def _arrived(self, track_id: int, faded: Collection[int]) -> Announcement | None:
        """The announcement of an arrival that is due, once the person is near and, beside others, has stayed; never
        with an expression that has lost its evidence."""
        track, has_company = self._tracks[track_id], self._has_company(track_id)
        change = track.arrival
        assert change is not None
        is_named = self._is_worth_naming(change.new, track_id)
        dwell_s = EXPRESSIVE_ARRIVAL_DWELL_S if is_named else ARRIVAL_DWELL_S
        if (
            not track.is_in_view
            or track.is_far
            or (has_company and not self._stayed(track_id, dwell_s))
            or self._at < track.retry_from
            or (is_named and track_id in faded)
            or self.naming.is_awaited(track_id)
        ):
            return None
        track.arrival = None
        if is_named:
            return self._changed(change)
        if self._is_brief:
            return None
        self._log[track_id] = ""
        where = self._where(track_id)
        if self._is_full and change.new == CANNOT_TELL and (why := self._reasons.announcement(change, where, self._at)):
            return why
        return Announcement(change, Sentence.ONE_MORE_PERSON if has_company else Sentence.ONE_PERSON, where=where)

    def _gone(self, change: Change) -> None:
        """A person left: `HeadCount` announces it if others are in view, else `EmptyView`."""
        was_announced = self._log.forget(change.track_id, self._at)
        self._tracks.drop(change.track_id)
        if was_announced and not self._is_brief:
            (self._head_count if self._log else self._empty_view).gone(change)

    def _is_worth_naming(self, expression: str, track_id: int) -> bool:
        """Whether an expression is announced: one that the settings ask for and the wearer did not call wrong. A
        neutral face is not where the verbosity is brief, nor beside others unless it ends an announced expression."""
        if expression not in self._expressions or self.is_rejected(track_id, expression):
            return False
        is_end = self._log[track_id] not in ("", "neutral")
        has_company = self._has_company(track_id) and not is_end and not self._is_full
        return expression != "neutral" or not (self._is_brief or has_company)

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
