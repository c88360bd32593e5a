"""The command line: arguments and settings in, the parts put together, errors as one line and an exit code."""

import argparse
import contextlib
import dataclasses
import json
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant import __version__, config
from assistant.config import Settings
from assistant.control import REQUESTS
from assistant.process import open_streams, quiet_libraries, stop_on_signal
from assistant.records import AssistantError, ConfigError, SourceError

EXIT_ERROR, EXIT_USAGE, EXIT_CONFIG, EXIT_INTERRUPTED = 1, 2, 78, 130
"""Failed; wrong usage (argparse's own); wrong settings (EX_CONFIG of sysexits.h); Ctrl-C."""

EXAMPLES = """\
examples:
  emotion-assistant demo                     two photographs, a transcript, demo.wav
  emotion-assistant replay clip.mp4          what would be said of a clip, and when
  emotion-assistant run --camera opencv      the assistant, with the first USB camera
  emotion-assistant config > my.toml         all settings with their comments, to edit
  emotion-assistant run --config my.toml
  emotion-assistant ask                      asks the running assistant what it sees; likewise why, mute, louder …

Nothing leaves the device, and no picture is stored. What a face looks like is not what somebody feels.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    open_streams()
    options = parser().parse_args(arguments)
    logging.basicConfig(
        level=options.log_level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    quiet_libraries()
    try:
        return int(options.command(options))
    except AssistantError as err:
        if options.debug:
            raise
        is_config = isinstance(err, ConfigError)
        for line in str(err).splitlines() if is_config else [" ".join(str(err).splitlines())]:
            print(f"emotion-assistant: {line}", file=sys.stderr)
        return EXIT_CONFIG if is_config else EXIT_ERROR
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as err:
        if options.debug:
            raise
        print(f"emotion-assistant: {err.filename or 'output'}: {err.strerror or err}", file=sys.stderr)
        return EXIT_ERROR
    except Exception as err:
        if options.debug:
            raise
        print(f"emotion-assistant: unexpected {type(err).__name__}: {err}; --debug shows where", file=sys.stderr)
        return EXIT_ERROR


def parser() -> argparse.ArgumentParser:
    """Every command and option."""
    top = argparse.ArgumentParser(
        prog="emotion-assistant",
        description="Tells a visually impaired wearer, in a few spoken words, how the person in front looks.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    _add_common(top, debug=False, log_level="warning")
    commands = top.add_subparsers(title="commands", required=True, metavar="COMMAND")

    run = _command(commands, "run", _run, "the assistant, until it is told to stop")
    run.add_argument("--camera", choices=config.choices("camera", "driver"), help="where pictures come from")
    run.add_argument("--source", metavar="X", help="device number, /dev/video…, clip or folder, as the camera wants it")

    replay = _command(commands, "replay", _replay, "what would be said of a clip or a folder of pictures, and when")
    replay.add_argument("source", metavar="SOURCE", help="a video file or a folder of pictures")
    replay.add_argument("--json", action="store_true", help="one JSON object a line; the last one is the summary")

    demo = _command(commands, "demo", _demo, "the assistant on two photographs; what is heard is left in demo.wav")
    demo.add_argument("--wav", type=Path, default=Path("demo.wav"), metavar="FILE", help="default: %(default)s")

    voice = _command(commands, "voice", _voice, "the voice process alone, as a unit runs it")
    voice.add_argument(
        "--with-parent", action="store_true", help="end after standard input has closed, as `run` needs it"
    )
    say = _command(commands, "say", _say, "speak a text, to hear voice and sound device")
    say.add_argument("text", metavar="TEXT", nargs="+")
    _command(commands, "sounds", _sounds, "a spoken tour of the short sounds that may stand for words")
    ask = _command(commands, "ask", _ask, "have the running assistant tell what it sees")
    ask.add_argument("what", nargs="?", default="describe", choices=("describe", "more", "aim"),
                     help="describe: who is there (the default); more: all of it; aim: where to turn")  # fmt: skip
    for name, text in REQUESTS.items():
        request = _command(commands, name, _ask, text)
        request.set_defaults(what=name)
        if name == "status":
            request.add_argument("--json", action="store_true", help="the facts as one JSON object")
    _command(commands, "config", _config, "print the effective settings as TOML with their comments")
    return top


def _add_common(
    to: argparse.ArgumentParser, debug: Any = argparse.SUPPRESS, log_level: Any = argparse.SUPPRESS
) -> None:
    """Options that may stand before or after the command."""
    to.add_argument("--debug", action="store_true", default=debug, help="show a traceback where something fails")
    levels = ("debug", "info", "warning", "error")
    how = "debug (with the time that each stage takes), info, warning (the default) or error"
    to.add_argument("--log-level", default=log_level, metavar="LEVEL", choices=levels, help=how)


def _command(commands: Any, name: str, function: Any, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(command=function, camera=None, source=None, detector=None, model=None, voice=None)
    command.add_argument(
        "--config", type=Path, metavar="FILE", help=f"settings; default: {config.SYSTEM_FILE} and {config.BOOT_FILE}"
    )
    _add_common(command)
    if name in ("run", "replay", "demo", "config"):
        command.add_argument("--detector", choices=config.choices("detector", "driver"), help="how faces are found")
        command.add_argument("--model", metavar="NAME", help="a shipped model's name, or a .tflite file with its card")
    if name in ("run", "demo", "voice", "say", "sounds", "config"):
        command.add_argument("--voice", choices=config.choices("voice", "engine"), help="how it is said")
    return command


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the file, with what the command line says instead. Raises ConfigError."""
    from assistant.phrases import known_locales

    settings = _with_options(config.load(options.config), options)
    if settings.words.locale not in known_locales():
        raise ConfigError(f"words.locale is {settings.words.locale!r}; allowed: {', '.join(known_locales())}")
    return settings


def _service_settings(options: argparse.Namespace) -> tuple[Settings, tuple[str, str, tuple[int, ...]] | None]:
    """The settings; the fault, its detail and the wrong lines where the user's are wrong: a service never ends for
    that, but goes on with the last that were right, else with the defaults."""
    from assistant import lastgood

    try:
        settings = settings_of(options)
    except ConfigError as err:
        if not os.environ.get("NOTIFY_SOCKET"):
            raise
        last = lastgood.recall()
        return last or _with_options(Settings(), options), (
            "settings_last" if last else "settings",
            str(err),
            err.lines,
        )
    lastgood.keep(settings)
    return settings, None


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    said = {
        "camera": {"driver": options.camera, "source": options.source},
        "detector": {"driver": options.detector},
        "model": {"file": options.model},
        "voice": {"engine": options.voice},
    }
    return config.override(
        settings,
        {name: {key: value for key, value in keys.items() if value is not None} for name, keys in said.items()},
    )


def _run(options: argparse.Namespace) -> int:
    with stop_on_signal() as stop:
        from assistant.run import run

        settings, trouble = _service_settings(options)
        return run(settings, stop, trouble=trouble, options=("--log-level", options.log_level))


def _replay(options: argparse.Namespace) -> int:
    from assistant import assembly
    from assistant.replay import Reply, Summary, replay
    from assistant.vision.cameras import open_camera

    settings = settings_of(options)
    if not options.source:
        raise SourceError("SOURCE is empty; give a clip or a folder of pictures")
    driver = "folder" if Path(options.source).is_dir() else "opencv"
    source = options.source if os.sep in options.source or driver == "folder" else f".{os.sep}{options.source}"
    settings = dataclasses.replace(settings, camera=dataclasses.replace(settings.camera, driver=driver, source=source))
    pipeline = assembly.pipeline(settings)
    with contextlib.closing(open_camera(settings.camera)) as camera:
        for item in replay(camera, pipeline, settings):
            if isinstance(item, Reply):
                continue
            if options.json:
                record = {"summary": dataclasses.asdict(item)} if isinstance(item, Summary) else item.record()
                print(json.dumps(record, ensure_ascii=False), flush=True)
            elif isinstance(item, Summary):
                print(f"{item.frames} frames, {item.seconds:.1f} s, {item.people} people")
            else:
                fate = "" if item.fate == "spoken" else f" [{item.fate}]"
                print(f"{item.change.at:7.2f} s  {item.utterance.text:32} ({item.utterance.why}){fate}", flush=True)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from assistant.demo import demo

    with stop_on_signal() as stop:
        return demo(settings_of(options), options.wav, stop)


def _voice(options: argparse.Namespace) -> int:
    from assistant import link, phrases
    from assistant.voice import server, watch

    settings, _ = _service_settings(options)  # vision says what is wrong with them
    words = phrases.load(settings.words.locale, settings.words.wording)
    with stop_on_signal() as stop:
        if options.with_parent:
            threading.Thread(target=_outlive, args=(stop, watch.MISSED_S + 1), name="parent", daemon=True).start()
        server.serve(settings, link.runtime_socket(), words, stop)
    return 0


def _outlive(stop: threading.Event, seconds: float) -> None:
    """Wait for the end of standard input, which is the end of the parent, then long enough to say that it is gone."""
    while os.read(0, 4096):
        pass
    stop.wait(seconds)
    stop.set()


def _say(options: argparse.Namespace) -> int:
    from assistant import phrases
    from assistant.voice import sound, voices

    settings = settings_of(options)
    words = phrases.load(settings.words.locale, settings.words.wording)
    player = sound.CommandPlayer(settings.voice.device)
    with contextlib.closing(voices.make(settings.voice, words.voice, player)[0]) as voice, stop_on_signal() as stop:
        return 0 if voice.say(" ".join(options.text), stop) else EXIT_INTERRUPTED


def _sounds(options: argparse.Namespace) -> int:
    from assistant import phrases
    from assistant.voice import sound, voices
    from assistant.voice.tour import tour

    settings = settings_of(options)
    words = phrases.load(settings.words.locale, settings.words.wording)
    ladder = voices.make(settings.voice, words.voice, sound.CommandPlayer(settings.voice.device))
    assert ladder.sounds  # `make` gives some to every ladder
    with contextlib.closing(ladder), stop_on_signal() as stop:
        return 0 if tour(words, ladder[0], ladder.sounds, stop) else EXIT_INTERRUPTED


def _ask(options: argparse.Namespace) -> int:
    from assistant import control

    reply = control.ask(options.what)
    if getattr(options, "json", False):
        print(json.dumps(dict(reply.facts), ensure_ascii=False))
    elif reply.ok:
        print(reply.text)
    if not reply.ok:
        print(f"emotion-assistant: {reply.text}", file=sys.stderr)
    return 0 if reply.ok else EXIT_ERROR


def _config(options: argparse.Namespace) -> int:
    print(config.to_toml(settings_of(options)), end="")
    return 0
