"""Gives one target its inputs: counts them, measures their time, and notes what fails."""

import contextlib
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

SLOW_S = 1.0
"""Seconds that an input may take where its target says nothing else."""
TRIES = 2
"""How often such an input is repeated."""
STUCK_S = 20.0
"""Seconds after which an input is abandoned."""
BATCH = 2000
"""Inputs from one seed: what Hypothesis remembers of them is forgotten after so many."""
MOST_CRASHES = 3
"""Crashes after which a target is attacked no further: the others would be more of the same."""

Check = Callable[[Any], float | None]
"""Gives an input to a target; raises where that fails. May return the seconds that count, where making the input took
some of them."""


@dataclass(frozen=True)
class Attack:
    """One target, opened: what a module of this package yields."""

    inputs: st.SearchStrategy[Any]
    check: Check
    """Called with each input."""
    remark: Callable[[], str] = lambda: ""
    """Called at the end: a remark for the table."""
    slow_s: float = SLOW_S
    """Seconds; an input that takes longer, also when it is repeated, counts as a hang."""


Target = Callable[[], AbstractContextManager[Attack]]


def must_be_one_line(err: Exception, most: int = 600) -> None:
    """A refusal is printed and kept in logs: one line, not a screenful, nothing that a terminal obeys."""
    text = str(err)
    assert text.isprintable(), text
    assert len(text) < most, text[: 2 * most]


class StuckError(Exception):
    """An input kept its target busy for STUCK_S."""


@dataclass
class Result:
    """The result of an attack on one target."""

    inputs: int = 0
    """How many it was given."""
    seconds: float = 0.0
    """For all of them."""
    slowest_s: float = 0.0
    slowest: str = ""
    """The slowest input, shortened."""
    crashes: list[str] = field(default_factory=list)
    """One text for each crash or hang."""
    remark: str = ""


def attack(target: Target, inputs: int, first_seed: int, note: Callable[[str], None]) -> Result:
    """Give a target so many inputs. note(text): called with each before it is used, in case it ends this process."""
    result, began = Result(), time.monotonic()
    with target() as against, _alarm():
        while result.inputs < inputs and len(result.crashes) < MOST_CRASHES:
            before = result.inputs
            _batch(against, min(BATCH, inputs - before), first_seed + before, result, note)
            if result.inputs == before:
                break
        result.remark = against.remark()
    result.seconds = time.monotonic() - began
    return result


def _batch(against: Attack, count: int, number: int, result: Result, note: Callable[[str], None]) -> None:
    is_broken = False

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
    )
    @given(against.inputs)
    def body(value: Any) -> None:
        nonlocal is_broken
        result.inputs += not is_broken
        text = repr(value)
        note(text)
        try:
            took_s = _timed(against.check, value)
            for _ in range(TRIES):  # once may be due to a busy machine
                if took_s > against.slow_s:
                    took_s = min(took_s, _timed(against.check, value))
        except BaseException:
            is_broken = True  # from here on Hypothesis only shrinks the input
            raise
        if took_s > result.slowest_s:
            result.slowest_s, result.slowest = took_s, text[:200]
        if took_s > against.slow_s:
            result.crashes.append(f"seed {number}: {took_s:.1f} s for {text[:500]}")

    try:
        body()
    except Exception as err:
        result.crashes.append(f"seed {number}: {_line(err)}")


def _line(err: BaseException) -> str:
    """The error, where it was raised, and the smallest input that Hypothesis found for it."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(err.__traceback__)[-3:]]
    because = f"\n  after {_line(err.__context__)}" if err.__context__ else ""
    notes = " ".join(getattr(err, "__notes__", ()))
    return f"{type(err).__name__}: {str(err)[:300]}\n  {' < '.join(reversed(places))}\n  {notes[:500]}{because}"


def _timed(check: Check, value: Any) -> float:
    began = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, STUCK_S)
    try:
        took_s = check(value)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return time.perf_counter() - began if took_s is None else took_s


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def stuck(number: int, frame: FrameType | None) -> None:
        raise StuckError(f"not done after {STUCK_S:g} s")

    previous = signal.signal(signal.SIGALRM, stuck)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, previous)
