"""Write the man pages and the completions for bash and zsh of both programs from their parsers: share/.

    python3 systemd/packaging/man_pages.py [DIR]     `make manual`, after a change of a command; Python 3.11 or 3.12

They are committed, so that neither the build of the wheel nor the installer needs the two packages that make them; a
test compares them with the parsers."""

import argparse
import os
import re
import sys
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TREE))

WIDTH = 100
"""Columns to which argparse wraps what it prints."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=TREE / "share", metavar="DIR", help="default: share")
    folder = parser.parse_args().folder
    os.environ["COLUMNS"] = str(WIDTH)
    for name, text in pages().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
        print(folder / name)
    return 0


def pages() -> dict[str, str]:
    """The files below share/ and their contents; $COLUMNS must be WIDTH."""
    import shtab
    from argparse_manpage.manpage import Manpage

    from assistant.app.parser import make_parser as make_assistant_parser
    from convert.cli import make_parser as make_convert_parser

    made = {}
    for make_parser in (make_assistant_parser, make_convert_parser):
        parser = _without_unlisted(make_parser())
        program = parser.prog
        parser.man_short_description = str(parser.description).rstrip(".")  # type: ignore[attr-defined]
        heading = f'.TH {program.upper()} "1" "" "emotion-assistant" "User Commands"'  # without a date: it would change
        made[f"man/man1/{program}.1"] = re.sub(r"^\.TH .*$", heading, str(Manpage(parser)), count=1, flags=re.MULTILINE)
        made[f"bash-completion/completions/{program}"] = shtab.complete(parser, "bash")
        made[f"zsh/site-functions/_{program}"] = shtab.complete(parser, "zsh")
    return {name: "\n".join(line.rstrip() for line in text.rstrip().splitlines()) + "\n" for name, text in made.items()}


def _without_unlisted(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The parser without the commands that --help does not list."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            listed = {choice.dest for choice in action._choices_actions}
            for name in set(action.choices) - listed:
                del action.choices[name]
    return parser


if __name__ == "__main__":
    sys.exit(main())
