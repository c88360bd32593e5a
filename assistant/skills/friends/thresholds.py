"""From which cosine on a face may be given a friend's name, and how that was measured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NameThresholds:
    """Cosines, from -1 to 1, of a face with a friend."""

    name: float
    """From here on the friend is named."""
    maybe: float
    """From here on "Maybe Anna."; below, somebody whom the wearer has not taught."""


SFACE_THRESHOLDS = NameThresholds(name=0.50, maybe=0.44)
"""Provisional."""

STRICT_STEP = 0.1
"""Added to both thresholds of a friend of whom the wearer said "Not Anna."."""
