"""Gives one target its inputs: counts them, takes their time, and notes what they break."""

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
"""An input that takes longer is a hang, if it does so again."""
TRIES = 2
STUCK_S = 20.0
"""Then it is given up."""
BATCH = 2000
"""Inputs from one seed: what Hypothesis remembers of them is forgotten after so many."""
MOST_CRASHES = 3
"""After so many a target is given up: the rest would be more of the same."""

Check = Callable[[Any], float | None]
"""May return the seconds that count, if to make the input took some of them."""


@dataclass(frozen=True)
class Attack:
    """What a module of this package opens: the inputs, what is done with each of them, which raises if it goes wrong,
    and what is to be said at the end."""

    inputs: st.SearchStrategy[Any]
    check: Check
    remark: Callable[[], str] = lambda: ""


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
    """What became of a target: the inputs that it was given, their time, the slowest one, and each crash."""

    inputs: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    slowest: str = ""
    crashes: list[str] = field(default_factory=list)
    remark: str = ""


def attack(target: Target, inputs: int, first_seed: int, note: Callable[[str], None]) -> Result:
    """Give a target so many inputs. note: is told each of them first, for the case that it ends this process."""
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
        told = repr(value)
        note(told)
        try:
            took = _timed(against.check, value)
            for _ in range(TRIES):  # once may be the machine's fault
                if took > SLOW_S:
                    took = min(took, _timed(against.check, value))
        except BaseException:
            is_broken = True  # what follows only makes the input smaller
            raise
        if took > result.slowest_s:
            result.slowest_s, result.slowest = took, told[:200]
        if took > SLOW_S:
            result.crashes.append(f"seed {number}: {took:.1f} s for {told[:500]}")

    try:
        body()
    except Exception as err:
        result.crashes.append(f"seed {number}: {_line(err)}")


def _line(err: BaseException) -> str:
    """What was raised, where, and the smallest input that Hypothesis found to do it."""
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(err.__traceback__)[-3:]]
    because = f"\n  after {_line(err.__context__)}" if err.__context__ else ""
    notes = " ".join(getattr(err, "__notes__", ()))
    return f"{type(err).__name__}: {str(err)[:300]}\n  {' < '.join(reversed(places))}\n  {notes[:500]}{because}"


def _timed(check: Check, value: Any) -> float:
    began = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, STUCK_S)
    try:
        took = check(value)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return time.perf_counter() - began if took is None else took


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def stuck(number: int, frame: FrameType | None) -> None:
        raise StuckError(f"not done after {STUCK_S:g} s")

    kept = signal.signal(signal.SIGALRM, stuck)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, kept)
