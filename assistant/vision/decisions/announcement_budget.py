"""How many announcements the minute still allows, and what they are spent on. Pure; time comes with the calls.

The speech queue begins at most MAX_UNASKED unasked utterances in UNASKED_WINDOW_S, and drops what is beyond. Nothing
that differs from what the wearer believes may be lost by that: what the minute does not allow is announced when it
does, if it is still true. Sentences are spent in this order:

- The end of an announced expression, and an empty view: the wearer believes what is no longer true. Where fewer than
  END_WITH_WORDS are left the end is a *cue*, a short falling sound that does not count, and the words stay for what
  begins. A cue does not say of whom, so it is used while one person's expression is announced and not over.
- An expression that begins: a sentence must be left for each expression that is not over, but for one, whose end can
  be a cue.
- Presence, which leaves one sentence for an expression.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from assistant.phrases import Sentence
from assistant.records import MAX_UNASKED, UNASKED_WINDOW_S
from assistant.vision.decisions.announcement_log import Announcement

END_WITH_WORDS = 2
"""Announcements that must be left in the minute for the end of an expression to have words."""
NO_EXPRESSION = ("", "neutral")
"""Announced expressions that need no end."""


class Choice(NamedTuple):
    """What becomes of a new announcement."""

    announcement: Announcement
    """The announcement, or the cue in its place."""
    is_made: bool
    """Whether it is made now; else it is to be tried again."""
    is_more_due: bool = False
    """Whether the announcement is to be tried again after the cue that is made in its place."""


class AnnouncementBudget:
    """The announcements with words that were made within UNASKED_WINDOW_S, but for those that were not heard."""

    def __init__(self, *, has_cues: bool = True) -> None:
        """has_cues: whether the end of an expression may be announced by a sound alone."""
        self._has_cues = has_cues
        self._made: deque[tuple[Announcement, float]] = deque()

    def left(self, at: float) -> int:
        """How many announcements may still be made at `at` seconds."""
        while self._made and at - self._made[0][1] >= UNASKED_WINDOW_S:
            self._made.popleft()
        return MAX_UNASKED - len(self._made)

    def choices(self, made: Sequence[Announcement], announced: Mapping[int, str], at: float) -> Iterator[Choice]:
        """What becomes of each of the announcements of a frame taken at `at` seconds, ends first.

        announced: the expression last announced of each track before this frame.
        """
        for announcement in sorted(made, key=lambda each: not _is_end(each, announced)):
            choice = self._choice(announcement, announced, self.left(at))
            if choice.is_made and not choice.announcement.is_cue:
                self._made.append((announcement, at))
            yield choice

    def ended(self, announcement: Announcement, at: float, *, is_heard: bool) -> None:
        """Take in the fate of an announcement, known at `at` seconds. One that was heard counts from then on: its words
        began a little before, and the speech queue counts from that."""
        kept = deque(each for each in self._made if each[0] is not announcement)
        if is_heard and len(kept) < len(self._made):
            kept.append((announcement, at))
        self._made = kept

    def _choice(self, announcement: Announcement, announced: Mapping[int, str], left: int) -> Choice:
        track_id = announcement.change.track_id
        others = sum(name not in NO_EXPRESSION for each, name in announced.items() if each != track_id)
        may_be_cue = self._has_cues and not others
        if announcement.sentence is Sentence.NOBODY_IN_VIEW:
            return Choice(announcement, left >= 1)
        if not _is_end(announcement, announced):
            begins = announcement.expression not in NO_EXPRESSION and announcement.sentence.names_expression
            reserved = others + (not self._has_cues) if begins else 0
            return Choice(announcement, left >= 1 + max(reserved, announcement.sentence.is_presence))
        is_over = announcement.sentence is Sentence.NO_LONGER or announcement.expression in NO_EXPRESSION
        if left >= (END_WITH_WORDS if may_be_cue and is_over else 1) or not may_be_cue:
            return Choice(announcement, left >= 1)
        over = replace(announcement, sentence=Sentence.NO_LONGER, expression=announced[track_id], is_cue=True)
        return Choice(over, is_made=True, is_more_due=not is_over)


def _is_end(announcement: Announcement, announced: Mapping[int, str]) -> bool:
    """Whether it takes back an expression that was announced."""
    is_about_expression = announcement.implied_expression is not None and not announcement.sentence.is_presence
    return is_about_expression and announced.get(announcement.change.track_id, "") not in NO_EXPRESSION
