"""The announcements made about each track, and which of them the wearer heard. Pure; time comes with the calls.

An announcement counts as made at once, because the next one follows before its fate is known. Until then it is pending.
If it turns out that nothing of it was spoken, and no newer one of the track is pending, the track has again the
announcement that was heard before.
"""

import math
from collections.abc import KeysView, Mapping
from types import MappingProxyType
from typing import NamedTuple

from assistant.dataclass import dataclass
from assistant.people import KnownName
from assistant.records import Change
from assistant.sentences import Sentence

FATE_TIMEOUT_S = 10.0
"""Seconds after which an announcement whose fate is not known counts as heard: the voice process was restarted."""
REJECTED_S = 120.0
"""For so many seconds an expression that the wearer called wrong is not named again for that track."""
REJECTABLE_S = 30.0
"""Seconds after its end (another announcement, or the person left) for which an expression can be called wrong. One
that has not ended always can."""


WITHOUT_EXPRESSION = (Sentence.NO_LONGER, Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON, Sentence.PEOPLE)
"""Sentences after which the wearer believes that the people they are about show no expression."""


@dataclass(frozen=True)
class Announcement:
    """A sentence about a person that is spoken unasked."""

    change: Change
    """The change of state that gave rise to it."""
    sentence: Sentence
    """Key of the locale's [sentences]."""
    expression: str = ""
    """The expression to put into the sentence; empty where it names none."""
    where: str = ""
    """The place to put into the sentence, a key of [where]; empty where it names none."""
    is_cue: bool = False
    """Whether it is made by a short sound alone."""
    reason: str = ""
    """Why the expression cannot be told, a key of [reasons]; empty where the sentence gives no reason."""

    people: int = 0
    """How many people are in view, to put into the sentence; 0 where it does not count them."""
    newcomers: tuple[int, ...] = ()
    """track_ids of all the people whom a sentence that counts announces for the first time."""
    name: KnownName | None = None
    """Who the person is, to be said in place of "one person"; None where the sentence says no name."""

    @property
    def told(self) -> tuple[int, ...]:
        """track_ids of the people whom the sentence is about."""
        return self.newcomers if self.sentence is Sentence.PEOPLE else (self.change.track_id,)

    @property
    def implied_expression(self) -> str | None:
        """The expression that a wearer who has heard the sentence believes the person to have, empty for none; None
        where the sentence says nothing about expressions."""
        if self.sentence.names_expression:
            return self.expression
        return "" if self.sentence in WITHOUT_EXPRESSION else None


class NamedExpression(NamedTuple):
    """An expression that an announcement or an answer named."""

    track_id: int
    expression: str
    at: float
    """When the announcement was made or the question asked, seconds."""
    until: float = math.inf
    """When another announcement ended it, or the person left, seconds; infinite while it is valid."""


class Answered(NamedTuple):
    """What an answer told the wearer."""

    at: float
    """When the question was asked, seconds."""
    people: tuple[int, ...] = ()
    """track_ids of the people whom the answer counted; empty where it said that nobody is in view."""
    about: int = 0
    """track_id of the person whom it was about; 0 where it was about nobody."""
    expression: str = ""
    """The expression that it named, if only with "maybe"; empty where it named none."""
    is_state: bool = False
    """Whether that expression is the state of the person, and not only likely."""
    names: Mapping[int, KnownName] = MappingProxyType({})
    """The names that it said, by track_id."""


@dataclass
class _Entry:
    """The announcements of one track."""

    announced: str
    """The expression that was announced last, empty for none; pending announcements count."""
    heard: str | None = None
    """The expression that was announced and heard before the announcements that are pending now, empty for none; None
    where nothing was heard. Not used while no announcement is pending."""


class AnnouncementLog:
    """The expression last announced for each track that has an announcement; empty where none was named.

    `answered`, `last`, `reject_last` and `is_rejected` may be called from any thread.
    """

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}
        self._pending: tuple[tuple[Announcement, float], ...] = ()  # with the seconds at which each was made
        self._last: NamedExpression | None = None
        self._rejected: dict[tuple[int, str], float] = {}  # until when, seconds; outlives the track

    def __contains__(self, track_id: int) -> bool:
        return track_id in self._entries

    def __getitem__(self, track_id: int) -> str:
        """The expression that was announced last; empty also where nothing was announced."""
        entry = self._entries.get(track_id)
        return entry.announced if entry else ""

    def __setitem__(self, track_id: int, expression: str) -> None:
        entry = self._entries.get(track_id)
        if entry:
            entry.announced = expression
        else:
            self._entries[track_id] = _Entry(expression)

    def __bool__(self) -> bool:
        return bool(self._entries)

    def track_ids(self) -> KeysView[int]:
        """Every track that has an announcement, in the order of their first ones."""
        return self._entries.keys()

    def as_dict(self) -> dict[int, str]:
        """The expression last announced for each track, as it is now."""
        return {track_id: entry.announced for track_id, entry in self._entries.items()}

    def pending_names(self) -> set[int]:
        """The tracks with a pending announcement that names an expression."""
        return {track_id for each, _ in self._pending if each.implied_expression for track_id in each.told}

    def add(self, announcement: Announcement, before: Mapping[int, str], at: float) -> None:
        """An announcement was made at `at` seconds, and is now pending.

        before: what was announced of each track until then.
        """
        for lost in [each for each, made_at in self._pending if at - made_at > FATE_TIMEOUT_S]:
            self.ended(lost, is_heard=True)
        if announcement.implied_expression is not None:
            for track_id in announcement.told:
                if not self.is_pending(track_id):
                    self._entries[track_id].heard = before.get(track_id)
            self._pending += ((announcement, at),)

    def restore(self, track_id: int, before: str | None) -> None:
        """An announcement of a track is not made after all. before: what was announced of it before; None: nothing."""
        if before is None:
            self._entries.pop(track_id, None)
        else:
            self[track_id] = before

    def ended(self, announcement: Announcement, *, is_heard: bool) -> None:
        """Take in the fate of an announcement. is_heard: at least its beginning was spoken."""
        track_id, implied = announcement.change.track_id, announcement.implied_expression
        made_at = next((at for each, at in self._pending if each is announcement), announcement.change.at)
        is_newest = self._last is None or made_at >= self._last.at  # else a question was answered since
        if is_heard and is_newest and implied:
            self._name(track_id, implied, made_at)
        elif is_heard and is_newest and implied is not None:
            self._end(track_id, made_at)
        if not any(each is announcement for each, _ in self._pending):
            return  # the person left, or the sentence said nothing about expressions
        self._pending = tuple(each for each in self._pending if each[0] is not announcement)
        for told in announcement.told:
            self._note_fate(told, implied, is_heard=is_heard)

    def _note_fate(self, track_id: int, implied: str | None, *, is_heard: bool) -> None:
        """An announcement about a track, which implied that expression, is no longer pending."""
        entry = self._entries.get(track_id)
        if entry is None:
            return  # the person left
        if is_heard:
            entry.heard = implied
        elif not self.is_pending(track_id) and entry.heard is None:
            del self._entries[track_id]
        elif not self.is_pending(track_id):
            entry.announced = entry.heard or ""

    def settle(self, track_id: int, expression: str | None) -> bool:
        """The wearer has just been told of a person in an answer; returns whether a pending announcement of the track
        says no more than the answer did.

        expression: which the answer named; None: only that the person is there.
        """
        entry = self._entries.setdefault(track_id, _Entry("", ""))
        if expression is not None:
            entry.announced = entry.heard = expression
        elif entry.heard is None:
            entry.heard = ""
        said = {expression or "", ""}
        pending = [each.implied_expression for each, _ in self._pending if track_id in each.told]
        return bool(pending) and all(each in said for each in pending)

    def is_pending(self, track_id: int) -> bool:
        """Whether the fate of an announcement of the track is not known yet."""
        return any(track_id in each.told for each, _ in self._pending)

    def forget(self, track_id: int, at: float) -> bool:
        """The person left, at `at` seconds; returns whether the track had an announcement."""
        self._end(track_id, at)
        self._pending = tuple(each for each in self._pending if each[0].told != (track_id,))
        return self._entries.pop(track_id, None) is not None

    def answered(self, track_id: int, expression: str, at: float) -> None:
        """An answer to a question asked at `at` seconds named that expression."""
        self._name(track_id, expression, at)

    def last(self, at: float) -> NamedExpression | None:
        """The expression that was named last, in an answer or in an announcement that was heard or is pending at `at`
        seconds; None where it ended more than REJECTABLE_S ago."""
        last = self._last_named(at)
        return last if last and at - last.until <= REJECTABLE_S else None

    def reject_last(self, at: float) -> bool:
        """The wearer calls the expression that was named last wrong, at `at` seconds; False where there is none to call
        wrong. Nothing of this is stored."""
        last = self.last(at)
        if last is None:
            return False
        self._rejected[last.track_id, last.expression] = at + REJECTED_S
        return True

    def is_rejected(self, track_id: int, expression: str, at: float) -> bool:
        """Whether the wearer called that expression of that track wrong within the last REJECTED_S before `at`."""
        return at < self._rejected.get((track_id, expression), -math.inf)

    def _last_named(self, at: float) -> NamedExpression | None:
        last = self._last
        for announcement, made_at in self._pending:
            if announcement.implied_expression and at - made_at <= FATE_TIMEOUT_S:
                made = NamedExpression(announcement.change.track_id, announcement.implied_expression, made_at)
                return made if last is None or last.at < made_at else last
        return last

    def _name(self, track_id: int, expression: str, at: float) -> None:
        """Note the expression named last; of a track that is not known to be in view it is valid at `at` only."""
        until = math.inf if track_id in self._entries else at
        self._last = NamedExpression(track_id, expression, at, until)

    def _end(self, track_id: int, at: float) -> None:
        """The expression named last ends at `at`, if it is that of this track."""
        last = self._last
        if last is not None and last.track_id == track_id:
            self._last = last._replace(until=min(last.until, at))
