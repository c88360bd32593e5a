"""The assistant itself: eyes in this process, voice in another, until told to stop.

On a desktop the voice is started as a child. Where EMOTION_ASSISTANT_SOCKET names a socket, as the installed units do,
the voice already runs there.
"""

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from assistant import assembly, link
from assistant.config import Settings
from assistant.faults import Faults
from assistant.live import Live
from assistant.messages import Answer, Ask, Ended, Message
from assistant.notify import Notifier
from assistant.phrases import Phrases
from assistant.records import DetectorError, Priority, Utterance
from assistant.vision.cameras import open_camera
from assistant.vision.capture import Capture
from assistant.vision.classifier import Classifier
from assistant.vision.pipeline import Pipeline, Step
from assistant.voicekeeper import VoiceKeeper

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
CAMERA_CLOSES_S, VOICE_ENDS_S = 0.3, 0.9
"""For the camera to close, the voice to say its last words, and a stuck voice to be ended: together below the 2 s in
which a SIGTERM must end it all."""
DETECTOR_RETRY_S = 5.0
MOST_LINES = 3
"""So many wrong lines of the settings are told: who has mended them hears of the next."""


def run(
    settings: Settings,
    stop: threading.Event,
    *,
    trouble: tuple[str, str, tuple[int, ...]] | None = None,
    options: tuple[str, ...] = (),
) -> int:
    """Look and tell until `stop` is set; returns the exit code. trouble: the fault, its detail and the lines of the
    file, why these are not the settings that the user wrote; it is spoken. options: of the command line, for the voice
    process too."""
    words = assembly.words(settings)
    ears = _Ears()
    with voice_link(settings, options, words, ears) as client:
        ears.send = client.send
        faults = Faults()
        for fault in faults.begin(trouble[0], time.monotonic(), trouble[1]) if trouble else ():
            log.warning("settings: %s", fault.detail)
            client.say(Utterance(words.fault(fault.name), Priority.FAULT, f"fault {fault.name}", None, fault.detail))
        _, detail, lines = trouble or ("", "", ())
        for line in lines[:MOST_LINES]:
            client.say(Utterance(words.wrong_line(line), Priority.FAULT, f"settings line {line}", None, detail))
        notifier = Notifier()
        found = _pipeline(settings, client, stop, notifier)
        if found is not None:
            pipeline, troubles = found
            capture = Capture(
                partial(open_camera, settings.camera, colour=pipeline.detector.needs_colour),
                rotate_deg=settings.camera.rotate,
            ).start()
            beat = _Heartbeat(client, capture, notifier)
            broken: list[Path] = []

            def other_model(detail: str) -> tuple[Pipeline, dict[str, str]]:
                if isinstance(live.pipeline.reader, Classifier):
                    broken.append(live.pipeline.reader.path)
                return assembly.best_pipeline(settings, broken, detail)

            live = Live(capture, pipeline, words, client.say, stop, client.withdraw, beat, other_model, faults=faults)
            for name, detail in troubles.items():
                live.fault(name, time.monotonic(), detail)
            ears.live = beat.live = live
            live.run()
            notifier.stopping()
            live.tell("stopping", Priority.ANSWER)
            if not capture.close(CAMERA_CLOSES_S):
                log.warning("camera: a blocked read kept it from being closed in time")
    return 0


class _Ears:
    """Takes what the voice sends: questions are answered at once, on the link's thread."""

    def __init__(self) -> None:
        self.live: Live | None = None
        self.send: Callable[[Message], None] = lambda message: None

    def __call__(self, message: Message) -> None:
        if self.live is None:
            return
        match message:
            case Ask():
                self.send(Answer(message.number, self.live.answer(message.what)))
            case Ended():
                self.live.ended(message.utterance, message.fate)


class _Heartbeat:
    """Tells the voice, at most every HEARTBEAT_S, that the loop turns, with frames or without; and the service manager
    that all of it works: the loop, the camera's driver, the link."""

    def __init__(self, client: link.Client, capture: Capture, notifier: Notifier) -> None:
        self._client, self._capture, self._notifier, self._next = client, capture, notifier, 0.0
        self.live: Live | None = None

    def __call__(self, step: Step | None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + HEARTBEAT_S
            self._client.heartbeat(now)
        faults = self.live.faults.standing() if self.live else ()
        if step is not None or faults:  # no camera, and said so, is a running state too
            self._notifier.ready()
        self._notifier.status(f"faults: {', '.join(faults)}" if faults else "looking")
        if self._client.is_working and not self._capture.is_stuck():
            self._notifier.alive()


def _pipeline(
    settings: Settings, client: link.Client, stop: threading.Event, notifier: Notifier
) -> tuple[Pipeline, dict[str, str]] | None:
    """The best pipeline there is; where not even faces can be found, says so and tries again until stopped."""
    words = assembly.words(settings)
    while not stop.is_set():
        try:
            return assembly.best_pipeline(settings)
        except DetectorError as err:
            log.warning("detector: %s", err)
            client.say(Utterance(words.fault("detector"), Priority.FAULT, "fault detector", None, str(err)))
            notifier.ready()
            notifier.status("faults: detector")
            retry_at = time.monotonic() + DETECTOR_RETRY_S
            while time.monotonic() < retry_at and not stop.wait(HEARTBEAT_S):
                notifier.alive()
    return None


@contextlib.contextmanager
def voice_link(
    settings: Settings, options: tuple[str, ...], words: Phrases, ears: link.Listen = lambda message: None
) -> Iterator[link.Client]:
    """A link to the voice: the one that already runs, or a child that is kept alive and ends with the block. ears takes
    what it sends."""
    if os.environ.get("EMOTION_ASSISTANT_SOCKET"):
        with contextlib.closing(link.Client(link.runtime_socket(), ears)) as client:
            yield client
        return

    def returned() -> None:
        text = words.fault("voice", is_over=True)
        client.say(Utterance(text, Priority.FAULT, "fault voice", None, "the voice process was started again"))

    with contextlib.ExitStack() as stack:
        keeper = VoiceKeeper(settings, options, returned)
        stack.callback(keeper.close, VOICE_ENDS_S)
        client = stack.enter_context(contextlib.closing(link.Client(keeper.socket, ears)))
        stack.callback(client.stop)
        yield client
