"""How many announcements the minute still allows, and which ones are made. Pure; time comes with the calls.

The speech queue begins at most MAX_UNASKED unasked utterances in UNASKED_WINDOW_S, and drops any beyond. Nothing that
differs from what the wearer believes may be lost by that: an announcement that the minute does not allow is made later,
if it is still true. The new announcements of a frame are considered in this order:

1. The end of an announced expression, and an empty view: the wearer believes something that is no longer true. Where
   fewer than END_WITH_WORDS announcements are left, the end of an expression is told by a *cue*, a short sound that
   does not count, and the words are kept for what begins. A cue does not say whose expression is over, so it is used
   only while a single person's expression is announced and not over.
2. A person who comes into view: without the expression where no announcement would be left for its end; by a cue where
   none is left at all.
3. How many people are in view, after one of several has left.
4. An expression that begins: one announcement must be left for the end of each announced expression, except for one,
   whose end can be told by a cue. Where too few are left, up to MAX_SMILE_CUES smiles in the same time are told by cues
   as well: wearers ask for smiles most, and know the rising sound of a smile from the tour of the sounds.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from typing import NamedTuple

from assistant.records import MAX_UNASKED, UNASKED_WINDOW_S
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement

END_WITH_WORDS = 2
"""Announcements that must be left in the minute for the end of an expression to have words."""
DEFER_S = 1.0
"""Seconds after which an announcement that the minute did not allow is tried again."""
MAX_SMILE_CUES = 4
"""How many cues for the beginning of a smile are made in UNASKED_WINDOW_S at most."""
SMILE = "happy"
NO_EXPRESSION = ("", "neutral")
"""Announced expressions whose end is not announced."""


class Choice(NamedTuple):
    """What becomes of a new announcement."""

    announcement: Announcement
    """The announcement, or the cue in its place."""
    is_made: bool
    """Whether it is made now; else it is to be tried again."""
    is_more_due: bool = False
    """Whether the announcement is to be tried again after the cue that is made in its place."""


class AnnouncementBudget:
    """Counts the announcements with words that were made within UNASKED_WINDOW_S, except those that were not heard."""

    def __init__(self, *, has_cues: bool = True, tells_presence: bool = True) -> None:
        """has_cues: whether a sound alone may announce the end of an expression, and a person. tells_presence: whether
        people are announced who show no expression; the wearer may choose that anew."""
        self._has_cues, self.tells_presence = has_cues, tells_presence
        self._made: deque[tuple[Announcement, float]] = deque()
        self._smile_cues: deque[float] = deque(maxlen=MAX_SMILE_CUES)

    def left(self, at: float) -> int:
        """How many announcements may still be made at `at` seconds."""
        while self._made and at - self._made[0][1] >= UNASKED_WINDOW_S:
            self._made.popleft()
        return MAX_UNASKED - len(self._made)

    def choices(self, made: Sequence[Announcement], announced: Mapping[int, str], at: float) -> Iterator[Choice]:
        """What becomes of each of the announcements of a frame taken at `at` seconds, in the order above.

        announced: the expression last announced of each track before this frame.
        """
        for announcement in sorted(made, key=lambda each: _rank(each, announced)):
            choice = self._choice(announcement, announced, at)
            if choice.is_made and not choice.announcement.is_cue:
                self._made.append((choice.announcement, at))
            elif choice.is_made and choice.announcement.sentence.names_expression:
                self._smile_cues.append(at)
            yield choice

    def ended(self, announcement: Announcement, at: float, *, is_heard: bool) -> None:
        """Take in the fate of an announcement, known at `at` seconds. An announcement that was heard counts from then
        on; the speech queue counts it from its first word, which came a little before."""
        kept = deque(each for each in self._made if each[0] is not announcement)
        if is_heard and len(kept) < len(self._made):
            kept.append((announcement, at))
        self._made = kept

    def _choice(self, announcement: Announcement, announced: Mapping[int, str], at: float) -> Choice:
        rank, left = _rank(announcement, announced), self.left(at)
        track_id, sentence = announcement.change.track_id, announcement.sentence
        names = sentence.names_expression and announcement.expression not in NO_EXPRESSION
        others = sum(name not in NO_EXPRESSION for each, name in announced.items() if each != track_id)
        needed, cue = 1, Choice(announcement, is_made=False)
        if rank is _Rank.END and sentence is not Sentence.NOBODY_IN_VIEW and not others:
            needed = 1 if names or not self._has_cues else END_WITH_WORDS
            over = replace(announcement, sentence=Sentence.NO_LONGER, expression=announced[track_id], is_cue=True)
            cue = Choice(over, is_made=True, is_more_due=names)
        elif rank is _Rank.NEWCOMER and self.tells_presence:
            needed = 1 + (others + (not self._has_cues) if names else 0)
            came = announcement if sentence.is_presence else _without_expression(announcement)
            has_words = left >= 1 or not self._has_cues
            cue = Choice(replace(came, is_cue=not has_words), left >= 1 or self._has_cues, not sentence.is_presence)
        elif rank in (_Rank.NEWCOMER, _Rank.BEGINNING) and names:
            kept = len(announced) > 1  # among several people one sentence is kept for who comes or leaves
            needed = 1 + max(others + (not self._has_cues), kept)
            if self._has_cues and announcement.expression == SMILE and not others and self._has_smile_cue(at):
                needed = 1 + kept
                cue = Choice(replace(announcement, is_cue=True), is_made=True)
        if left >= needed:
            return Choice(announcement, is_made=True)
        return cue if self._has_cues or not cue.announcement.is_cue else Choice(announcement, is_made=False)

    def _has_smile_cue(self, at: float) -> bool:
        return len(self._smile_cues) < MAX_SMILE_CUES or at - self._smile_cues[0] >= UNASKED_WINDOW_S


def _without_expression(announcement: Announcement) -> Announcement:
    """The announcement of the same person without an expression."""
    sentence = Sentence.ONE_PERSON if announcement.sentence is Sentence.ARRIVED else Sentence.ONE_MORE_PERSON
    return replace(announcement, sentence=sentence, expression="")


class _Rank(IntEnum):
    """What an announcement tells, the most valuable first."""

    END = 1
    NEWCOMER = 2
    DEPARTURE = 3
    BEGINNING = 4


def _rank(announcement: Announcement, announced: Mapping[int, str]) -> _Rank:
    """announced: the expression last announced of each track."""
    sentence, track_id = announcement.sentence, announcement.change.track_id
    if sentence is Sentence.NOBODY_IN_VIEW:
        return _Rank.END
    if announcement.implied_expression is None or (sentence is Sentence.PEOPLE and not announcement.newcomers):
        return _Rank.DEPARTURE
    if any(each not in announced for each in announcement.told):
        return _Rank.NEWCOMER
    return _Rank.BEGINNING if sentence.is_presence or announced[track_id] in NO_EXPRESSION else _Rank.END
