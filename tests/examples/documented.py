"""Every example of the documentation and of the help of both programs, in the order in which they stand.

In Markdown an example is a line of an indented or fenced code block, a whole block of Python or TOML, or inline code
of at least two words that begins with a program, or with a command of one. In a help text it is an indented line that
begins with a program.
"""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.app.parser import make_parser as assistant_parser
from convert.cli import make_parser as convert_parser

ROOT = Path(__file__).parents[2]
INCLUDE = re.compile(r"<!-- include: (\S+) -->")
SNIPPET = re.compile(r'--8<-- "(\S+)"')
CODE = re.compile(r"`([^`]+)`")
PROGRAM = re.compile(
    r"(?:sudo |\w+=\S+ )*(?:\.venv/bin/)?"
    r"(?:emotion-assistant|emotion-convert|(?:systemd/)?\w+\.sh|make|python3?|pip) +\S"
)
"""The beginning of inline code that is an example: a program and at least one word more."""


@dataclass(frozen=True)
class Example:
    """One example."""

    page: str
    """The file it stands in, or `PROGRAM --help`; examples of one page run one after the other in the same folder."""
    line: int
    """Where it stands, from 1."""
    kind: str
    """shell, python, toml, or program: a whole one, with its first line `#!…`."""
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {self.text.splitlines()[0]}"


def examples() -> list[Example]:
    """All of them, page by page."""
    found = [*in_help(assistant_parser()), *in_help(convert_parser())]
    for file in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md"))):
        if included := INCLUDE.search(file.read_text("utf-8")):
            file = ROOT / included[1]
        found += in_markdown(str(file.relative_to(ROOT)), file.read_text("utf-8"))
    return found


def in_help(parser: argparse.ArgumentParser) -> Iterator[Example]:
    """The examples at the end of a program's help and of that of its commands; what follows two blanks explains."""
    for number, line in enumerate((parser.epilog or "").splitlines(), 1):
        if line.startswith("  emotion-"):
            yield Example(f"{parser.prog} --help", number, "shell", re.split(r" {2,}", line.strip())[0])
    for command in _commands(parser).values():
        yield from in_help(command)


def in_markdown(page: str, text: str) -> list[Example]:
    """The examples of a Markdown page."""
    found: list[Example] = []
    prose: list[str] = []
    block: list[str] = []
    fence, previous = "", ""
    for number, line in enumerate([*text.splitlines(), "."], 1):
        is_indented = line.startswith("    ") and bool(block or not previous.strip())
        if fence or line.startswith("```"):
            fence = "```" if not fence and line.startswith("```") else "" if line.startswith("```") else fence
            if fence and not line.startswith("```"):
                block.append(line)
        elif is_indented or (block and not line.strip()):
            block.append(line[4:])
        if block and not fence and not is_indented and line.strip():
            found += _of_block(page, number - len(block), block)
            block = []
        prose.append("" if fence or is_indented or line.startswith("```") else line)
        previous = line
    return sorted([*found, *_inline(page, "\n".join(prose))], key=lambda example: example.line)


def _inline(page: str, text: str) -> Iterator[Example]:
    """The examples among the inline code of a text without code blocks."""
    programs = {name: parser.prog for parser in (assistant_parser(), convert_parser()) for name in _commands(parser)}
    for code in CODE.finditer(text):
        written = " ".join(code[1].split())
        first, _, rest = written.partition(" ")
        if rest and first in programs:
            written = f"{programs[first]} {written}"
        if PROGRAM.match(written):
            yield Example(page, text.count("\n", 0, code.start()) + 1, "shell", written)


def _of_block(page: str, begin: int, lines: list[str]) -> list[Example]:
    """The examples of a code block whose first line is line `begin` of the page."""
    text = "\n".join(lines).rstrip()
    if snippet := SNIPPET.search(text):
        return [Example(page, begin, "python", (ROOT / snippet[1]).read_text("utf-8"))]
    if text.startswith("#!"):
        return [Example(page, begin, "program", text)]
    if re.match(r"(from|import) \w", text):
        return [Example(page, begin, "python", text)]
    if text.startswith("["):
        return [Example(page, begin, "toml", text)]
    return [Example(page, begin + row, "shell", line) for row, line in enumerate(lines) if line.strip()]


def _commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a program's commands."""
    return {
        name: command
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for name, command in action.choices.items()
    }
