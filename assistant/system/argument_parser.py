"""The parser of both command lines: argparse, with errors in one line without control characters."""

import argparse
from typing import Any, NoReturn

from assistant.errors import printable


class ArgumentParser(argparse.ArgumentParser):
    """argparse's parser, whose error messages escape control characters of the arguments, see `printable`."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """argparse before Python 3.13 loses the value of an option that is given as `--option=--`."""
        if arg_strings == ["--"] and action.option_strings and action.nargs is None:
            value = self._get_value(action, "--")
            self._check_value(action, value)
            return value
        return super()._get_values(action, arg_strings)
