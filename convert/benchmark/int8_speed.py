"""Whether the int8 file of a model is faster than its float file: said only where the rounds show it.

Both are timed in turn in each round, so the ratio of a round is that of one moment. The interval is that of the median
of the rounds' ratios by order statistics: it asks nothing of their distribution.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

CONFIDENCE = 0.95
"""Probability with which the interval holds the median; what is said of a pair is as sure as that."""


@dataclass(frozen=True)
class Comparison:
    """Float against int8 of one model with one number of threads."""

    float_model: str
    int8_model: str
    threads: int
    rounds: int
    speed_up: float
    """Median of the rounds' float time / int8 time: above 1 where int8 is faster."""
    low: float | None
    """Lower end of the interval of `speed_up`; None where there are too few rounds for one."""
    high: float | None
    verdict: str
    """ "int8 is faster", "int8 is slower", or why neither is said."""


def compare(
    float_model: str, int8_model: str, threads: int, float_ms: Sequence[float], int8_ms: Sequence[float]
) -> Comparison:
    """The comparison of two models by their medians in each round, which stand in the order of the rounds."""
    ratios = sorted(whole / quantized for whole, quantized in zip(float_ms, int8_ms, strict=True))
    middle = len(ratios) // 2
    median = ratios[middle] if len(ratios) % 2 else (ratios[middle - 1] + ratios[middle]) / 2
    ends = interval(ratios)
    if ends is None:
        verdict = f"nothing is said of {len(ratios)} rounds; {least_rounds()} are needed"
    elif ends[0] > 1:
        verdict = "int8 is faster"
    elif ends[1] < 1:
        verdict = "int8 is slower"
    else:
        verdict = "no difference is shown"
    low, high = (None, None) if ends is None else (round(ends[0], 3), round(ends[1], 3))
    return Comparison(float_model, int8_model, threads, len(ratios), round(median, 3), low, high, verdict)


def interval(ordered: Sequence[float]) -> tuple[float, float] | None:
    """Interval of the median of ordered values with at least CONFIDENCE; None where they are too few for one."""
    count, tail, cut = len(ordered), 0.0, -1
    for below in range(count // 2):
        tail += comb(count, below) / 2**count
        if 2 * tail > 1 - CONFIDENCE:
            break
        cut = below
    return None if cut < 0 else (ordered[cut], ordered[count - 1 - cut])


def least_rounds() -> int:
    """Rounds from which there is an interval."""
    return next(count for count in range(1, 100) if interval(list(map(float, range(count)))) is not None)
