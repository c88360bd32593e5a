"""The table of `tests/README.md`: the last whole run on the emulated Cortex-A72: `python -m tests.device.table`."""

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("arm64.json")
BEGIN, END = "<!-- device -->\n", "<!-- /device -->"


def rows(run: dict[str, Any]) -> str:
    """The figures of a run as a table in Markdown, and under it what they were measured on."""
    times, stages, machine = run["seconds"], run["ms a stage"], run["machine"]
    lines = ["| measure | figure |", "| --- | --- |"]
    lines += [f"| {name} | {seconds:g} s |" for name, seconds in times.items()]
    for name, process in run["processes"].items():
        what = f"{name}: resident memory (of it its own); share of the core"
        own = f"{process['rss_mib']:.0f} MiB ({process['rss_anon_mib']:.0f}); {100 * process['cpu_share']:.0f} %"
        lines.append(f"| {what} | {own} |")
    named = ", ".join(f"{stage} {ms:.1f}" for stage, ms in stages.items() if ms >= 0.05)
    lines.append(f"| one picture, ms a stage, half of them | {named} |")
    system = f"{machine['system']}, {machine['kernel']}, Python {machine['python']}"
    core = f"one {machine['options'][-1]} core at {run['clock']}"
    return "\n".join(lines) + f"\n\n{core}; {system}; {run['date']}, {run['commit'][:10]}.\n"


def main() -> None:
    print(BEGIN + rows(json.loads(FILE.read_text("utf-8"))) + END)


if __name__ == "__main__":
    main()
