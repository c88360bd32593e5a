"""From which cosine on a face may be given a friend's name, and how that was measured."""

from assistant.dataclass import dataclass


@dataclass(frozen=True)
class NameThresholds:
    """Cosines, from -1 to 1, of a face with a friend."""

    name: float
    """From here on the mean of the looks at a track names the friend."""
    maybe: float
    """From here on a single look counts for the friend, and the mean of a track's looks makes "Maybe Anna."; below, it
    is somebody whom the wearer has not taught."""


SFACE_THRESHOLDS = NameThresholds(name=0.56, maybe=0.44)
"""Chosen on the tuning half of the people of LFW and muxspace (`emotion-convert evaluate-skills friends`; the figures
of the other half stand in models/README.md).

maybe: the highest of the grid from which on 95.5 % of the looks at faces of 30 pixels count for the right friend; of
the looks at strangers 0.2 to 0.3 % count for one of ten friends. name: the highest of the grid that loses no friend
whom a lower one named, of 796 tracks with faces of 30 pixels; no stranger of 794 was named there. The cosine of a mean
of three looks is higher than theirs: noise that each look has of its own is less in it."""

STRICT_STEP = 0.1
"""Added to both thresholds of a friend of whom the wearer said "Not Anna.". Of tracks with small faces of friends one
in a hundred more is no longer named at 0.62; farther up that was not measured."""
