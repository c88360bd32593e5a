"""TOML of which single lines are wrong: those are left out, so that one mistyped line costs no other setting."""

import re
import tomllib
from typing import Any

MAX_PARSED = 8 * 64 * 1024
"""Characters given to the TOML parser, all attempts together. It takes about 0.5 s for them on a Raspberry Pi 4."""
MAX_STEPS_BACK = 40
"""So many lines before the one that the parser complains of may belong to the same value."""
ERRORS = (ValueError, RecursionError)
"""What the TOML parser raises: a TOMLDecodeError, and for numbers of thousands of digits and deep lists these."""

WrongLines = list[tuple[int, str]]
"""The number of a line, from 1, and what the parser says of it."""

PARSER_LINE = re.compile(r"\(at line (\d+), column \d+\)")
BEGINNING = re.compile(r"\s*(\[|[\"']?[A-Za-z0-9_-]+[\"']?\s*[.=])")
"""A line that begins a table or sets a key."""


def parse_lines(text: str) -> tuple[dict[str, Any] | None, WrongLines]:
    """The table of a TOML text without its wrong lines, and those lines in their order.

    A value of several lines is left out as a whole, a table as a whole if its name is what is wrong. The table is None
    where nothing is left, or where so much is wrong that finding it would take long; then only the first wrong line is
    reported.
    """
    lines = text.split("\n")
    wrong: WrongLines = []
    parsed = 0
    while parsed <= MAX_PARSED:
        try:
            table = tomllib.loads("\n".join(lines))
        except ERRORS as err:
            parsed += len(text)
            number = _error_line(lines, err)
            begin, tried = _begin_of_statement(lines, number)
            parsed += tried
            if begin < number and _parses(lines[number - 1]):  # the value before it was never closed
                wrong.append((begin, str(err)))
                end = number - 1
            else:
                wrong.append((number, str(err)))
                end = _end_of_wrong(lines, begin, number)
            lines[begin - 1 : end] = [""] * (end - begin + 1)
        else:
            return (table, sorted(wrong)) if table or not wrong else (None, wrong[:1])
    return None, wrong[:1]


def _error_line(lines: list[str], err: Exception) -> int:
    """The line that the parser complains of; the last one with content where it names the end of the text."""
    if named := PARSER_LINE.search(str(err)):
        return min(int(named[1]), len(lines))
    if not isinstance(err, tomllib.TOMLDecodeError):  # it names no place
        for number, line in enumerate(lines, 1):
            try:
                tomllib.loads(line)
            except tomllib.TOMLDecodeError:
                continue
            except ERRORS:
                return number
    return next((number for number in range(len(lines), 1, -1) if lines[number - 1].strip()), 1)


def _begin_of_statement(lines: list[str], number: int) -> tuple[int, int]:
    """The line with which the value in line `number` begins, and how many characters were parsed to find it."""
    tried = 0
    for begin in range(number, max(0, number - MAX_STEPS_BACK), -1):
        before = "\n".join(lines[: begin - 1])
        tried += len(before)
        if _parses(before):
            return begin, tried
        if tried > MAX_PARSED:
            break
    return number, tried


def _end_of_wrong(lines: list[str], begin: int, number: int) -> int:
    """The last line that is left out with the wrong line `number`, whose statement begins at line `begin`."""
    is_table = begin == number and lines[number - 1].lstrip().startswith("[")
    for follows in range(number, len(lines)):
        found = BEGINNING.match(lines[follows])
        if found and (not is_table or found[1] == "["):
            return follows
    return len(lines)


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except ERRORS:
        return False
    return True
