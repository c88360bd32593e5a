"""The arguments of emotion-assistant: every command with its options and its sentence in --help."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assistant import __version__
from assistant.app.friends_parser import add_actions
from assistant.config.settings import setting_choices
from assistant.config.settings_file import BOOT_FILE, SYSTEM_FILE
from assistant.ipc.commands import ASKED_BY_NAME, Command
from assistant.system.argument_parser import ArgumentParser, RawHelpFormatter

UNIT_COMMANDS = ("vision", "voice", "vision-exited", "skill", "preview")
"""Commands for the systemd units and for `run`; --help does not list them."""
ENGINES = ("friends", "things", "describe", "read")
"""The skills with an engine in a process of its own, see assistant.skills.registry."""
EXAMPLES = """\
examples:
  emotion-assistant demo                     two photographs, a transcript, demo.wav
  emotion-assistant replay clip.mp4          what would be said of a clip, and when
  emotion-assistant replay clip.mp4 --annotate seen.mp4
                                             and a clip to look at: boxes, words, speech and subtitles
  emotion-assistant run --camera opencv      the assistant, with the first USB camera
  emotion-assistant run --preview            and with a window for somebody who sees
  emotion-assistant config > my.toml         all settings with their comments, to edit
  emotion-assistant run --config my.toml
  emotion-assistant ask                      asks the running assistant what it sees; likewise why, mute, louder …

Nothing leaves the device, and no picture is stored. What a face looks like is not what somebody feels.
"""


def command_of(arguments: Sequence[str]) -> str:
    """The first argument that is no option of the whole program: a command, if it is right; empty where there is none,
    or an option that this does not know."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--log-level":
            next(rest, "")
        elif argument != "--debug" and not argument.startswith("--log-level="):
            return "" if argument.startswith("-") else argument
    return ""


def make_parser(only: str = "") -> argparse.ArgumentParser:
    """The parser; `command` of the parsed arguments is the command's name.

    only: the command that the arguments give, see `command_of`: where there is such a command, the options of the
    others are left out, which takes a tenth of the time.
    """
    top = ArgumentParser(
        prog="emotion-assistant",
        description="Tells a visually impaired wearer, in a few spoken words, how the person in front looks.",
        epilog=EXAMPLES,
        formatter_class=RawHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_common(top, debug=False, log_level="warning")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return _command(commands, name, text) if only in ("", name) else LEFT_OUT

    _add_watching(command)
    demo = command("demo", "the assistant on two photographs; what is heard is left in demo.wav")
    demo.add_argument("--wav", type=Path, default=Path("demo.wav"), metavar="FILE", help="default: %(default)s")

    for name in ("vision", "voice"):
        part = command(name, f"the {name} process alone, as a unit runs it")
        part.add_argument("--with-parent", action="store_true", help="end after standard input has closed, for `run`")
        if name == "vision":
            _add_camera(part)
            _add_profile(part)
    window = command("preview", "the window of `run --preview`")
    window.add_argument("--with-parent", action="store_true", help="end after standard input has closed, for `run`")
    _add_faces(window)
    exited = command("vision-exited", "tell the voice process that the vision process has ended, as its unit does")
    exited.add_argument("result", metavar="RESULT", help="$SERVICE_RESULT; nothing is told of `success`")
    skill = command("skill", "the engine of a skill, as its unit runs it")
    skill.add_argument("skill", choices=ENGINES)
    skill.add_argument("--socket-fd", type=int, metavar="N", help="the listening socket, for `run`; default: systemd's")
    skill.add_argument("--with-parent", action="store_true", help="end after standard input has closed, for `run`")
    say = command("say", "speak a text, to hear voice and sound device")
    say.add_argument("text", metavar="TEXT", nargs="+")
    record = command("record", "record what is said of faults, for when espeak-ng cannot speak")
    record.add_argument("folder", nargs="?", type=Path, metavar="FOLDER", help="default: where the voice looks for it")
    command("sounds", "a spoken tour of the short sounds that may stand for words")
    guide = command("guide", "a spoken tour of the assistant in a few minutes, to try every key; a long press ends it")
    guide.add_argument("--keys", action="store_true", help="instead: each press says what the key does")
    ask = command("ask", "have the running assistant tell what it sees")
    ask.add_argument("what", nargs="?", default="ask", choices=[each.value for each in ASKED_BY_NAME],
                     help="ask: who is there (the default); more: all of it; aim: where to turn")  # fmt: skip
    for verb in (each for each in Command if each.is_public):
        request = command(verb.value, verb.help_text)
        request.set_defaults(what=verb.value)
        if verb is Command.STATUS:
            request.add_argument("--json", action="store_true", help="the facts as one JSON object")
    _add_skills(command)
    add_actions(command("friends", "the people whom the assistant names, who agreed to it: add, list, forget …"))
    doctor = command("doctor", "check every part, say what is found and what to do")
    _add_camera(doctor)
    doctor.add_argument("--json", action="store_true", help="what was found as one JSON object")
    doctor.add_argument("--quiet", action="store_true", help="print it only")
    notice = command("notice", "a page for the people nearby, in the wearer's language, to print")
    notice.add_argument("--html", type=Path, metavar="FILE", help="write it there; default: to the standard output")
    command("config", "print the effective settings as TOML with their comments")
    return make_parser() if only and only not in commands.choices else top


class _LeftOut(argparse.ArgumentParser):
    """Stands for a command that was not given; ignores the options that are added to it."""

    def __init__(self) -> None:
        """Without that of argparse, which this class is there to avoid."""

    def add_argument(self, *_: Any, **__: Any) -> Any:
        return None

    def set_defaults(self, **_: Any) -> None:
        pass

    def add_mutually_exclusive_group(self, **_: Any) -> Any:
        return self

    def add_subparsers(self, **_: Any) -> Any:
        return self

    def add_parser(self, *_: Any, **__: Any) -> argparse.ArgumentParser:
        return self


LEFT_OUT = _LeftOut()


def _add_common(
    to: argparse.ArgumentParser, debug: Any = argparse.SUPPRESS, log_level: Any = argparse.SUPPRESS
) -> None:
    """Options that may stand before or after the command."""
    to.add_argument("--debug", action="store_true", default=debug, help="show a traceback where something fails")
    levels = ("debug", "info", "warning", "error")
    how = "debug (with the time that each stage takes), info, warning (the default) or error"
    to.add_argument("--log-level", default=log_level, metavar="LEVEL", choices=levels, help=how)


def _add_camera(to: argparse.ArgumentParser) -> None:
    to.add_argument("--camera", choices=setting_choices("camera", "driver"), help="where pictures come from")
    to.add_argument("--source", metavar="X", help="device number, /dev/video…, clip or folder, as the camera wants it")


def _add_watching(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The assistant itself, and what it would say of a recording."""
    run = command("run", "the assistant, until it is told to stop")
    _add_camera(run)

    replay = command("replay", "what would be said of a clip or a folder of pictures, and when")
    # not "source", which is a setting of the camera: a recording's name may have bytes that are not UTF-8
    replay.add_argument("recording", metavar="SOURCE", help="a video file, a picture or a folder of pictures")
    replay.add_argument("--json", action="store_true", help="one JSON object a line; the last one is the summary")
    shown = replay.add_mutually_exclusive_group()
    shown.add_argument("--annotate", type=_clip_name, metavar="OUT.mp4",
                       help="also write a clip with boxes, words, bars and the speech, and OUT.srt beside it; needs "
                       "pip install 'emotion-assistant[convert]'")  # fmt: skip
    run.add_argument("--preview", action="store_true",
                     help="also open a window for somebody who sees; q or closing it ends the window alone; needs pip "
                     "install 'emotion-assistant[preview]' and a display")  # fmt: skip
    for each in (run, replay):
        _add_faces(each)
    _add_profile(run)
    _add_profile(shown)


def _add_profile(to: argparse._ActionsContainer) -> None:
    how = "print at the end, and every minute in the log, the ms of each stage and its share of a core"
    to.add_argument("--profile", action="store_true", help=how)


def _add_faces(to: argparse.ArgumentParser) -> None:
    to.add_argument("--faces", choices=("all", "one"), default="all",
                    help="which faces are drawn: all that are read (the default), or the one in conversation, else the "
                    "nearest")  # fmt: skip


def _clip_name(text: str) -> Path:
    """The path of a clip to write."""
    path = Path(text)
    if path.suffix.lower() != ".mp4":
        raise argparse.ArgumentTypeError("give a name that ends in .mp4")
    return path


def _add_skills(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The questions to the skills."""
    helps = {
        "what": "tell which things are in front, the nearest or largest first",
        "find": "tell where a thing is",
        "describe": "tell of people, things and light in two sentences",
        "read": "read the text that is before the camera",
    }
    for name, text in helps.items():
        verb = command(name, f"have the running assistant {text}; or of a picture")
        if name == "what":
            verb.add_argument("--more", action="store_true", help="those that come after what was told last")
        if name == "find":
            verb.add_argument("thing", metavar="THING", help="its name in your language or in English, e.g. cup")
        verb.add_argument("recording", nargs="?", metavar="PICTURE",
                          help="print what would be said of a picture, a folder of pictures or a clip; no assistant "
                          "has to run, and the skill need not be switched on")  # fmt: skip


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    listed = {} if name in UNIT_COMMANDS else {"help": text}
    command: argparse.ArgumentParser = commands.add_parser(name, description=f"{text[0].upper()}{text[1:]}.", **listed)
    command.set_defaults(command=name, camera=None, source=None, detector=None, model=None, voice=None)
    command.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"settings; default: {SYSTEM_FILE} and {BOOT_FILE}",
    )
    _add_common(command)
    if name in ("run", "vision", "replay", "demo", "doctor", "config"):
        command.add_argument("--detector", choices=setting_choices("detector", "driver"), help="how faces are found")
        command.add_argument("--model", metavar="NAME", help="a shipped model's name, or a .tflite file with its card")
    if name in ("run", "demo", "voice", "say", "record", "sounds", "guide", "doctor", "config"):
        command.add_argument("--voice", choices=setting_choices("voice", "engine"), help="how it is said")
    return command
