"""Attacks every target in a process of its own, two at a time; prints a table, and exits 1 if anything broke."""

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.engine import Result, attack

TARGETS = (
    "convert_command", "assistant_command", "model", "frames", "link", "control", "card", "settings", "recipe",
    "command_process",
)  # fmt: skip
"""Modules of this package; the slowest first."""
FEWER = {"assistant_command": 20_000, "convert_command": 20_000, "command_process": 100}
"""Targets that are given fewer inputs than the others, whose inputs take a thousandth of the time."""
PROCESSES = 2
"""Targets that are attacked at the same time."""
TIMEOUT_S = 7200.0
"""Time limit of one target, seconds; with two free cores all targets take a third of an hour."""


def main() -> int:
    """Run the command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"one of {', '.join(TARGETS)}; none: all of them")
    parser.add_argument(
        "--inputs",
        type=int,
        default=100_000,
        help="for each target; command lines get at most 20,000, and 100 as processes",
    )
    parser.add_argument("--seed", type=int, default=0, help="other inputs")
    parser.add_argument("--here", metavar="FILE", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - set(TARGETS):
        parser.error(f"unknown target {', '.join(sorted(unknown))}; known: {', '.join(TARGETS)}")
    if chosen.here:
        _attack_here(chosen.targets[0], chosen.inputs, chosen.seed, Path(chosen.here))
        return 0
    targets = tuple(chosen.targets) or TARGETS
    print(f"{'target':17} {'inputs':>8} {'seconds':>8} {'slowest ms':>11} {'crashes':>8}", flush=True)
    with ThreadPoolExecutor(min(PROCESSES, os.cpu_count() or 1)) as pool:
        counts = [min(chosen.inputs, FEWER.get(name, chosen.inputs)) for name in targets]
        waiting = [
            pool.submit(_attack_and_print, name, count, chosen.seed)
            for name, count in zip(targets, counts, strict=True)
        ]
        results = [each.result() for each in waiting]
    return int(any(result.crashes or result.inputs < count for result, count in zip(results, counts, strict=True)))


def _attack_and_print(name: str, inputs: int, first_seed: int) -> Result:
    """Attack a target, and print the result."""
    result = _attack_in_child(name, inputs, first_seed)
    figures = f"{result.inputs:8} {result.seconds:8.0f} {result.slowest_s * 1000:11.0f} {len(result.crashes):8}"
    print(f"{name:17} {figures}  {result.remark}".rstrip(), *result.crashes, sep="\n  ", flush=True)
    return result


def _attack_in_child(name: str, inputs: int, first_seed: int) -> Result:
    """Attack a target in another process, so that its end counts as a crash."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result"
        command = [sys.executable, "-m", "tests.fuzz", name, "--inputs", str(inputs), "--seed", str(first_seed)]
        try:
            done = subprocess.run(
                [*command, "--here", str(file)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                timeout=TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Result(crashes=[f"not done after {TIMEOUT_S:g} s"])
        text = file.read_text("utf-8", "replace") if file.exists() else ""
    if done.returncode == 0:
        return Result(**json.loads(text))
    return Result(crashes=[f"the process ended with {done.returncode} at {text[:2000]}\n{done.stderr[-2000:]!r}"])


def _attack_here(name: str, inputs: int, first_seed: int, file: Path) -> None:
    """Attack a target in this process; the file holds the input at work, then the result."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with file.open("wb", buffering=0) as target:

        def note(text: str) -> None:
            os.pwrite(target.fileno(), text[:4000].encode("utf-8", "replace").ljust(4000), 0)

        result = attack(importlib.import_module(f"tests.fuzz.{name}").target, inputs, first_seed, note)
    file.write_text(json.dumps(asdict(result)), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
