"""The announcements why an expression cannot be told. Pure; time comes with the calls."""

from assistant.records import Change
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import Announcement

REASON_REPEAT_S = 60.0
"""The same reason is announced at most once in so many seconds."""


class Reasons:
    """Remembers when each reason was announced."""

    def __init__(self) -> None:
        self._announced: dict[str, float] = {}

    def announcement(self, change: Change, where: str, at: float) -> Announcement | None:
        """The announcement at `at` seconds why an expression cannot be told; None where that reason was announced
        lately."""
        if at - self._announced.get(change.reason, -REASON_REPEAT_S) < REASON_REPEAT_S:
            return None
        self._announced[change.reason] = at
        return Announcement(change, Sentence.CANNOT_TELL, where=where, reason=change.reason)
