"""What each operator of a model takes, estimated: the runtime's Python interface has no profiler.

Each operator is cut out of the file as a model of its own and timed, in turn with all others and with the whole model.
The sum of the parts is not the whole: each part pays for a call of its own, and XNNPACK joins neighbours in the whole.
The parts are run in a process of their own, which a part that the runtime cannot run by itself may end.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelError
from assistant.system.child_process import python_command
from assistant.system.progress import Progress
from convert.benchmark import loading
from convert.benchmark.delegation import delegated
from convert.benchmark.timing import times_ms
from convert.data import regular_file
from convert.tflite import graph, single_operator

ROUNDS, CALLS, LIMIT_S = 5, 20, 0.05
"""Rounds, calls of each operator in a round, and seconds for those at most."""


@dataclass(frozen=True)
class OperatorTime:
    """One operator of a model."""

    index: int
    """Its place in the order of execution."""
    kind: str
    """Its name, such as "CONV_2D"."""
    shape: tuple[int, ...]
    """Shape of what it makes."""
    macs: int
    """Multiply-accumulates."""
    is_delegated: bool
    """Whether XNNPACK runs it in the whole model."""
    estimated_ms: float | None
    """Median of a call of the operator as a model of its own; None where it cannot be run by itself."""


def estimate(path: Path, content: bytes) -> dict[str, Any]:
    """The operators of a model, `estimated_sum_ms` of those that could be run, and `whole_ms` of the model in the same
    rounds. Raises ModelError."""
    about = graph.parse(str(path), content)
    _, taken = delegated(loading.ready(str(path), content, 1))
    medians, whole, ended = _medians(path, len(about.operators))
    shapes = [each.shape for each in single_operator.cut(str(path), content)]
    operators = [
        OperatorTime(number, kind, shapes[number], about.operator_macs[number], number in taken, medians.get(number))
        for number, kind in enumerate(about.operators)
    ]
    return {
        "how": "estimated: each operator cut out as a model of its own; one thread",
        "operators": [vars(each) | {"shape": list(each.shape)} for each in operators],
        "estimated_sum_ms": round(sum(each.estimated_ms or 0.0 for each in operators), 4),
        "whole_ms": whole,
        "not_measured": sum(each.estimated_ms is None for each in operators),
        "ended": ended,
    }


def _medians(path: Path, count: int) -> tuple[dict[int, float], float | None, str]:
    """Milliseconds of the operators that could be run, of the whole, and how the process failed, if it did."""
    command = python_command("-m", "convert.benchmark.operators", str(path))
    found: dict[int, list[float]] = {}
    with (
        Progress("operators", (count + 1) * ROUNDS, "measurements") as progress,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child,
    ):
        assert child.stdout
        for line in child.stdout:
            number, milliseconds = json.loads(line)
            found.setdefault(number, []).append(milliseconds)
            progress.update()
    ended = f"the process that ran the operators ended with {child.returncode}" if child.returncode else ""
    medians = {number: round(statistics.median(times), 4) for number, times in found.items()}
    return medians, medians.pop(WHOLE, None), ended


WHOLE = -1
"""Stands for the whole model among the numbers of the operators."""


def main(path: str) -> None:
    """Time all operators of a model; prints a JSON list of number and milliseconds for each in each round."""
    content = regular_file.read_bytes(Path(path))
    parts: list[tuple[int, Any]] = [(WHOLE, loading.ready(path, content, 1))]
    for each in single_operator.cut(path, content):
        try:
            parts.append((each.index, loading.ready(each.kind, each.content, 1)))
        except ModelError:
            continue  # it is reported as not measured
    for _ in range(ROUNDS):
        for number, interpreter in parts:
            print(json.dumps([number, statistics.median(times_ms(interpreter, CALLS, LIMIT_S))]), flush=True)


def costliest(operators: Sequence[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """The operators that take longest, the longest first; those that could not be measured are left out."""
    measured = [each for each in operators if each["estimated_ms"] is not None]
    return sorted(measured, key=lambda each: -each["estimated_ms"])[:most]


if __name__ == "__main__":
    main(sys.argv[1])
