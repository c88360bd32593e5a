"""Shares, their intervals and percentiles. Pure."""

import math
from collections.abc import Sequence

Z = 1.96
"""Standard normal deviate of a 95 % interval."""


def wilson(hits: int, of: int) -> list[float] | None:
    """The 95 % interval of a share (Wilson 1927); None if `of` is 0."""
    if not of:
        return None
    share, spread = hits / of, Z * Z / of
    middle = (share + spread / 2) / (1 + spread)
    reach = Z * math.sqrt(share * (1 - share) / of + spread / (4 * of)) / (1 + spread)
    return [round(max(0.0, middle - reach), 3), round(min(1.0, middle + reach), 3)]


def percentile(values: Sequence[float], percent: float) -> float | None:
    """Percentile by the nearest-rank method; None without values."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(percent / 100 * len(values)) - 1)], 2)


def ratio(count: float, of: float) -> float | None:
    """A share, rounded; None if `of` is 0."""
    return round(count / of, 3) if of else None
