"""The command line: arguments and settings in, the parts put together, errors as one line and an exit code."""

import argparse
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence

from assistant.app.exit_codes import EXIT_INTERRUPTED, exit_code_of
from assistant.app.parser import command_of, make_parser
from assistant.app.refused_settings import refused_settings_told
from assistant.config.last_good import SettingsProblem
from assistant.config.settings import Settings
from assistant.config.settings_file import load_settings, override_settings, to_toml
from assistant.errors import ConfigError, IPCError
from assistant.ipc.commands import Command
from assistant.phrases import Phrases
from assistant.phrases import load as load_locale
from assistant.records import Fault, FaultName
from assistant.system.process_setup import (
    RateLimitFilter,
    disable_core_dumps,
    limit_threads,
    quiet_libraries,
    stop_on_signal,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    disable_core_dumps()
    given = sys.argv[1:] if arguments is None else arguments
    options = make_parser(command_of(given)).parse_args(given)
    logging.basicConfig(
        level=options.log_level.upper(), format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr, force=True
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(RateLimitFilter())
    quiet_libraries()
    limit_threads()
    return exit_code_of(lambda: COMMANDS[options.command](options), is_debug=options.debug)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings of the file, overridden by the options of the command line. Raises ConfigError."""
    return _with_options(load_settings(options.config), options)


def _service_settings(options: argparse.Namespace) -> tuple[Settings, SettingsProblem | None]:
    """The settings to use, and the problem with the user's if those cannot be used: a service does not end for that,
    but goes on with the last good settings, else with the user's, the wrong values alone replaced by the defaults."""
    from assistant.config.last_good import load_last_good, save_last_good

    try:
        settings = settings_of(options)
    except ConfigError as err:
        if not os.environ.get("NOTIFY_SOCKET"):
            raise
        last = load_last_good()
        usable = _with_options(err.usable if isinstance(err.usable, Settings) else Settings(), options)
        return last or usable, SettingsProblem(
            FaultName.SETTINGS_LAST_GOOD if last else FaultName.SETTINGS, str(err), err.lines
        )
    save_last_good(settings)
    return settings, None


def _with_options(settings: Settings, options: argparse.Namespace) -> Settings:
    given = {
        "camera": {"driver": options.camera, "source": options.source},
        "detector": {"driver": options.detector},
        "model": {"file": options.model},
        "voice": {"engine": options.voice},
    }
    return override_settings(
        settings,
        {name: {key: value for key, value in keys.items() if value is not None} for name, keys in given.items()},
    )


def _load_phrases(settings: Settings) -> Phrases:
    """The sentences in the language and the wording of the settings. Raises LocaleError."""
    return load_locale(settings.announcements.locale, settings.announcements.wording)


def _run(options: argparse.Namespace) -> int:
    with stop_on_signal() as stop:
        from assistant.app.run import run

        settings, problem = _service_settings(options)
        common, of_vision = ("--log-level", options.log_level), ("--profile",) if options.profile else ()
        preview = options.faces if options.preview else ""
        return run(settings, stop, problem=problem, options=common, vision_options=of_vision, preview=preview)


def _replay(options: argparse.Namespace) -> int:
    from assistant.app import replay_command

    _log_profile(options)
    return replay_command.run(options, settings_of(options))


def _log_profile(options: argparse.Namespace) -> None:
    """With --profile, the stage tables are logged whatever the level of the log."""
    if options.profile:
        for name in ("assistant.vision.loop", "assistant.app.replay_profile"):
            logger = logging.getLogger(name)
            logger.setLevel(min(logging.INFO, logger.getEffectiveLevel()))


def _demo(options: argparse.Namespace) -> int:
    from assistant.app.demo import demo

    with stop_on_signal() as stop:
        return demo(settings_of(options), options.wav, stop)


def _vision(options: argparse.Namespace) -> int:
    with stop_on_signal() as stop:
        from assistant.vision.process import run_vision

        settings, problem = _service_settings(options)
        _end_with_parent(options, stop)
        if not options.profile:
            return run_vision(settings, stop, problem=problem)
        from assistant.vision.stage_profile import RunningProfile

        _log_profile(options)
        profile = RunningProfile()
        code = run_vision(settings, stop, problem=problem, profile=profile)
        print(profile.table(), file=sys.stderr)
        return code


def _preview(options: argparse.Namespace) -> int:
    from assistant.app.preview_window import show
    from assistant.ipc import socket_paths

    path = socket_paths.preview_socket()
    if path is None:
        raise IPCError("EMOTION_ASSISTANT_PREVIEW is not set; `run --preview` opens the window")
    with stop_on_signal() as stop:
        _end_with_parent(options, stop)
        return show(settings_of(options), path, options.faces, stop)


def _voice(options: argparse.Namespace) -> int:
    from assistant.app.thing_names import spoken_names
    from assistant.ipc import socket_paths
    from assistant.voice.monitors import HEARTBEAT_TIMEOUT_S
    from assistant.voice.process import run_voice

    settings, _ = _service_settings(options)  # vision announces what is wrong with them
    phrases = _load_phrases(settings)
    with stop_on_signal() as stop:
        _end_with_parent(options, stop, HEARTBEAT_TIMEOUT_S + 1)
        run_voice(settings, socket_paths.runtime_socket(), phrases, stop, spoken_name=spoken_names(settings))
    return 0


def _skill(options: argparse.Namespace) -> int:
    from assistant.skills import limits

    limits.set_limits(limits.memory_limit(options.skill))
    from assistant.skills import registry, service
    from assistant.system.sd_notify import Notifier

    settings, _ = _service_settings(options)  # vision announces what is wrong with them
    with stop_on_signal() as stop:
        _end_with_parent(options, stop)
        listener = service.passed_socket(options.socket_fd)
        service.serve(listener, lambda: registry.engine_opener(options.skill)(settings), stop, notifier=Notifier())
    return 0


def _vision_exited(options: argparse.Namespace) -> int:
    from assistant.ipc import link, socket_paths

    if options.result != "success":
        with contextlib.closing(link.LinkClient(socket_paths.runtime_socket())) as client:
            client.send(Fault(FaultName.VISION, time.monotonic(), f"its unit ended: {options.result}"))
    return 0


def _end_with_parent(options: argparse.Namespace, stop: threading.Event, delay_s: float = 0.0) -> None:
    """With --with-parent, set `stop` so many seconds after standard input has closed, which means that the parent
    process has ended; the voice process needs that time to announce it."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        stop.wait(delay_s)
        stop.set()

    if options.with_parent:
        threading.Thread(target=wait, name="parent", daemon=True).start()


def _say(options: argparse.Namespace) -> int:
    from assistant.voice import voices
    from assistant.voice.audio import sound_cards

    settings = settings_of(options)
    phrases = _load_phrases(settings)
    player = sound_cards.preferred_player(settings.voice.device)
    with (
        refused_settings_told() as refuse,
        contextlib.closing(voices.make_voice(settings.voice, phrases.voice, player, refuse)[0]) as voice,
        stop_on_signal() as stop,
    ):
        return 0 if voice.say(" ".join(options.text), stop) else EXIT_INTERRUPTED


def _record(options: argparse.Namespace) -> int:
    from assistant.voice.voices import espeak, recorded

    settings = settings_of(options)
    phrases = _load_phrases(settings)
    folder = options.folder or recorded.recordings_folder()
    synthesizers = espeak.synthesizers(settings.voice, phrases.voice)
    count = recorded.record_sentences(phrases.tables, synthesizers, settings.voice.rate_wpm, folder)
    print(f"{count} recordings in {folder}")
    return 0


def _sounds(options: argparse.Namespace) -> int:
    from assistant.app.sound_tours import tour

    with refused_settings_told() as refuse, stop_on_signal() as stop:
        return 0 if tour(settings_of(options), stop, refuse) else EXIT_INTERRUPTED


def _guide(options: argparse.Namespace) -> int:
    from assistant.app.spoken_guide import spoken_guide

    command = Command.GUIDE_KEYS if options.keys else Command.GUIDE
    with refused_settings_told() as refuse, stop_on_signal() as stop:
        is_heard = spoken_guide(command, lambda: settings_of(options), stop, refuse)
        return 0 if is_heard else EXIT_INTERRUPTED


def _ask(options: argparse.Namespace) -> int:
    from assistant.app.remote_command import carry_out

    return carry_out(options.what, as_json=getattr(options, "json", False))


def _ask_skill(options: argparse.Namespace) -> int:
    from assistant.app.skill_request import carry_out

    return carry_out(options, lambda: settings_of(options))


def _doctor(options: argparse.Namespace) -> int:
    from assistant.doctor.checkup import checkup, usable_settings

    try:
        settings, mistakes = settings_of(options), ""
    except ConfigError as err:
        settings, mistakes = _with_options(usable_settings(err), options), str(err)
    with stop_on_signal() as stop:
        code = checkup(settings, mistakes, stop, file=options.config, is_quiet=options.quiet, as_json=options.json)
        return EXIT_INTERRUPTED if stop.is_set() else code


def _friends(options: argparse.Namespace) -> int:
    from assistant.app import friends_command

    return friends_command.run(options, settings_of(options))


def _notice(options: argparse.Namespace) -> int:
    from assistant.app import bystander_notice

    settings = settings_of(options)
    phrases = load_locale(settings.announcements.locale)
    bystander_notice.write_notice(
        phrases, options.html, listens=settings.listen.enabled, names_friends=settings.friends.enabled
    )
    return 0


def _config(options: argparse.Namespace) -> int:
    print(to_toml(settings_of(options)), end="")
    return 0


COMMANDS = {
    "run": _run, "replay": _replay, "demo": _demo, "say": _say, "record": _record, "sounds": _sounds,
    "guide": _guide, "ask": _ask, "friends": _friends,
    **{command.value: _ask for command in Command if command.is_public},
    "what": _ask_skill, "find": _ask_skill, "describe": _ask_skill, "read": _ask_skill,
    "doctor": _doctor, "notice": _notice, "config": _config,
    "vision": _vision, "voice": _voice, "vision-exited": _vision_exited, "skill": _skill, "preview": _preview,
}  # fmt: skip
"""What each command of the command line does; returns its exit code."""
