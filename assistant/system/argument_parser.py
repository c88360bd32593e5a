"""The parser of both command lines: argparse, with errors in one line without control characters."""

import argparse
from typing import NoReturn

from assistant.errors import printable


class ArgumentParser(argparse.ArgumentParser):
    """argparse's parser, whose error messages escape control characters of the arguments, see `printable`."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))
