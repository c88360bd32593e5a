"""What is logged, at a bearable rate: a fault that comes a thousand times a second must not fill the journal."""

import logging
import time
from collections.abc import Callable

MOST, PER_S = 10, 1.0
"""Lines in so many seconds; those beyond are counted, and the count is logged with the next that passes."""


class Throttle(logging.Filter):
    """Lets MOST records pass in each PER_S."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._began, self._count = clock, clock(), 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        left_out = max(0, self._count - MOST)
        if now - self._began >= PER_S:
            self._began, self._count = now, 0
            if left_out:
                record.msg, record.args = f"{record.getMessage()} ({left_out} lines before this one left out)", ()
        self._count += 1
        return self._count <= MOST
