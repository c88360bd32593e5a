"""Float against int8 of the same model: which is faster is said only where the rounds show it.

Both are timed in turn in each round, so the ratio of a round is that of one moment. The interval is that of the median
of the rounds' ratios by order statistics: it asks nothing of their distribution.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

from convert.data import regular_file

CONFIDENCE = 0.95
SUFFIX = re.compile(r"[-_.](int8|uint8|i8|quant|quantized|float32|float|fp32|f32)$", re.IGNORECASE)
"""What tells the files of one model apart: NAME-int8.tflite, NAME-float.tflite."""
FLOAT_SUFFIXES = ("", "-float", "-float32", "-fp32", "-f32", "_float", "_float32", "_fp32", "_f32")
INT8_SUFFIXES = ("-int8", "_int8", "-quant", "_quant")


def family(model: Path) -> str:
    """The name of a model file without the part that says how it is quantized."""
    return SUFFIX.sub("", model.stem)


def mate(model: Path) -> Path | None:
    """The other file of the same model that lies beside it: the float one of an int8 one, the int8 one of a float one;
    None where there is none. `emotion-convert quantize` names the float one after the head, which the card has."""
    is_int8 = model.stem.endswith(INT8_SUFFIXES)
    names = [f"{family(model)}{suffix}.tflite" for suffix in (FLOAT_SUFFIXES if is_int8 else INT8_SUFFIXES)]
    if is_int8 and (head := _head(model)):
        names.append(f"{family(model)}-{head}-float32.tflite")
    return next((model.with_name(name) for name in names if model.with_name(name).is_file()), None)


def _head(model: Path) -> str:
    """The head in the card beside a model; empty where there is no such card."""
    try:
        return str(regular_file.read_object(model.with_suffix(".json")).get("head", ""))
    except (OSError, ValueError):
        return ""


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
