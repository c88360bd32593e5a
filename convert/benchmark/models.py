"""Benchmark of .tflite files on this machine: time of a forward pass, start, memory, operators, heat and power.

The models are timed in turn, in many short rounds, so that other load on the machine affects all of them alike.
Milliseconds do not carry over to another board; the ratios within one run do so better.
"""

import datetime
import itertools
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.system.progress import track
from convert.benchmark import int8_speed, loading, operators
from convert.benchmark.board_state import StateReader
from convert.benchmark.delegation import delegated
from convert.benchmark.timing import times_ms
from convert.machine import board, machine
from convert.tflite import float_pair, graph

MIN_CALLS_FOR_P99 = 100
"""Calls of which one in a hundred is more than the slowest one of all."""

Setup = tuple[Path, int]
"""A model and a number of threads."""


def benchmark(
    models: Sequence[Path],
    threads: Sequence[int] = (1, 2),
    rounds: int = 12,
    runs: int = 50,
    *,
    with_operators: bool = False,
    state: StateReader | None = None,
) -> dict[str, Any]:
    """Time `runs` forward passes of each model with each number of threads in turn, and repeat this `rounds` times.

    The float and the int8 file of one model are compared where both are given; see `with_counterparts`. with_operators:
    also estimate the time of each operator. The report has a row for each model and number of threads in `models`: p50,
    p95 and p99 of all calls, the median and the least of the rounds' medians, the ratio of that median to the first
    model's with as many threads; load, first call, memory, size, and what XNNPACK took. Raises ModelError.
    """
    reader, contents = state or StateReader(), {model: loading.read(model) for model in models}
    setups = [(model, count) for count in threads for model in models]
    interpreters = {setup: loading.ready(str(setup[0]), contents[setup[0]], setup[1]) for setup in setups}
    names = _names(models)
    before, watts_idle = reader.read(), reader.watts()[0]
    times: dict[Setup, list[list[float]]] = {setup: [] for setup in setups}
    watts: dict[Setup, list[float]] = {setup: [] for setup in setups}
    for _, setup in track(list(itertools.product(range(rounds), setups)), "benchmark", "measurements"):
        times[setup].append(times_ms(interpreters[setup], runs))
        if watts_idle is not None and (drawn := reader.watts()[0]) is not None:
            watts[setup].append(drawn)
    after = reader.read()
    medians = {setup: [statistics.median(calls) for calls in of] for setup, of in times.items()}
    facts = {
        model: _facts(model, contents[model], interpreters[model, threads[0]])
        for model in track(models, "starts in new processes", "models")
    }
    if with_operators:
        for model in models:
            facts[model]["operators"] = operators.estimate(model, contents[model])
    return {
        "board": board() or None,
        "machine": machine(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "state": {"before": vars(before), "after": vars(after)},
        "models": [
            {
                "model": names[model],
                "threads": count,
                **_latency(times[model, count]),
                "ratio": round(_ratio(medians[model, count], medians[models[0], count]), 3),
                "watts": round(statistics.median(watts[model, count]), 3) if watts[model, count] else None,
                **facts[model],
            }
            for model, count in setups
        ],
        "int8_against_float": [
            vars(
                int8_speed.compare(
                    names[whole], names[quantized], count, medians[whole, count], medians[quantized, count]
                )
            )
            for whole, quantized in _pairs(models, facts)
            for count in threads
        ],
    }  # fmt: skip


def _names(models: Sequence[Path]) -> dict[Path, str]:
    """What the report calls each model: its name, its path where another one has that name."""
    stems = [model.stem for model in models]
    return {model: model.stem if stems.count(model.stem) == 1 else str(model) for model in models}


def with_counterparts(models: Sequence[Path]) -> list[Path]:
    """The models, and after each the float or int8 file of the same model that lies beside it."""
    found = [each for model in models for each in (model, float_pair.counterpart(model)) if each is not None]
    return list({each.resolve(): each for each in found}.values())


def _ratio(medians: Sequence[float], of_first: Sequence[float]) -> float:
    return statistics.median(medians) / statistics.median(of_first)


def _latency(rounds: Sequence[Sequence[float]]) -> dict[str, Any]:
    calls, medians = list(itertools.chain(*rounds)), [statistics.median(each) for each in rounds]
    p50, p95, p99 = (round(float(each), 4) for each in np.percentile(calls, (50, 95, 99)))
    return {
        "calls": len(calls),
        "p50_ms": p50,
        "p95_ms": p95,
        "p99_ms": p99 if len(calls) >= MIN_CALLS_FOR_P99 else None,
        "median_ms": round(statistics.median(medians), 4),
        "least_median_ms": round(min(medians), 4),
    }


def _facts(model: Path, content: bytes, interpreter: Any) -> dict[str, Any]:
    """What does not depend on the number of threads."""
    made, (parts, taken) = graph.parse(str(model), content), delegated(interpreter)
    macs = sum(made.operator_macs[number] for number in taken)
    return {
        "bytes": len(content),
        "parameters": made.parameters,
        "macs": made.macs,
        "input": [list(map(int, tensor["shape"])) for tensor in interpreter.get_input_details()],
        "precision": _precision(made),
        "xnnpack": parts > 0,
        "xnnpack_parts": parts,
        "xnnpack_operators": len(taken),
        "all_operators": len(made.operators),
        "xnnpack_share_of_macs": round(macs / made.macs, 4) if made.macs else None,
        **vars(loading.cold_start(model)),
    }


def _precision(made: graph.Graph) -> str:
    """ "int8", "float32", or "mixed" of both."""
    is_float, is_int8 = bool(made.types & {"FLOAT32", "FLOAT16"}), bool(made.types & {"INT8", "UINT8"})
    return "mixed" if is_float and is_int8 else "int8" if is_int8 else "float32"


def _pairs(models: Sequence[Path], facts: Mapping[Path, Mapping[str, Any]]) -> list[tuple[Path, Path]]:
    """The float and the int8 file of each model of which there are both; two files alone, one of each, are a pair
    whatever their names."""
    whole = [each for each in models if facts[each]["precision"] == "float32"]
    quantized = [each for each in models if facts[each]["precision"] != "float32"]
    if len(whole) == len(quantized) == 1:
        return [(whole[0], quantized[0])]
    return [
        (one, other)
        for one in whole
        for other in quantized
        if float_pair.family(one) == float_pair.family(other)
        or float_pair.counterpart(one) == other
        or float_pair.counterpart(other) == one
    ]
