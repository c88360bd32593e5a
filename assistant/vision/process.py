"""The vision process: looks, and has the voice tell what it sees, until told to stop."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from assistant.config.last_good import wrong_line_utterances
from assistant.config.settings import Settings
from assistant.errors import CameraExhaustedError, DetectorError
from assistant.faults import FaultAnnouncer
from assistant.ipc import link
from assistant.ipc.messages import Answer, Ask, Ended, Message
from assistant.records import FaultName, SettingsProblem, UtteranceKind
from assistant.system.process_setup import EXIT_RESTART
from assistant.system.resource_guard import ResourceGuard
from assistant.system.sd_notify import Notifier
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.loop import Live
from assistant.vision.pipeline import Pipeline, Step

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
CAMERA_CLOSES_S = 0.3
"""A camera that is blocked is left behind."""
DETECTOR_RETRY_S = 5.0
GUARD_S = 5.0
QUIET_S = 30.0
"""A process that has grown too much waits so long for a moment in which nobody is in view."""


def see(settings: Settings, stop: threading.Event, *, problem: SettingsProblem | None = None) -> int:
    """Look and tell until `stop` is set; returns the exit code. problem: why these are not the settings that
    the user wrote; it is spoken, with the first wrong lines."""
    words, ears = factory.words(settings), _Ears()
    with contextlib.closing(link.Client(link.runtime_socket(), ears)) as client:
        ears.send = client.send
        faults = FaultAnnouncer(words, client.say)
        if problem:
            faults.begin(problem.fault, time.monotonic(), problem.detail)
            for utterance in wrong_line_utterances(problem, words):
                client.say(utterance)
        notifier = Notifier()
        found = _pipeline(settings, stop, notifier, faults, client)
        if found is None:
            return 0
        pipeline, troubles = found
        capture = Capture(
            partial(open_camera, settings.camera, colour=pipeline.detector.needs_colour),
            rotate_deg=settings.camera.rotate,
        ).start()
        beat = _Heartbeat(client, capture, notifier, stop)
        broken: list[Path] = []

        def other_model(detail: str) -> tuple[Pipeline, dict[FaultName, str]]:
            if isinstance(live.pipeline.reader, ExpressionClassifier):
                broken.append(live.pipeline.reader.path)
            return factory.best_pipeline(settings, broken, detail)

        live = Live(capture, pipeline, words, client.say, stop, client.withdraw, beat, other_model, announcer=faults)
        for name, detail in troubles.items():
            faults.begin(name, time.monotonic(), detail)
        ears.live = beat.live = live
        is_spent = False
        try:
            live.run()
        except CameraExhaustedError as err:
            log.warning("camera: %s; only a new process is rid of that", err)
            is_spent = True
        notifier.stopping()
        if not beat.has_grown and not is_spent:
            live.tell(UtteranceKind.STOPPING)
        if not capture.close(CAMERA_CLOSES_S):
            log.warning("camera: a blocked read kept it from being closed in time")
        return EXIT_RESTART if beat.has_grown or is_spent else 0


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
    """Tells the voice, every HEARTBEAT_S and when the camera was opened or closed or its lens covered, that the loop
    turns, with frames or without; and the service manager that all of it works: the loop, the camera's driver, the
    link. A process that has grown too much is ended, after that has been said: `has_grown`."""

    def __init__(self, client: link.Client, capture: Capture, notifier: Notifier, stop: threading.Event) -> None:
        self._client, self._capture, self._notifier, self._stop = client, capture, notifier, stop
        self._guard, self._next, self._guard_at, self._ends_at = ResourceGuard(), 0.0, 0.0, math.inf
        self.live: Live | None = None
        self.has_grown, self._was = False, (False, False)

    def __call__(self, step: Step | None) -> None:
        now, is_open = time.monotonic(), self._capture.is_open
        is_covered = self.live is not None and self.live.pipeline.lens.is_covered
        standing = self.live.faults.active() if self.live else ()
        if now >= self._next or (is_open, is_covered) != self._was:
            self._next, self._was = now + HEARTBEAT_S, (is_open, is_covered)
            self._client.heartbeat(now, camera=is_open, faults=standing, is_covered=is_covered)
        faults = (*standing, *(() if self._client.is_heard else (FaultName.VOICE,)))
        if step is not None or faults:  # no camera, and said so, is a running state too
            self._notifier.ready()
        self._notifier.status(f"faults: {', '.join(faults)}" if faults else "looking")
        if self._client.is_working and not self._capture.is_stuck():
            self._notifier.alive()
        if now >= self._guard_at:
            self._guard_at = now + GUARD_S
            self._look_at_size(now, is_quiet=step is None or not step.people)

    def _look_at_size(self, now: float, *, is_quiet: bool) -> None:
        trouble = self._guard.exceeded()
        self._ends_at = min(self._ends_at, now + QUIET_S) if trouble else math.inf
        if trouble and self.live and (is_quiet or now >= self._ends_at):
            self.live.faults.begin(FaultName.MEMORY, now, trouble)
            self.has_grown = True
            self._stop.set()


def _pipeline(
    settings: Settings,
    stop: threading.Event,
    notifier: Notifier,
    faults: FaultAnnouncer,
    client: link.Client,
) -> tuple[Pipeline, dict[FaultName, str]] | None:
    """The best pipeline there is; where not even faces can be found, says so and tries again until stopped."""
    while not stop.is_set():
        try:
            found = factory.best_pipeline(settings)
        except DetectorError as err:
            faults.begin(FaultName.DETECTOR, time.monotonic(), str(err))
            notifier.ready()
            notifier.status("faults: detector")
            retry_at = time.monotonic() + DETECTOR_RETRY_S
            while time.monotonic() < retry_at and not stop.wait(HEARTBEAT_S):
                client.heartbeat(time.monotonic(), faults=(FaultName.DETECTOR,))
                notifier.alive()
        else:
            faults.end(FaultName.DETECTOR, time.monotonic())
            return found
    return None
