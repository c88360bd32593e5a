"""The announcement that nobody is in view any more. Pure; time comes with the calls.

It is due once the last person who was announced has left, and stays due until it was heard, an answer said the same, or
a person is announced again.
"""

import math

from assistant.records import Change
from assistant.sentences import Sentence
from assistant.vision.decisions.announcement_log import FATE_TIMEOUT_S, Announcement

RETRY_S = 5.0
"""Seconds after which an announcement that was not heard is made again, while it differs from what the wearer
believes."""
RESUME_GRACE_S = 1.5
"""After a pause (the lens was covered) an empty view is announced only once no face was found for so many seconds: a
face is missed for a moment as the light comes back."""


class EmptyView:
    """Whether an empty view is to be announced."""

    def __init__(self) -> None:
        self._last_gone: Change | None = None  # the last person left, and that is not announced yet
        self._from = -math.inf  # it is not announced before
        self._pending: Announcement | None = None
        self._pending_since = -math.inf

    @property
    def pending_track_id(self) -> int | None:
        """The track of the announcement whose fate is not known yet; None where there is none."""
        return self._pending.change.track_id if self._pending else None

    @property
    def is_due(self) -> bool:
        """Whether it is still to be announced, now or later."""
        return self._last_gone is not None

    def gone(self, change: Change) -> None:
        """The last of the announced people left."""
        self._last_gone = change

    def not_before(self, at: float) -> None:
        """Do not announce an empty view before `at` seconds."""
        self._from = at

    def known(self) -> None:
        """The announcement is no longer due: an answer said the same, or a person was announced."""
        self._last_gone = None

    def update(self, at: float, *, is_empty: bool) -> Announcement | None:
        """The announcement, if it is due at `at` seconds. is_empty: no face is found, not even one without a state."""
        if self._pending is not None and at - self._pending_since > FATE_TIMEOUT_S:
            self.heard(self._pending)
        if self._last_gone is None or self._pending is not None or not is_empty or at < self._from:
            return None
        self._pending, self._pending_since = Announcement(self._last_gone, Sentence.NOBODY_IN_VIEW), at
        return self._pending

    def heard(self, announcement: Announcement) -> None:
        """An announcement was heard, this one or another."""
        if announcement is self._pending:
            self._pending = self._last_gone = None

    def retry(self, announcement: Announcement, at: float) -> bool:
        """An announcement was not heard; returns whether it was the pending one, which is due again from `at` seconds
        on."""
        is_pending = announcement is self._pending
        if is_pending:
            self._pending, self._from = None, at
        return is_pending
