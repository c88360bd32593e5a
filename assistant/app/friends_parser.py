"""The arguments of `emotion-assistant friends`: add, list, rename, forget, forget-all, export, import."""

import argparse
from pathlib import Path
from typing import Any

ADDING = """\
NAME must agree, and is asked: with the camera by this program, before it looks. Who gives pictures or a clip says by
--they-agreed that NAME has agreed. Kept are numbers computed from the face, the date and the way of the consent; no
picture. Relatives are confused, children above all.
"""


def add_actions(friends: argparse.ArgumentParser) -> None:
    """Add the actions to the command `friends`; `action` of the parsed arguments is the action's name."""
    friends.set_defaults(action="list")
    actions = friends.add_subparsers(title="actions", metavar="ACTION")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        made.set_defaults(action=name, usage_error=made.error)
        made.add_argument(
            "--config", type=Path, metavar="FILE", default=argparse.SUPPRESS, help="settings, as for every command"
        )
        return made

    add = action("add", "let the assistant name somebody, who has to agree")
    add.epilog = ADDING
    add.add_argument("name", metavar="NAME", help="as it is to be spoken")
    source: Any = add.add_mutually_exclusive_group()
    source.add_argument("--pictures", type=Path, metavar="FOLDER", help="a folder of pictures of this person alone")
    source.add_argument("--clip", type=Path, metavar="FILE", help="a clip of this person alone")
    source.add_argument("--camera", dest="from_camera", action="store_true", help="the camera of the settings; default")
    add.add_argument("--they-agreed", action="store_true", help="this person has agreed; pictures and clips need it")
    add.add_argument("--adult", choices=("yes", "no"), help="an adult? default: it is asked")

    action("list", "list the friends")
    rename = action("rename", "give a friend another name")
    rename.add_argument("name", metavar="NAME")
    rename.add_argument("new_name", metavar="NEW_NAME")
    forget = action("forget", "forget a friend, after a question")
    forget.add_argument("name", metavar="NAME")
    forget_all = action("forget-all", "forget all friends, after a question")
    for each in (forget, forget_all):
        each.add_argument("--yes", action="store_true", help="do not ask")
    export = action("export", "write all friends into a file, encrypted with a passphrase, to move them to another box")
    export.add_argument("file", type=Path, metavar="FILE")
    take = action("import", "add the friends of an exported file")
    take.add_argument("file", type=Path, metavar="FILE")
