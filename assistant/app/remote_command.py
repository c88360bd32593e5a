"""Commands of the wearer for the running assistant, on the command line."""

import sys
from collections.abc import Sequence

from assistant.app.exit_codes import EXIT_ERROR
from assistant.ipc.commands import ASKED_BY_NAME, Command
from assistant.ipc.control_client import send_command


def plain_command(arguments: Sequence[str]) -> str:
    """The command for the running assistant that these arguments are; empty where they are anything else, or have
    options."""
    match list(arguments):
        case ["ask"]:
            return Command.ASK.value
        case ["ask", what] if what in ASKED_BY_NAME:
            return what
        case [verb] if any(verb == each.value and each.is_public for each in Command):
            return verb
    return ""


def carry_out(command: str, *, as_json: bool = False) -> int:
    """Have the running assistant carry out a command, and print its reply; returns the exit code. Raises IPCError.

    as_json: print the facts of the reply instead of its sentence.
    """
    reply = send_command(command)
    if as_json:
        import json

        print(json.dumps(dict(reply.facts), ensure_ascii=False))
    elif reply.ok:
        print(reply.text)
    if not reply.ok:
        print(f"emotion-assistant: {reply.text}", file=sys.stderr)
    return 0 if reply.ok else EXIT_ERROR
