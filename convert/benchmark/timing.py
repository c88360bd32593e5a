"""Calls of interpreters, timed in turn in short rounds, so that other load on the machine affects all of them alike."""

import time
from typing import Any

ROUND_S = 0.5
"""Seconds for which a model is called in one round at most, so that a slow one does not take all of the time."""
MIN_CALLS = 3
"""Calls in a round at least, of which there is a median."""


def times_ms(interpreter: Any, calls: int, limit_s: float = ROUND_S) -> list[float]:
    """Milliseconds of each of `calls` forward passes, fewer where they would take longer than limit_s."""
    interpreter.invoke()  # not timed: the CPU caches hold the weights of another model
    times: list[float] = []
    until = time.perf_counter() + limit_s
    while len(times) < calls and (len(times) < MIN_CALLS or time.perf_counter() < until):
        begun = time.perf_counter_ns()
        interpreter.invoke()
        times.append((time.perf_counter_ns() - begun) / 1e6)
    return times
