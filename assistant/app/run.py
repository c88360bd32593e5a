"""The assistant on a desktop: vision and voice as two processes, both kept alive, until told to stop.

On the device the service manager does this with two units. Nothing of vision is imported here, so that what crashes
vision cannot crash its supervisor.
"""

import contextlib
import logging
import tempfile
import threading
import time
from pathlib import Path

from assistant import phrases
from assistant.config.last_good import wrong_line_utterances
from assistant.config.settings import Settings
from assistant.config.settings_file import to_toml
from assistant.faults import FaultAnnouncer
from assistant.ipc.link import LinkClient, control_socket
from assistant.records import Fault, FaultName, Priority, SettingsProblem, Utterance, UtteranceKind
from assistant.system.sd_notify import Notifier
from assistant.system.supervisor import ProcessSupervisor

log = logging.getLogger(__name__)

LOOK_S = 0.5
VISION_ENDS_S, VOICE_ENDS_S = 0.5, 1.15
"""For vision to close its camera; for the voice to say its last words and to end a player that hangs. Together below
the 2 s in which a SIGTERM must end it all."""


def run(
    settings: Settings, stop: threading.Event, *, problem: SettingsProblem | None = None, options: tuple[str, ...] = ()
) -> int:
    """Keep both processes until `stop` is set; returns the exit code. problem: why these are not the settings
    that the user wrote; it is spoken. options: of the command line, for both."""
    words = phrases.load(settings.announcements.locale, settings.announcements.wording)
    notifier = Notifier()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emotion-assistant-")))
        file, socket = folder / "config.toml", folder / "voice.sock"
        file.write_text(to_toml(settings), "utf-8")
        places = {"EMOTION_ASSISTANT_SOCKET": str(socket), "EMOTION_ASSISTANT_CONTROL": str(control_socket())}
        client = LinkClient(socket)
        stack.callback(client.close)

        def tell(name: FaultName, detail: str, *, is_over: bool = False) -> None:
            log.warning("%s: %s", name, detail)
            client.send(Fault(name, time.monotonic(), detail, is_over))

        def arguments(command: str) -> list[str]:
            return [*options, command, "--with-parent", "--config", str(file)]

        voice = ProcessSupervisor(
            "voice", arguments("voice"), places, folder,
            on_restart=lambda: tell(FaultName.VOICE, "the voice process was started again", is_over=True),
        )  # fmt: skip
        stack.callback(voice.close, VOICE_ENDS_S)
        if problem:
            FaultAnnouncer(words, client.speak).begin(problem.fault, time.monotonic(), problem.detail)
            for utterance in wrong_line_utterances(problem, words):
                client.speak(utterance)
        vision = ProcessSupervisor(
            "vision", arguments("vision"), places, folder,
            on_exit=lambda why: tell(FaultName.VISION, why),
        )  # fmt: skip
        while not stop.wait(LOOK_S):
            if vision.is_ready:
                notifier.ready()
            if vision.is_working and voice.is_working and client.is_working:
                notifier.alive()
        notifier.stopping()
        vision.terminate()
        if not vision.close(VISION_ENDS_S):  # it could not say so itself
            client.speak(
                Utterance(
                    words.status("stopping"), Priority.ANSWER, "status", None, "stopping", kind=UtteranceKind.STOPPING
                )
            )
        client.stop()
        client.close()
    return 0
