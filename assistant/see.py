"""The vision process: looks, and has the voice tell what it sees, until told to stop."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from assistant import assembly, link
from assistant.config import Settings
from assistant.faults import Faults
from assistant.live import Live
from assistant.messages import Answer, Ask, Ended, Message
from assistant.notify import Notifier
from assistant.records import DetectorError, Priority, Utterance
from assistant.vision.cameras import open_camera
from assistant.vision.capture import Capture
from assistant.vision.classifier import Classifier
from assistant.vision.pipeline import Pipeline, Step

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
CAMERA_CLOSES_S = 0.3
"""A camera that is blocked is left behind."""
DETECTOR_RETRY_S = 5.0


def see(settings: Settings, stop: threading.Event, *, trouble: tuple[str, str] | None = None) -> int:
    """Look and tell until `stop` is set; returns the exit code. trouble: the fault, and its detail, why these are not
    the settings that the user wrote; it is spoken."""
    words = assembly.words(settings)
    ears = _Ears()
    with contextlib.closing(link.Client(link.runtime_socket(), ears)) as client:
        ears.send = client.send
        faults = Faults()
        for fault in faults.begin(trouble[0], time.monotonic(), trouble[1]) if trouble else ():
            log.warning("settings: %s", fault.detail)
            client.say(Utterance(words.fault(fault.name), Priority.FAULT, f"fault {fault.name}", None, fault.detail))
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
        faults = (*(self.live.faults.standing() if self.live else ()), *(() if self._client.is_heard else ("voice",)))
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
