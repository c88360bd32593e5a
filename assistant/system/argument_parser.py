"""The parser of both command lines: argparse, with errors in one line without control characters."""

import argparse
import os
import sys
from typing import Any, NoReturn

from assistant.errors import printable

COLUMNS = 80
"""Of a help text that is not written to a terminal."""


class HelpFormatter(argparse.HelpFormatter):
    """argparse's formatter, which argparse makes once for each option. It asks for the terminal's width itself: shutil,
    by which argparse does that, imports every compression."""

    def __init__(self, prog: str, **kwargs: Any) -> None:
        super().__init__(prog, **{"width": _columns() - 2, **kwargs})


class RawHelpFormatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Leaves the lines of descriptions as they are."""


def _columns() -> int:
    """The terminal's width, as shutil.get_terminal_size tells it."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or COLUMNS if sys.__stdout__ else COLUMNS
    except (OSError, ValueError):  # no terminal; closed
        return COLUMNS


class ArgumentParser(argparse.ArgumentParser):
    """argparse's parser, whose error messages escape control characters of the arguments, see `printable`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"formatter_class": HelpFormatter, **kwargs})

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """argparse before Python 3.13 loses the value of an option that is given as `--option=--`."""
        if arg_strings == ["--"] and action.option_strings and action.nargs is None:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)
