"""The log's rate limit: the first records of a period pass, the rest are counted, and the count is logged."""

import logging

import pytest

from assistant.system.process_setup import MAX_RECORDS, PERIOD_S, RateLimitFilter


class Passed(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def logged() -> tuple[logging.Logger, Passed, list[float]]:
    """A logger with a RateLimitFilter, what passes it, and its clock."""
    now = [0.0]
    passed, log = Passed(), logging.Logger("test")
    passed.addFilter(RateLimitFilter(lambda: now[0]))
    log.addHandler(passed)
    return log, passed, now


def test_a_flood_is_ten_lines_a_second_and_the_missing_ones_are_counted(
    logged: tuple[logging.Logger, Passed, list[float]],
) -> None:
    log, passed, now = logged
    for second in range(3):
        for number in range(1000):
            now[0] = second * PERIOD_S + number / 1000
            log.warning("line %d", number)
    assert len(passed.lines) == 3 * MAX_RECORDS
    assert passed.lines[MAX_RECORDS] == "line 0 (990 lines before this one left out)"
    now[0] += 10
    log.warning("100 %")
    assert passed.lines[-1] == "100 % (990 lines before this one left out)"


def test_a_trickle_passes_as_it_is(logged: tuple[logging.Logger, Passed, list[float]]) -> None:
    log, passed, now = logged
    for number in range(100):
        now[0] += 1.01 * PERIOD_S / MAX_RECORDS
        log.warning("line %d", number)
    assert passed.lines == [f"line {number}" for number in range(100)]
