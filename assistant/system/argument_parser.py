"""The parser of both command lines: argparse, whose errors quote what was typed as it can be printed."""

import argparse
from typing import NoReturn

from assistant.errors import printable


class ArgumentParser(argparse.ArgumentParser):
    """argparse's, with one line for an error, in which nothing is that a terminal obeys."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))
