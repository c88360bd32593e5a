"""Questions to the skills on the command line: prints what the running assistant says, or would say of a picture.

The control socket replies before the answer is there; what has been said since is asked for again and again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from assistant.app.exit_codes import EXIT_ERROR, EXIT_INTERRUPTED
from assistant.errors import IPCError, SourceError, printable
from assistant.ipc.commands import Command
from assistant.ipc.control_client import send_command

if TYPE_CHECKING:
    import argparse

    from assistant.config.settings import Settings

POLL_S = 0.2
"""How often it is asked what has been said, seconds."""
VERBS: Mapping[str, Command] = {
    "what": Command.WHAT, "find": Command.FIND, "describe": Command.DESCRIBE, "read": Command.READ,
}  # fmt: skip
"""The question of each verb; `what --more` asks WHAT_MORE."""
MORE = "--more"
SPOKEN_ENDINGS = ("answered", "failed", "given_up", "lost")
"""How a question ends whose last line says so; see `voice.asking.dialogue.Ending`."""


def plain_question(arguments: Sequence[str]) -> tuple[Command, str] | None:
    """The question, with the name of the thing to find, that these arguments are; None where they are anything else,
    have a picture, or other options."""
    match list(arguments):
        case ["what", option] if option == MORE:
            return Command.WHAT_MORE, ""
        case ["find", thing] if thing and not thing.startswith("-"):
            return Command.FIND, thing
        case [verb] if verb in VERBS and verb != "find":
            return VERBS[verb], ""
    return None


def ask_running(command: Command, argument: str = "", sleep: Callable[[float], None] = time.sleep) -> int:
    """Have a skill of the running assistant answer, and print what is said; returns the exit code. Raises IPCError.

    Ctrl-C ends the question."""
    reply = send_command(command, argument=argument)
    if not reply.ok:
        print(f"emotion-assistant: {printable(reply.text)}", file=sys.stderr)
        return EXIT_ERROR
    number, known = reply.facts.get("question"), 0
    try:
        while True:
            facts = send_command(Command.SAID, argument=f"{number} {known}").facts
            lines, ending = facts.get("said"), facts.get("ending")
            if not isinstance(lines, list):
                raise IPCError("the assistant does not tell what it has said; is it of another version? Restart it")
            for line in lines:
                print(printable(line), flush=True)
            known += len(lines)
            if ending:
                break
            sleep(POLL_S)
    except KeyboardInterrupt:
        send_command(Command.CANCEL)
        return EXIT_INTERRUPTED
    if ending not in SPOKEN_ENDINGS:
        print("emotion-assistant: ended on the box before the answer was complete", file=sys.stderr)
    return 0 if ending == "answered" else EXIT_ERROR


def carry_out(options: argparse.Namespace, settings: Callable[[], Settings]) -> int:
    """Carry out one of VERBS with its options; returns the exit code. settings(): those of the options. Raises
    AssistantError."""
    command = Command.WHAT_MORE if getattr(options, "more", False) else VERBS[options.command]
    thing: str = getattr(options, "thing", "")
    if options.recording is None:
        return ask_running(command, thing)
    if not options.recording:
        raise SourceError("PICTURE is empty; give a picture, a folder of pictures or a clip")
    from assistant.app.picture_session import answer

    for line in answer(command, thing, options.recording, settings()):
        print(printable(line), flush=True)
    return 0
