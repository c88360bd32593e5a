"""The vision process: runs camera and pipeline, and sends their utterances to the voice process."""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from assistant.config.last_good import SettingsProblem, wrong_line_utterances
from assistant.config.settings import Settings
from assistant.errors import CameraExhaustedError, DetectorError
from assistant.faults import FaultAnnouncer
from assistant.ipc import link, socket_paths
from assistant.ipc.messages import (
    AimEnded,
    Answer,
    Message,
    Question,
    SkillCancel,
    SkillPress,
    UtteranceEnded,
    Verbosity,
)
from assistant.phrases import Phrases
from assistant.records import FaultName, Utterance, UtteranceKind
from assistant.system.board import Board
from assistant.system.memory import release_start_pages
from assistant.system.process_setup import EXIT_RESTART
from assistant.system.resource_guard import ResourceGuard
from assistant.system.sd_notify import Notifier
from assistant.vision import factory
from assistant.vision.cameras import open_camera
from assistant.vision.cameras.capture import Capture
from assistant.vision.factory import VisionParts
from assistant.vision.inference.expression import ExpressionClassifier
from assistant.vision.loop import VisionLoop
from assistant.vision.pipeline import Pipeline
from assistant.vision.power_limits import PowerLimits
from assistant.vision.skill_sessions import SkillSessions
from assistant.vision.step import Step

if TYPE_CHECKING:
    from assistant.vision.preview.feed import PreviewFeed
    from assistant.vision.stage_profile import RunningProfile

log = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
"""Interval of the heartbeats to the voice process, seconds."""
CAMERA_CLOSE_TIMEOUT_S = 0.3
"""Seconds to wait for the camera to close at the end; a driver that still blocks is abandoned."""
DETECTOR_RETRY_S = 5.0
"""Seconds between two tries while no face detector can be loaded."""
RESOURCE_CHECK_S = 5.0
"""Interval of the checks of memory and open files, seconds."""
START_PAGES_S = 30.0
"""Seconds after which the process gives back the memory that its start alone needed."""
SEARCH_KEPT_S = 60.0
"""Seconds with somebody in view after which the memory of the search in an empty room is given back."""
QUIET_EXIT_S = 30.0
"""A process that exceeds its resource limits ends while nobody is in view, but after so many seconds at the latest."""


def run_vision(
    settings: Settings,
    stop: threading.Event,
    *,
    problem: SettingsProblem | None = None,
    profile: "RunningProfile | None" = None,
) -> int:
    """Run the vision loop until `stop` is set; returns the exit code.

    problem: why these are not the settings that the user wrote; it is spoken, with the first wrong lines. profile: adds
    up what each stage costs.
    """
    cv2.setNumThreads(1)  # the pictures are small: a second thread costs one hundredth more, and gains nothing
    phrases, requests = factory.load_phrases(settings), _Requests()
    with contextlib.closing(link.LinkClient(socket_paths.runtime_socket(), requests)) as client:
        requests.send = client.send
        faults = FaultAnnouncer(phrases, client.speak)
        if problem:
            faults.begin(problem.fault, time.monotonic(), problem.detail)
            for utterance in wrong_line_utterances(problem, phrases):
                client.speak(utterance)
        notifier = Notifier()
        found = _load_parts(settings, stop, notifier, faults, client)
        if found is None:
            return 0
        parts, problems = found
        names = factory.names_from_engine(settings, stop)
        pipeline = parts.pipeline(settings, names, phrases)
        capture = Capture(
            partial(open_camera, settings.camera, colour=parts.needs_colour),
            rotate_deg=settings.camera.rotate,
        ).start()
        heartbeat = _Heartbeat(client, capture, notifier, stop)
        failed: list[Path] = []

        def next_pipeline(error: str) -> tuple[Pipeline, dict[FaultName, str]]:
            nonlocal parts
            if isinstance(parts.classifier, ExpressionClassifier):
                failed.append(parts.classifier.path)
            parts, problems = factory.best_parts(settings, failed, error)
            return parts.pipeline(settings, names, phrases), problems

        feed = _preview_feed(settings, phrases, lambda: parts.classifier.labels if parts.classifier else ())

        def speak(utterance: Utterance) -> None:
            client.speak(utterance)
            if feed is not None:
                feed.say(utterance)

        loop = VisionLoop(
            capture,
            pipeline,
            phrases,
            speak,
            stop,
            withdraw=client.withdraw,
            on_step=heartbeat,
            next_pipeline=next_pipeline,
            aim=lambda told: client.send(AimEnded(told) if isinstance(told, Utterance) else told),
            announcer=faults,
            watch=feed.offer if feed is not None else None,
            profile=profile,
            limits=PowerLimits(settings.power, Board()),
        )
        for name, detail in problems.items():
            faults.begin(name, time.monotonic(), detail)
        requests.skills = skills = SkillSessions(settings, phrases, loop.looks, client.send)
        requests.loop = heartbeat.loop = loop
        heartbeat.release_search = lambda: parts.rescan.release() if parts.rescan else None
        is_exhausted = False
        try:
            loop.run()
        except CameraExhaustedError as err:
            log.warning("camera: %s; only a new process is rid of that", err)
            is_exhausted = True
        notifier.stopping()
        if feed is not None:
            feed.close()
        skills.cancel()
        if not heartbeat.has_grown and not is_exhausted:
            loop.announce(UtteranceKind.STOPPING)
        if not capture.close(CAMERA_CLOSE_TIMEOUT_S):
            log.warning("camera: a blocked read kept it from being closed in time")
        return EXIT_RESTART if heartbeat.has_grown or is_exhausted else 0


def _preview_feed(settings: Settings, phrases: Phrases, labels: Callable[[], Sequence[str]]) -> "PreviewFeed | None":
    """What sends frames to the window of the preview; None where there is none, as on every device."""
    path = socket_paths.preview_socket()
    if path is None:
        return None
    from assistant.vision.preview.feed import PreviewFeed

    return PreviewFeed(path, labels, phrases, settings.voice.rate_wpm)


class _Requests:
    """Takes what the voice process sends. Questions are answered at once, on the link's thread."""

    def __init__(self) -> None:
        self.loop: VisionLoop | None = None
        """None while there is no detector yet: requests are then left unanswered."""
        self.skills: SkillSessions | None = None
        self.send: Callable[[Message], None] = lambda message: None

    def __call__(self, message: Message) -> None:
        if self.loop is None:
            return
        match message:
            case Question() if self.skills and message.command.is_answered_by_skill:
                self.skills.ask(message)
            case SkillPress() if self.skills:
                self.skills.press(message.press)
            case SkillCancel() if self.skills:
                self.skills.cancel()
            case Question():
                self.send(Answer(message.question_id, self.loop.answer(message.command)))
            case UtteranceEnded():
                self.loop.ended(message.utterance, message.fate)
            case Verbosity():
                self.loop.verbosity = message.verbosity


class _Heartbeat:
    """Called after each turn of the loop, with a frame or without: reports that vision works.

    It sends a heartbeat to the voice process every HEARTBEAT_S, and at once when the camera was opened or closed or its
    lens covered, and feeds the service manager's watchdog while the loop, the camera's driver and the link work. A
    process that exceeds its resource limits is ended, after that has been announced.
    """

    def __init__(self, client: link.LinkClient, capture: Capture, notifier: Notifier, stop: threading.Event) -> None:
        self._client, self._capture, self._notifier, self._stop = client, capture, notifier, stop
        self._guard, self._next_at, self._check_at, self._ends_at = ResourceGuard(), 0.0, 0.0, math.inf
        self._release_at = time.monotonic() + START_PAGES_S
        self._search_until = math.inf
        self.release_search: Callable[[], None] = lambda: None
        self.loop: VisionLoop | None = None
        self.has_grown = False
        """Whether the process ends because it exceeds its resource limits."""
        self._sent = (False, False)

    def __call__(self, step: Step | None) -> None:
        now, is_open = time.monotonic(), self._capture.is_open
        is_covered = self.loop is not None and self.loop.pipeline.status.is_lens_covered
        active = self.loop.faults.active() if self.loop else ()
        if now >= self._next_at or (is_open, is_covered) != self._sent:
            self._next_at, self._sent = now + HEARTBEAT_S, (is_open, is_covered)
            self._client.heartbeat(now, is_camera_open=is_open, faults=active, is_lens_covered=is_covered)
        faults = (*active, *(() if self._client.is_voice_alive else (FaultName.VOICE,)))
        if step is not None or faults:  # no camera, and announced as such, is a running state too
            self._notifier.ready()
        self._notifier.status(f"faults: {', '.join(faults)}" if faults else "looking")
        if self._client.is_working and not self._capture.is_stuck():
            self._notifier.alive()
        if now >= self._check_at:
            self._check_at = now + RESOURCE_CHECK_S
            self._check_resources(now, is_quiet=step is None or not step.tracks)

    def _check_resources(self, now: float, *, is_quiet: bool) -> None:
        if now >= self._release_at:
            self._release_at = math.inf
            release_start_pages()
        if is_quiet or self._search_until == math.inf:
            self._search_until = now + SEARCH_KEPT_S
        elif now >= self._search_until:
            self.release_search()
        problem = self._guard.exceeded()
        self._ends_at = min(self._ends_at, now + QUIET_EXIT_S) if problem else math.inf
        if problem and self.loop and (is_quiet or now >= self._ends_at):
            self.loop.faults.begin(FaultName.MEMORY, now, problem)
            self.has_grown = True
            self._stop.set()


def _load_parts(
    settings: Settings,
    stop: threading.Event,
    notifier: Notifier,
    faults: FaultAnnouncer,
    client: link.LinkClient,
) -> tuple[VisionParts, dict[FaultName, str]] | None:
    """The best parts that can be loaded, and their faults. While no face detector can be loaded, announces that and
    tries again; None if stopped before there was one."""

    while not stop.is_set():
        try:
            found = factory.best_parts(settings)
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
