"""The assistant itself: eyes in this process, voice in another, until told to stop.

On a desktop the voice is started as a child. Where EMOTION_ASSISTANT_SOCKET names a socket, as the installed units do,
the voice already runs there.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from assistant import assembly, link
from assistant.config import Settings, to_toml
from assistant.live import Live
from assistant.records import DetectorError, Priority, Utterance
from assistant.vision.cameras import open_camera
from assistant.vision.capture import Capture
from assistant.vision.pipeline import Pipeline, Step

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
CAMERA_CLOSES_S, VOICE_ENDS_S, VOICE_DIES_S = 0.3, 1.3, 0.2
"""For the camera to close, the voice to say its last words, and a stuck voice to be ended: together below the 2 s in
which a SIGTERM must end it all."""
DETECTOR_RETRY_S = 5.0


def run(settings: Settings, stop: threading.Event, *, settings_trouble: str = "", options: tuple[str, ...] = ()) -> int:
    """Look and tell until `stop` is set; returns the exit code. settings_trouble: why these are not the settings that
    the user wrote; it is spoken. options: of the command line, for the voice process too."""
    words = assembly.words(settings)
    with voice_process(settings, options) as client:
        if settings_trouble:
            log.warning("settings: %s", settings_trouble)
            client.say(Utterance(words.fault("settings"), Priority.FAULT, "fault settings", None, settings_trouble))
        found = _pipeline(settings, client, stop)
        if found is not None:
            pipeline, troubles = found
            capture = Capture(
                partial(open_camera, settings.camera, colour=pipeline.detector.needs_colour),
                rotate_deg=settings.camera.rotate,
            ).start()
            beat = _Heartbeat(client)
            live = Live(capture, pipeline, words, client.say, stop, beat)
            for name, detail in troubles.items():
                live.fault(name, time.monotonic(), detail)
            live.run()
            live.tell("stopping", Priority.ANSWER)
            if not capture.close(CAMERA_CLOSES_S):
                log.warning("camera: a blocked read kept it from being closed in time")
    return 0


class _Heartbeat:
    """Tells the voice, at most every HEARTBEAT_S, that the loop turns, with frames or without."""

    def __init__(self, client: link.Client) -> None:
        self._client, self._next = client, 0.0

    def __call__(self, step: Step | None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + HEARTBEAT_S
            self._client.heartbeat(now)


def _pipeline(settings: Settings, client: link.Client, stop: threading.Event) -> tuple[Pipeline, dict[str, str]] | None:
    """The best pipeline there is; where not even faces can be found, says so and tries again until stopped."""
    words = assembly.words(settings)
    while not stop.is_set():
        try:
            return assembly.best_pipeline(settings)
        except DetectorError as err:
            log.warning("detector: %s", err)
            client.say(Utterance(words.fault("detector"), Priority.FAULT, "fault detector", None, str(err)))
            stop.wait(DETECTOR_RETRY_S)
    return None


@contextlib.contextmanager
def voice_process(settings: Settings, options: tuple[str, ...] = ()) -> Iterator[link.Client]:
    """A link to the voice: the one that already runs, or a child that is ended with the block."""
    if os.environ.get("EMOTION_ASSISTANT_SOCKET"):
        with contextlib.closing(link.Client(link.runtime_socket())) as client:
            yield client
        return
    with tempfile.TemporaryDirectory(prefix="emotion-assistant-") as folder:
        socket, file = Path(folder) / "voice.sock", Path(folder) / "config.toml"
        file.write_text(to_toml(settings), "utf-8")
        command = [sys.executable, "-m", "assistant", *options, "voice", "--with-parent", "--config", str(file)]
        child = subprocess.Popen(
            command,
            env={**os.environ, "EMOTION_ASSISTANT_SOCKET": str(socket)},
            stdin=subprocess.PIPE,  # held open, never written: its end tells the voice that we are gone
            start_new_session=True,  # Ctrl-C is for us: the voice still has to say that we are stopping
        )
        try:
            with contextlib.closing(link.Client(socket)) as client:
                yield client
                client.stop()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(VOICE_ENDS_S)
        finally:
            if child.poll() is None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(VOICE_DIES_S)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)  # its player too: no orphan speaks on
            child.wait()
