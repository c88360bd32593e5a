"""The log at a bearable rate: the first lines pass, the rest are counted, and nothing is lost without a word."""

import logging

import pytest

from assistant.system.log_rate_limit import MOST, PER_S, Throttle


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def logged() -> tuple[logging.Logger, Kept, list[float]]:
    """A logger behind a throttle, what passes it, and its clock."""
    now = [0.0]
    kept, log = Kept(), logging.Logger("test")
    kept.addFilter(Throttle(lambda: now[0]))
    log.addHandler(kept)
    return log, kept, now


def test_a_flood_is_ten_lines_a_second_and_says_how_many_are_missing(
    logged: tuple[logging.Logger, Kept, list[float]],
) -> None:
    log, kept, now = logged
    for second in range(3):
        for number in range(1000):
            now[0] = second * PER_S + number / 1000
            log.warning("line %d", number)
    assert len(kept.lines) == 3 * MOST
    assert kept.lines[MOST] == "line 0 (990 lines before this one left out)"
    now[0] += 10
    log.warning("100 %")
    assert kept.lines[-1] == "100 % (990 lines before this one left out)"


def test_a_trickle_passes_as_it_is(logged: tuple[logging.Logger, Kept, list[float]]) -> None:
    log, kept, now = logged
    for number in range(100):
        now[0] += 1.01 * PER_S / MOST
        log.warning("line %d", number)
    assert kept.lines == [f"line {number}" for number in range(100)]
