"""The assistant on a desktop: vision and voice as two processes, both kept alive, until it is stopped.

On the device the service manager does this with two units. Nothing of vision is imported here, so that what crashes
vision cannot crash its supervisor.
"""

import contextlib
import logging
import os
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

from assistant.app.preview import PreviewProcess, check_available
from assistant.config.last_good import SettingsProblem, wrong_line_utterances
from assistant.config.settings import Settings
from assistant.config.settings_file import to_toml
from assistant.faults import FaultAnnouncer
from assistant.ipc.control_client import check_none_is_running
from assistant.ipc.link import LinkClient
from assistant.ipc.socket_paths import control_socket, temporary_folder
from assistant.phrases import load as load_locale
from assistant.records import Fault, FaultName, Priority, Utterance, UtteranceKind
from assistant.skills.registry import ENGINES, is_enabled
from assistant.system.sd_notify import Notifier
from assistant.system.socket_activation import SocketActivatedProcess
from assistant.system.supervisor import ProcessSupervisor

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How often the state of both processes is checked and reported to the service manager, seconds."""
VISION_CLOSE_TIMEOUT_S, VOICE_CLOSE_TIMEOUT_S = 0.5, 1.15
"""Seconds for the vision process to close its camera, and for the voice process to speak its last utterance and to end
a player that hangs. Together below the 2 s in which SIGTERM must end everything."""


def run(
    settings: Settings,
    stop: threading.Event,
    *,
    problem: SettingsProblem | None = None,
    options: tuple[str, ...] = (),
    vision_options: tuple[str, ...] = (),
    preview: str = "",
) -> int:
    """Run both processes until `stop` is set; returns the exit code.

    problem: why these are not the settings that the user wrote; it is spoken. options: of the command line, passed on
    to both processes. vision_options: of the command `vision`. preview: which faces a window shows, "all" or "one";
    empty: there is no window.
    """
    if preview:
        check_available()
    check_none_is_running()
    phrases = load_locale(settings.announcements.locale, settings.announcements.wording)
    notifier = Notifier()
    with contextlib.ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="emotion-assistant-", dir=temporary_folder()))
        )
        file, socket = folder / "config.toml", folder / "voice.sock"
        file.write_text(to_toml(settings), "utf-8")
        environment = {
            "EMOTION_ASSISTANT_SOCKET": str(socket),
            "EMOTION_ASSISTANT_CONTROL": str(control_socket()),
            "EMOTION_ASSISTANT_SKILLS": str(folder),
            **({} if "MALLOC_ARENA_MAX" in os.environ else {"MALLOC_ARENA_MAX": "1"}),  # as in the units
        }
        if preview:
            environment["EMOTION_ASSISTANT_PREVIEW"] = str(folder / "preview.sock")
        client = LinkClient(socket)
        stack.callback(client.close)

        def report(name: FaultName, detail: str, *, is_over: bool = False) -> None:
            log.warning("%s: %s", name, detail)
            client.send(Fault(name, time.monotonic(), detail, is_over))

        def arguments(*command: str) -> list[str]:
            return [*options, *command, "--config", str(file)]

        ready: set[str] = set()

        def on_ready(name: str) -> None:
            ready.add(name)
            if ready == {"voice", "vision"}:
                notifier.ready()

        # Vision first: it takes longest. It waits for the voice itself.
        vision = ProcessSupervisor(
            "vision", arguments("vision", "--with-parent", *vision_options), environment, folder,
            on_exit=lambda why: report(FaultName.VISION, why), on_ready=partial(on_ready, "vision"),
        )  # fmt: skip
        voice = ProcessSupervisor(
            "voice", arguments("voice", "--with-parent"), environment, folder, on_ready=partial(on_ready, "voice"),
            on_restart=lambda: report(FaultName.VOICE, "the voice process was started again", is_over=True),
        )  # fmt: skip
        stack.callback(voice.close, VOICE_CLOSE_TIMEOUT_S)
        if problem:
            FaultAnnouncer(phrases, client.speak).begin(problem.fault, time.monotonic(), problem.detail)
            for utterance in wrong_line_utterances(problem, phrases):
                client.speak(utterance)
        for skill in filter(partial(is_enabled, settings), ENGINES):
            engine = SocketActivatedProcess(
                f"skill {skill}", arguments("skill", skill), environment, folder / f"{skill}.sock"
            )
            stack.callback(engine.close)
        window: PreviewProcess | None = None
        if preview:
            window = PreviewProcess(arguments("preview", "--with-parent", "--faces", preview), environment)
            stack.callback(window.close)
        while not stop.wait(POLL_S):
            if window is not None:
                window.tell_end()
            if vision.is_working and voice.is_working and client.is_working:
                notifier.alive()
        notifier.stopping()
        vision.terminate()
        if not vision.close(VISION_CLOSE_TIMEOUT_S):  # killed, so that it could not announce that itself
            client.speak(
                Utterance(
                    phrases.status("stopping"), Priority.ANSWER, "status", None, "stopping", kind=UtteranceKind.STOPPING
                )
            )
        client.stop()
        client.close()
    return 0
