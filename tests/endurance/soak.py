"""`make soak`: each run in a process of its own, two at a time; prints a table, exits with 1 if a run failed."""

import argparse
import logging
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.endurance import camera_losses, frames, speaking
from tests.endurance.resource_usage import Outcome

MAX_MIB_PER_HOUR = 0.1
"""Growth of resident memory per simulated hour."""
PROCESSES = 2
RUNS: tuple[tuple[Callable[[int], Outcome], int], ...] = (
    (frames.scripted, 500_000),
    (frames.scripted, 500_000),
    (frames.real, 40_000),
    (camera_losses.losses, 1000),
    (speaking.utterances, 10_000),
)


def main() -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.soak", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the full length: 0.01 takes ten seconds")
    share = parser.parse_args().share
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _quiet, max_tasks_per_child=1) as pool:
        waiting = [pool.submit(run, max(1, round(count * share))) for run, count in RUNS]
        outcomes = [each.result() for each in waiting]
    columns = f"{'seconds':>8} {'sim. hours':>11} {'MiB/hour':>9} {'threads':>8} {'files':>6} {'failed':>7}  ok"
    print(f"{'':22} {'count':>8} {columns}")
    for each in outcomes:
        figures = f"{each.seconds:8.0f} {each.hours:11.2f} {each.mib_per_hour:9.3f}"
        grown = f"{max(0, each.threads):+8} {max(0, each.files):+6}"
        verdict = "ok" if _is_passed(each) else "short"
        print(f"{each.name:22} {each.count:8} {figures} {grown} {len(each.failures):7}  {verdict}")
    for each in outcomes:
        print(f"{each.name}: {each.note}")
        for line in each.failures[:5]:
            print(f"  {line}")
    print(f"Frames a simulated second: {frames.FPS:g} with scripted faces, {frames.REAL_FPS:g} with the real models;")
    print(f"cameras fail {camera_losses.SPEED:g} and words pass {speaking.SPEED:g} times as fast as in real time.")
    return int(not all(map(_is_passed, outcomes)))


def _is_passed(outcome: Outcome) -> bool:
    return (
        not outcome.failures
        and outcome.mib_per_hour <= MAX_MIB_PER_HOUR
        and outcome.threads <= 0
        and outcome.files <= 0
    )


def _quiet() -> None:
    logging.getLogger("assistant").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    sys.exit(main())
