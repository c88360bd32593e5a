"""`make soak`: each run in a process of its own, two at a time; a table, and exit code 1 if anything fell short."""

import argparse
import logging
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.endurance import looking, losing, speaking
from tests.endurance.wear import Outcome

SLOPE = 0.1
"""MiB per simulated hour."""
PROCESSES = 2
RUNS: tuple[tuple[Callable[[int], Outcome], int], ...] = (
    (looking.scripted, 500_000),
    (looking.scripted, 500_000),
    (looking.real, 40_000),
    (losing.losses, 1000),
    (speaking.utterances, 10_000),
)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.soak", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the whole: 0.01 takes ten seconds")
    share = parser.parse_args().share
    with ProcessPoolExecutor(PROCESSES, get_context("spawn"), _quiet, max_tasks_per_child=1) as pool:
        waiting = [pool.submit(run, max(1, round(count * share))) for run, count in RUNS]
        outcomes = [each.result() for each in waiting]
    columns = f"{'seconds':>8} {'sim. hours':>11} {'MiB/hour':>9} {'threads':>8} {'files':>6} {'silent':>7}  ok"
    print(f"{'':22} {'count':>8} {columns}")
    for each in outcomes:
        figures = f"{each.seconds:8.0f} {each.hours:11.2f} {each.mib_per_hour:9.3f}"
        grown = f"{max(0, each.threads):+8} {max(0, each.files):+6}"
        verdict = "ok" if _is_well(each) else "short"
        print(f"{each.name:22} {each.count:8} {figures} {grown} {len(each.silent):7}  {verdict}")
    for each in outcomes:
        print(f"{each.name}: {each.remark}")
        for line in each.silent[:5]:
            print(f"  {line}")
    print(
        f"Frames a simulated second: {looking.FPS:g} with scripted eyes, {looking.REAL_FPS:g} with real ones;", end=" "
    )
    print(f"cameras are lost {losing.SPEED:g} times, words spoken {speaking.SPEED:g} times as fast as in real time.")
    return int(not all(map(_is_well, outcomes)))


def _is_well(outcome: Outcome) -> bool:
    return not outcome.silent and outcome.mib_per_hour <= SLOPE and outcome.threads <= 0 and outcome.files <= 0


def _quiet() -> None:
    logging.getLogger("assistant").setLevel(logging.CRITICAL)


if __name__ == "__main__":
    sys.exit(main())
