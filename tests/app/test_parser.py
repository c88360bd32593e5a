"""Only the options of the given command are made, and nobody notices."""

import argparse

import pytest

from assistant.app.parser import command_of, make_parser
from assistant.system.argument_parser import HelpFormatter


def subparsers(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    (action,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(action.choices)


COMMANDS = subparsers(make_parser())


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_the_options_that_it_has_among_all_commands(name: str) -> None:
    alone = subparsers(make_parser(name))
    assert list(alone) == [name]
    assert alone[name].format_help() == COMMANDS[name].format_help()


@pytest.mark.parametrize("name", ["", "fly", "--help", "ru"])
def test_what_is_no_command_gets_the_parser_of_all(name: str) -> None:
    assert make_parser(name).format_help() == make_parser().format_help()
    assert list(subparsers(make_parser(name))) == list(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ""),
        (["run", "--camera", "demo"], "run"),
        (["--debug", "run"], "run"),
        (["--log-level", "info", "vision"], "vision"),
        (["--log-level=info", "vision"], "vision"),
        (["--log-level"], ""),
        (["--log", "info", "vision"], ""),  # an abbreviation: all commands are made
        (["--help", "run"], ""),
        (["--version"], ""),
    ],
)
def test_the_command_is_the_first_argument_that_is_no_option(arguments: list[str], expected: str) -> None:
    assert command_of(arguments) == expected


@pytest.mark.parametrize(("columns", "width"), [("60", 58), ("0", 78), ("wide", 78), ("", 78)])
def test_help_is_as_wide_as_the_terminal(columns: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setattr("sys.__stdout__", None)
    assert HelpFormatter("x")._width == width
