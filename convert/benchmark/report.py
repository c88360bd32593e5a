"""The report of a benchmark for a terminal: tables, a chart, the state of the board."""

from collections.abc import Sequence
from typing import Any

from convert.benchmark.operators import costliest
from convert.text_table import aligned

BAR_WIDTH = 32
"""Characters of the longest bar of the chart."""
MOST_OPERATORS = 8
"""Operators of a model that are listed, the costliest ones; the JSON has all."""

LEGEND = "ms of one call; best round: its median; to the first: p50 by that of the first model, at as many threads"
"""What the columns of the times mean."""


def as_text(report: dict[str, Any]) -> str:
    """The report as tables and a chart."""
    rows = report["models"]
    parts = [
        f"{report['machine']}; {report['date']}",
        f"{_latency(rows)}\n{LEGEND}",
        _chart(rows),
        _files(rows),
        *(_operators(row) for row in _once(rows) if "operators" in row),
        *([_comparisons(report["int8_against_float"])] if report["int8_against_float"] else []),
        _state(report),
    ]
    return "\n\n".join(parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(aligned([heads, *rows]))


def _once(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first row of each model."""
    return list({row["model"]: row for row in reversed(rows)}.values())[::-1]


def _latency(rows: Sequence[dict[str, Any]]) -> str:
    heads = ("model", "threads", "p50 ms", "p95", "p99", "best round", "to the first", "calls", "watts")
    return _table(
        heads,
        [
            (
                row["model"],
                str(row["threads"]),
                f"{row['p50_ms']:.3f}",
                f"{row['p95_ms']:.3f}",
                "-" if row["p99_ms"] is None else f"{row['p99_ms']:.3f}",
                f"{row['least_median_ms']:.3f}",
                f"{row['ratio']:.2f}",
                str(row["calls"]),
                "-" if row["watts"] is None else f"{row['watts']:.2f}",
            )
            for row in rows
        ],
    )


def _chart(rows: Sequence[dict[str, Any]]) -> str:
    """A bar for p50, and a thinner one from there to p95."""
    most = max(row["p95_ms"] for row in rows) or 1.0
    width = max(len(row["model"]) for row in rows)
    lines = []
    for row in rows:
        whole, tail = (round(BAR_WIDTH * row[name] / most) for name in ("p50_ms", "p95_ms"))
        bar = f"{'█' * max(whole, 1)}{'░' * (tail - max(whole, 1))}"
        lines.append(f"{row['model']:{width}}  {row['threads']:>3} t  {bar} {row['p50_ms']:.3f}")
    return "\n".join((*lines, f"{'':{width}}         █ p50  ░ to p95, ms"))


def _files(rows: Sequence[dict[str, Any]]) -> str:
    heads = ("model", "type", "KB", "MMAC", "params", "load ms", "first call ms", "peak MB", "the model's", "XNNPACK")
    return _table(
        heads,
        [
            (
                row["model"],
                row["precision"],
                f"{row['bytes'] / 1e3:.0f}",
                f"{row['macs'] / 1e6:.1f}",
                f"{row['parameters'] / 1e3:.0f} k",
                f"{row['load_ms']:.1f}",
                f"{row['first_call_ms']:.2f}",
                f"{row['peak_memory_mb']:.1f}",
                f"{row['model_memory_mb']:.1f}",
                _delegated(row),
            )
            for row in _once(rows)
        ],
    )


def _delegated(row: dict[str, Any]) -> str:
    if not row["xnnpack"]:
        return "NONE"
    share = row["xnnpack_share_of_macs"]
    of_macs = "" if share is None else f", {share:.0%} of MACs"
    return f"{row['xnnpack_operators']} of {row['all_operators']} operators{of_macs}"


def _operators(row: dict[str, Any]) -> str:
    held = row["operators"]
    shown = costliest(held["operators"], MOST_OPERATORS)
    whole = "not measured" if held["whole_ms"] is None else f"{held['whole_ms']:.3f} ms"
    title = (
        f"{row['model']}: operators, estimated (each cut out as a model of its own, one thread)\n"
        f"their sum {held['estimated_sum_ms']:.3f} ms, the whole model {whole}"
    )
    operators = [
        (
            f"{each['index']} {each['kind']}",
            "x".join(map(str, each["shape"])),
            f"{each['macs'] / 1e6:.2f}",
            "yes" if each["is_delegated"] else "no",
            f"{each['estimated_ms']:.4f}",
        )
        for each in shown
    ]
    lines = [title, _table(("operator", "makes", "MMAC", "XNNPACK", "ms, estimated"), operators)]
    if held["not_measured"]:
        lines.append(
            f"not measured: {held['not_measured']} operators cannot be run by themselves {held['ended']}".rstrip()
        )
    return "\n".join(lines)


def _comparisons(pairs: Sequence[dict[str, Any]]) -> str:
    lines = []
    for each in pairs:
        ends = (
            ""
            if each["low"] is None
            else f" (95 % of {each['rounds']} paired rounds: {each['low']:.2f} to {each['high']:.2f})"
        )
        lines.append(
            f"{each['int8_model']} against {each['float_model']}, {each['threads']} t: {each['verdict']}; "
            f"float takes {each['speed_up']:.2f} times its time{ends}"
        )
    return "\n".join(lines)


def _state(report: dict[str, Any]) -> str:
    before, after = report["state"]["before"], report["state"]["after"]
    lines = [
        f"temperature  {_change(before, after, 'temperature_c', '°C')}",
        f"clock        {_change(before, after, 'clock_mhz', 'MHz')}{_limits(after)}",
        f"throttling   {_throttling(before, after)}",
    ]
    drawn = f"{before['watts']:.2f} W before, each model above; {before['watts_from']}" if before["watts"] else ""
    lines.append(f"power        {drawn or before['watts_from']}")
    return "\n".join(lines)


def _change(before: dict[str, Any], after: dict[str, Any], name: str, unit: str) -> str:
    if before[name] is None or after[name] is None:
        return "not readable here"
    return f"{before[name]:.0f} {unit} before, {after[name]:.0f} {unit} after"


def _limits(state: dict[str, Any]) -> str:
    most = "" if state["max_clock_mhz"] is None else f"; at most {state['max_clock_mhz']:.0f} MHz"
    return f"{most}; governor {state['governor']}" if state["governor"] else most


def _throttling(before: dict[str, Any], after: dict[str, Any]) -> str:
    if after["throttled"] is None:
        return "not readable here"
    told = [
        f"{', '.join(state['throttled']) or 'none'} {when}" for state, when in ((before, "before"), (after, "after"))
    ]
    since = after["throttled_before"]
    return ", ".join(told) + (f"; since the start of the board: {', '.join(since)}" if since else "")
