"""Which waiting announcements are withdrawn before they are spoken. Pure."""

from collections.abc import Collection, Iterable

from assistant.records import Change
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement


class Withdrawals:
    """Finds the pending announcements that have just ceased to be true, or to be news."""

    def __init__(self) -> None:
        self._outdated: set[int] = set()

    def update(
        self,
        changes: Iterable[Change],
        made: Iterable[Announcement],
        outdated: set[int],
        answered: Collection[int],
    ) -> tuple[int, ...]:
        """The tracks, ascending, whose pending announcement is withdrawn: their state changed, it is outdated since
        this frame, or an answer has just said the same, and no new announcement takes its place.

        outdated: tracks with a pending announcement of an expression that has faded, or of an empty view though a face
        is in view.
        """
        ceased = {change.track_id for change in changes} | (outdated - self._outdated) | set(answered)
        self._outdated = outdated
        return tuple(sorted(ceased - {each.change.track_id for each in made if each.sentence is not Sentence.NAMED}))
