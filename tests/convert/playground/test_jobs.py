"""Work on a thread: how far it is, its end, its mistake, and that it stops."""

import threading
from collections.abc import Callable

import pytest

from convert.playground.jobs import Job, Jobs, updates


def until_stopped(stop: threading.Event, note: Callable[[int], None]) -> str:
    note(7)
    assert stop.wait(10)
    return "stopped"


def test_a_job_tells_how_far_it_is_and_what_it_made() -> None:
    go = threading.Event()

    def work(stop: threading.Event, note: Callable[[int], None]) -> str:
        note(3)
        go.wait(10)
        return "done"

    job = Job(work, 0)
    told = updates(job, 0.01)
    assert next(told) in (0, 3)
    go.set()
    assert set(told) <= {3}
    assert job.outcome() == "done"


def test_a_mistake_is_raised_to_whoever_asks() -> None:
    def work(stop: threading.Event, note: Callable[[int], None]) -> str:
        raise ValueError("no")

    job = Job(work, 0)
    assert job.wait(10)
    with pytest.raises(ValueError, match="no"):
        job.outcome()


def test_a_job_stops_when_nobody_listens_any_more() -> None:
    job = Job(until_stopped, 0)
    told = updates(job, 0.01)
    next(told)
    told.close()  # type: ignore[attr-defined]
    assert job.wait(10)


def test_a_visitors_new_job_stops_the_old_one_and_nobody_elses() -> None:
    jobs = Jobs()
    first, other = jobs.begin("a", Job(until_stopped, 0)), jobs.begin("b", Job(until_stopped, 0))
    second = jobs.begin("a", Job(until_stopped, 0))
    assert first.wait(10)
    assert not other.stop.is_set()
    jobs.stop("a")
    assert second.wait(10)
    jobs.stop("nobody")
    jobs.stop_all()
    assert other.wait(10)
