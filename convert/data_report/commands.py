"""The command data: what is in a data set."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.errors import shown
from assistant.system.atomic_files import check_replaceable, write_atomically
from convert.cli_arguments import command, data, html_file, make_folder, show
from convert.data.fer2013_labels import DatasetError

EXAMPLES = """\
example:
  emotion-convert data --html report.html
"""


def add(commands: Any) -> None:
    """Add the command to the command line."""
    text = (
        "show what is in a data set: counts by class and split, identical, flat and unreadable pictures, doubtful "
        "labels; exits with 1 where `train` would refuse it"
    )
    look = command(commands, "data", _data, text, data=False)
    look.epilog, look.formatter_class = EXAMPLES, argparse.RawDescriptionHelpFormatter
    look.add_argument(
        "data", type=Path, nargs="?", metavar="PATH", help="as --data of the other commands; default: $EMOTION_DATA"
    )
    look.add_argument(
        "--html",
        type=html_file,
        metavar="FILE",
        help="also write one page with the pictures in question, which are in it",
    )
    look.add_argument("--quick", action="store_true", help="do not look for doubtful labels, which takes minutes")
    look.add_argument(
        "--skip-unreadable", action="store_true", help="do not count unreadable pictures as a reason to exit with 1"
    )
    look.add_argument("--json", action="store_true", help="print JSON alone")


def _data(options: argparse.Namespace) -> int:
    from convert.data_report import findings, label_suspects, page, text

    if options.html:
        check_replaceable(options.html)
        make_folder(options.html.parent)
    found = findings.look(data(options))
    if options.quick:
        found = replace(found, not_searched="--quick")
    else:
        suspects = label_suspects.find_or_reason(found.source.faces)
        found = (replace(found, not_searched=suspects) if isinstance(suspects, str)
                 else replace(found, suspects=suspects))  # fmt: skip
    report = findings.as_json(found)
    if options.html:
        write_atomically({options.html: page.render(found, report).encode("utf-8", "backslashreplace")})
    show(report, text.as_text, options)
    if reason := findings.why_refused(found, skip_unreadable=options.skip_unreadable):
        raise DatasetError(f"{shown(found.path)}: `train` would refuse it: {reason}")
    return 0
