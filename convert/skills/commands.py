"""`emotion-convert evaluate-skills`: what each skill gets right, on pictures that chose none of its thresholds."""

import argparse
import json
from importlib import import_module
from typing import Any

from convert.cli_arguments import command
from convert.skills.measurement import Measurement, Report
from convert.skills.sources import Sources

MODULES = {
    "friends": "convert.skills.friends",
    "things": "convert.skills.things",
    "describe": "convert.skills.describe",
    "taught-things": "convert.skills.taught_things",
    "read": "convert.skills.read",
}
"""The module that measures each skill, with its MEASUREMENT. It is imported only when it is asked for."""


def add(commands: Any) -> None:
    """Add the command `evaluate-skills` to the command line."""
    made = command(
        commands,
        "evaluate-skills",
        _evaluate_skills,
        "measure how right the skills are: friends, things, describe and read",
        data=False,
    )
    made.add_argument(
        "skills", nargs="*", metavar="SKILL", help=f"one or more of {', '.join(MODULES)}; default: all of them"
    )
    made.add_argument("--json", action="store_true", help="print JSON alone")


def _evaluate_skills(options: argparse.Namespace) -> int:
    if unknown := [name for name in options.skills if name not in MODULES]:
        options.usage_error(f"{unknown[0]!r} is no skill that can be measured; known: {', '.join(MODULES)}")
    sources = Sources.of_environment()
    reports: dict[str, Report] = {}
    for name in options.skills or MODULES:
        measurement: Measurement = import_module(MODULES[name]).MEASUREMENT
        reports[name] = measurement.measure(sources)
        if not options.json:
            print(measurement.as_text(reports[name]), flush=True)
    if options.json:
        print(json.dumps(reports, indent=1, ensure_ascii=False))
    return 0
