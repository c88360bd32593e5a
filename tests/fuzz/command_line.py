"""Command lines, drawn from the argparse parsers themselves, and the judgement of what a program makes of one.

A line is made of what its command knows, so that most lines get past the parser, and of what nobody should type:
numbers of every kind, control characters, bytes that are not UTF-8, files and folders in each other's place.
"""

import argparse
import contextlib
import io
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from hypothesis import strategies as st

from assistant.errors import AssistantError
from assistant.system import progress
from tests.fuzz.command_files import PATHS

NUMBERS = (
    "0", "1", "2", "3", "-1", "-0", "+3", " 7 ", "1.5", "1e3", "nan", "inf", "-inf", "0x10", "1_000", "1,2", "٣", "²",
    "255", "256", "257", "65536", "2147483648", "4294967295", "4294967296", "-9223372036854775809", "9" * 30,
    "9" * 5000, "1e999",
)  # fmt: skip
WORDS = (
    "", " ", "a", "emotion", "emotion-small", "é", "\udcff\udce9", "\x1b[31mred", "two\nlines", "\r",
    "\t", "\u2028", "\u202e",
    "\U0001f600", "x" * 300, "y" * 5000, "%s%(prog)s", "{}", "$HOME", "~", "*", "=", "=1", "-", "--", "---", "-x",
    "--debug", "--help", "--version", "--x=1", "@file", "happy", "[1]", "auto", "none", "True", "null",
    "http://localhost:9/x", "rtsp://localhost:9/x", "file://x",
)  # fmt: skip
MOST_LINES = 40
"""Lines of settings' mistakes that a program may print; any other error has one."""
MAX_LINE = 25_000
"""Most characters of a line; the longest word that is drawn has 5000, and an error may quote it more than once."""
PROGRESS = re.compile(r": \d+ of \d+ \w+, ")
"""What a line of progress contains: "emotion-cnn: 7 of 14 faces, about 1 s left"."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
"""How a line of the log begins."""


@dataclass(frozen=True)
class Program:
    """One of the two programs."""

    name: str
    main: Callable[[Sequence[str]], int] = field(repr=False)
    parser: argparse.ArgumentParser = field(repr=False)
    exit_codes: tuple[int, ...]
    """The documented ones."""
    good: Mapping[str, tuple[str, ...]] = field(repr=False)
    """Values by an argument's name that are right, or nearly so."""


def lines(program: Program) -> st.SearchStrategy[list[str]]:
    """Command lines of a program: for each command, what it asks for, some of its options, and now and then a stranger
    among them."""
    commands = _commands(program.parser)
    debug = st.sampled_from((["--debug"], ["--log-level", "info"], ["--log-level=debug"]))
    top = st.one_of(*[st.just([])] * 5, st.lists(debug, max_size=1))
    each = [
        st.builds(_joined, top, st.just(name), _needed(parser, program), _extras(parser, program), st.integers(0, 7))
        for name, parser in commands.items()
    ]
    stray = st.lists(st.one_of(st.sampled_from((*commands, *WORDS, *PATHS)), _any_value()), max_size=4)
    return st.one_of(*each, stray)


def _commands(parser: argparse.ArgumentParser, before: str = "") -> dict[str, argparse.ArgumentParser]:
    """The commands by name; those that have commands of their own with them, and alone: "friends", "friends add"."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                found |= {f"{before}{name}": below, **_commands(below, f"{before}{name} ")}
    return found


def _options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """All options but those that end the program or that stand among WORDS."""
    return [each for each in parser._actions if each.option_strings and each.dest not in ("help", "version", "debug")]


def _needed(parser: argparse.ArgumentParser, program: Program) -> st.SearchStrategy[list[list[str]]]:
    """What a command cannot do without: its positional arguments, and the options that are required."""
    parts = []
    for action in parser._actions:
        if action.required and action.option_strings:
            parts.append(_given(action, program))
        elif not action.option_strings and action.nargs != argparse.PARSER:
            few, many = {None: (1, 1), "?": (0, 1), "*": (0, 3), "+": (1, 3)}[action.nargs]  # type: ignore[index]
            parts.append(st.lists(_value(action, program), min_size=few, max_size=many))
    return st.tuples(*parts).map(list)


def _extras(parser: argparse.ArgumentParser, program: Program) -> st.SearchStrategy[list[list[str]]]:
    """Some options, and rarely a word that belongs nowhere."""
    known = [_given(each, program) for each in _options(parser)]
    word = st.sampled_from((*WORDS, *NUMBERS)).map(lambda text: [text])
    return st.lists(st.one_of(*known, *known, word), max_size=4)


def _given(action: argparse.Action, program: Program) -> st.SearchStrategy[list[str]]:
    """An option with its values: written out or as `--name=value`, whole or shortened."""
    names = [*action.option_strings, *(name[:-2] for name in action.option_strings if len(name) > 6)]
    if action.nargs == 0:
        return st.sampled_from(action.option_strings).map(lambda name: [name])
    most = 3 if action.nargs in ("+", "*") else 1
    values = st.lists(_value(action, program), min_size=1, max_size=most)
    return st.builds(_option, st.sampled_from((*action.option_strings, *names)), values, st.integers(0, 3))


def _option(name: str, values: list[str], how: int) -> list[str]:
    return [name, *values] if how else [f"{name}={values[0]}", *values[1:]]


def _value(action: argparse.Action, program: Program) -> st.SearchStrategy[str]:
    """A value of an argument, right more often than not."""
    good = tuple(map(str, action.choices)) if action.choices else program.good.get(action.dest, ())
    # Hypothesis takes each of the same strategies once: these differ
    return st.one_of(*([st.sampled_from(good * times) for times in range(1, 17)] if good else []), _any_value())


def _any_value() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(PATHS), st.sampled_from(NUMBERS), st.sampled_from(WORDS), _text())


def _text() -> st.SearchStrategy[str]:
    """Any text that can stand on a command line: bytes but NUL, as Python decodes them."""
    return st.binary(max_size=12).map(lambda content: os.fsdecode(content.replace(b"\0", b"")))


def _joined(top: list[list[str]], name: str, needed: list[list[str]], extras: list[list[str]], how: int) -> list[str]:
    parts = [*extras, *needed] if how % 2 else [*needed, *extras]
    if how == 7 and parts:  # something is missing
        parts.pop()
    return [word for part in (*top, name.split(), *parts) for word in part]


@dataclass(frozen=True)
class Ending:
    """What became of a command line."""

    code: int
    out: str
    err: str


def run_here(program: Program, line: Sequence[str]) -> Ending:
    """Run a command line in this process. An exception that --debug lets through counts as exit code 1 if it is an
    error for the user. Raises any other exception that the program raises."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors=each) for each in ("strict", "backslashreplace"))
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _as_it_was():
        try:
            code = program.main(line)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else -1
        except (AssistantError, OSError) as error:
            if not is_debugged(line):
                raise
            code = 1
            print(f"{program.name}: {' '.join(str(error).splitlines())[:100]!a}", file=sys.stderr)
        out.flush()
        err.flush()
    return Ending(code, *(each.buffer.getvalue().decode("utf-8") for each in (out, err)))  # type: ignore[attr-defined]


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Put back what a program sets up for its whole process. Its minute until the first line of progress begins now."""
    root, handlers = logging.getLogger(), list(logging.getLogger().handlers)
    level, here = root.level, Path.cwd()
    held = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    with mock.patch.dict(os.environ), mock.patch.object(progress, "LINES", progress.Lines()):
        try:
            yield
        finally:
            os.chdir(here)
            root.setLevel(level)
            root.handlers[:] = handlers
            for number, handler in held.items():
                signal.signal(number, handler)


def is_debugged(line: Sequence[str]) -> bool:
    """Whether an option may be --debug, or short for it: it asks for the traceback."""
    return any(len(word) > 3 and "--debug".startswith(word) for word in line)


def judge(program: Program, line: Sequence[str], ending: Ending) -> None:
    """Raises AssertionError where a program does not end as it should: with a documented exit code, no traceback, and,
    where it fails, with one line that says why."""
    both = ending.out + ending.err
    assert ending.code in program.exit_codes, ending
    assert "unexpected" not in both, ending
    if not is_debugged(line):
        assert "Traceback" not in both, ending
    said = [
        each for each in ending.err.split("\n") if each and not each.startswith(LEVELS) and not PROGRESS.search(each)
    ]
    assert all(map(str.isprintable, said)), ending
    if ending.code == 2:
        assert said, ending
        assert said[0].startswith("usage: "), ending
        assert sum(each.startswith(program.name) for each in said) == 1, ending
        assert said[-1].startswith(program.name), ending
        assert ": error: " in said[-1], ending
    elif ending.code not in (0, 130) and not is_debugged(line):
        most = MOST_LINES if ending.code == 78 else 1
        assert all(each.startswith(f"{program.name}: ") for each in said), ending
        assert len(said) <= most, ending
        assert said or ending.out, ending
    assert all(len(each) < MAX_LINE for each in said), ending
