"""Which day it is, if that is known: a Pi has no clock that runs while it is off, and no network sets it.

Dates are of consent, and of the yearly question whether a friend is to be kept; a wrong one would ask at every start.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

from assistant.skills.friends.friend import Friend

SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes this file once it has set the clock."""
YEAR = timedelta(days=365)


def today(marker: Path = SYNCHRONIZED, clock: Callable[[], date] = date.today) -> date | None:
    """The date; None where the clock was not synchronized since the start."""
    try:
        return clock() if marker.exists() else None
    except OSError:
        return None


def as_text(day: date | None) -> str:
    """A date as it is kept, e.g. 2026-11-30; empty where it is not known."""
    return day.isoformat() if day is not None else ""


def due_for_review(friends: Iterable[Friend], day: date | None) -> tuple[Friend, ...]:
    """The friends of whom the wearer is to be asked "Keep Anna?": a year after they agreed, or after the last time.
    Nobody where the date is not known, or where it was not known when they agreed: see `undated`."""
    return tuple(friend for friend in friends if (since := _since(friend)) and day is not None and day - since >= YEAR)


def undated(friends: Iterable[Friend]) -> tuple[Friend, ...]:
    """The friends whose year has not begun, because no date was known when they agreed: it begins by `kept_on` on the
    first day that is known."""
    return tuple(friend for friend in friends if _since(friend) is None)


def _since(friend: Friend) -> date | None:
    try:
        return date.fromisoformat(friend.kept_on or friend.consent_on)
    except ValueError:
        return None
