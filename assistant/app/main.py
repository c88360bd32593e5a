"""Where the command line begins: a command of the wearer goes straight to the running assistant.

A blind person at a keyboard waits for the first sound of `emotion-assistant ask`. Settings, argparse and logging, which
such a command does not need, take longer to import than all the rest takes.
"""

import sys
from collections.abc import Sequence

from assistant.app.exit_codes import exit_code_of
from assistant.app.remote_command import carry_out, plain_command
from assistant.app.skill_request import ask_running, plain_question
from assistant.system.standard_streams import ensure_standard_streams


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. arguments: without the program's name; None: those of this process."""
    ensure_standard_streams()
    given = sys.argv[1:] if arguments is None else arguments
    if command := plain_command(given):
        return exit_code_of(lambda: carry_out(command))
    if question := plain_question(given):
        return exit_code_of(lambda: ask_running(*question))
    from assistant.app.cli import main as run

    return run(arguments)
