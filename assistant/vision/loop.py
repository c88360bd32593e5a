"""The loop of a running assistant: newest frame, one step, utterances out; every failure is announced.

The loop knows neither the voice nor the link to it, only callbacks. The vision process and the demo use it.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assistant.dataclass import dataclass
from assistant.earcon_names import AIM
from assistant.errors import AssistantError, CameraExhaustedError
from assistant.faults import FaultAnnouncer
from assistant.ipc.commands import Command
from assistant.ipc.messages import AimPosition
from assistant.phrases import Phrases
from assistant.records import Fate, FaultName, Frame, Priority, Utterance, UtteranceKind
from assistant.vision.cameras import Clock
from assistant.vision.cameras.capture import Capture
from assistant.vision.cameras.image_health import ImageHealth
from assistant.vision.looks import Looks
from assistant.vision.pipeline import Pipeline
from assistant.vision.queries.aiming import Aiming
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.vision.stage_times import StageTimes
from assistant.vision.step import Step

if TYPE_CHECKING:
    from assistant.vision.stage_profile import RunningProfile

log = logging.getLogger(__name__)

FRAME_TIMEOUT_S = 2.0
"""Seconds without a new frame after which the camera is at fault."""
OPEN_TIMEOUT_S = 1.0
"""The same before the first frame, where opening the camera has failed."""
CAMERA_FAULTS = (FaultName.CAMERA, FaultName.CAMERA_LOST, FaultName.CAMERA_BUSY)
"""The names of the fault that no frames come. It keeps the name that it began with until it has ended."""
MODEL_FAILURE_S = 5.0
"""Seconds without probabilities after which an expression model is replaced by another one."""
FRAME_WAIT_S = 0.25
"""Longest wait for a frame before the loop checks whether it is to stop, seconds."""
STAGE_REPORT_S = 5.0
"""Interval of the stage times in the debug log, seconds."""


@dataclass
class VisionLoop:
    """Takes frames from a camera through a pipeline until `stop` is set, or until a clip that is not repeated ends."""

    capture: Capture
    pipeline: Pipeline
    phrases: Phrases
    speak: Callable[[Utterance], None]
    """Called with each utterance; must not block."""
    stop: threading.Event
    withdraw: Callable[[str], None] = lambda topic: None
    """Called with each topic whose waiting utterances are no longer true; must not block."""
    on_step: Callable[[Step | None], None] = lambda step: None
    """Called with each completed step, and with None when no frame came."""
    next_pipeline: Callable[[str], tuple[Pipeline, Mapping[FaultName, str]]] | None = None
    """Called with the error of a model that keeps failing; returns a pipeline with another one, and the faults to
    announce with their details. None: there is no other."""
    aim: Callable[[AimPosition | Utterance], None] = lambda position: None
    """Called while the wearer aims, with each position of the face and with the last words; must not block."""
    clock: Clock = time.monotonic
    announcer: FaultAnnouncer | None = None
    """Where faults are announced; by default one of its own, which calls `speak`."""
    health: ImageHealth = field(default_factory=ImageHealth)
    looks: Looks = field(default_factory=Looks)
    """Where a skill waits for a look at the scene."""
    watch: Callable[[Frame, Step, SceneSnapshot | None], None] | None = None
    """Called with each frame, its step and its snapshot, for people who see; must not block."""
    profile: "RunningProfile | None" = None
    """Adds up what each stage costs; None: nobody asks."""
    limits: Callable[[float], float] = lambda now: 0.0
    """Called with the time; returns the least seconds between two steps."""
    steps: int = 0
    """How many steps were completed."""
    verbosity: str = ""
    """What the wearer has chosen of announcements.verbosity; may be set from any thread, empty: what is configured."""
    _aiming: Aiming | None = None
    _fates: "deque[tuple[Utterance, Fate]]" = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.faults = self.announcer or FaultAnnouncer(self.phrases, self.speak)

    def run(self) -> None:
        """Run until `stop` is set or the capture ends. Raises CameraExhaustedError where only a new process can open
        the camera again."""
        last_frame = last_report = self.clock()
        while not self.stop.is_set():
            frame = self.capture.take(FRAME_WAIT_S)
            now = self.clock()
            self.faults.repeat(now)
            if frame is None:
                if self.capture.has_ended:
                    return
                has_failed = self.capture.error and not self.steps
                if now - last_frame >= (OPEN_TIMEOUT_S if has_failed else FRAME_TIMEOUT_S):
                    self._no_frames(now)
                if self.capture.is_exhausted or self.capture.is_stuck():
                    raise CameraExhaustedError(self.capture.error or "the camera's driver hangs")
                self.on_step(None)
                continue
            last_frame = now
            self.pipeline.set_least_interval(self.limits(now))
            is_wanted = self._aiming is not None or self.looks.is_awaited
            self.pipeline.is_due(frame, is_wanted=is_wanted)
            times = StageTimes()
            self._check_image(self.pipeline.grey(frame) if self.pipeline.will_search(frame) else None, frame.at, now)
            times.lap("health")
            step = self._step(frame, now)
            if step is not None:
                step.stage_ms.update(times.ms, capture=self.capture.cpu_ms)
                self._note(step)
            if step is not None and log.isEnabledFor(logging.DEBUG) and now - last_report >= STAGE_REPORT_S:
                last_report = now
                stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in step.stage_ms.items())
                log.debug("ms: %s; frames dropped so far: %d", stages, self.capture.dropped)

    def answer(self, question: Command) -> Utterance:
        """The answer to one of QUESTIONS, at once and from any thread."""
        now = self.clock()
        if question is Command.WRONG:
            return self.pipeline.reject_last(now)
        answer = self.pipeline.answer(question, now)
        if question is Command.AIM and answer.utterance.earcon == AIM:
            self._aiming = Aiming(self.phrases, now)
        return answer.utterance

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """Take in the fate of an utterance; from any thread."""
        self._fates.append((utterance, fate))

    def announce(self, kind: UtteranceKind) -> None:
        """Announce that vision is READY, or STOPPING."""
        self.speak(Utterance(self.phrases.status(kind), Priority.ANSWER, "status", None, kind, kind=kind))

    def _step(self, frame: Frame, now: float) -> Step | None:
        """Take one frame through the pipeline, and send its utterances and withdrawals on; None if the step failed."""
        while self._fates:
            self.pipeline.ended(*self._fates.popleft())
        self.pipeline.set_verbosity(self.verbosity)
        try:
            step = self.pipeline.step(frame)
        except Exception as err:  # a failed step must not end the assistant: it is announced, and the next one tried
            log.debug("a step failed", exc_info=True)
            self.faults.begin(FaultName.STEP, now, f"{type(err).__name__}: {err}")
            return None
        self.faults.end(FaultName.STEP, now)
        if not step.is_skipped:
            self.looks.offer(frame, self.pipeline.snapshot)
            if self.watch is not None:
                self.watch(frame, step, self.pipeline.snapshot)
        self._check_model(now)
        self._check_occlusion_model(now)
        self._check_names(now)
        if not self.steps:
            self.announce(UtteranceKind.READY)
        self.steps += 1
        times = StageTimes()
        for topic in step.withdrawn:
            self.withdraw(topic)
        for utterance in (*step.status, *step.utterances):
            self.speak(utterance)
        times.lap("queue")
        step.stage_ms.update(times.ms)
        self._aim(now)
        self.on_step(step)
        return step

    def _note(self, step: Step) -> None:
        """Take the step into the stage table, which goes into the log every minute."""
        if self.profile is None:
            return
        self.profile.add(step.stage_ms, step.work)
        if table := self.profile.minute():
            log.info("stages of the last minute\n%s", table)

    def _aim(self, now: float) -> None:
        """Report where the face is, while the wearer aims."""
        aiming, snapshot = self._aiming, self.pipeline.snapshot
        if aiming is None or snapshot is None:
            return
        told = aiming.update(snapshot, now)
        if self._aiming is not aiming:
            return  # the wearer has asked again meanwhile: the end of the first aiming must not end the second
        if isinstance(told, Utterance):
            self._aiming = None
        self.aim(told)

    def _no_frames(self, now: float) -> None:
        name = FaultName.CAMERA_LOST if self.steps else FaultName.CAMERA
        name = FaultName.CAMERA_BUSY if self.capture.is_busy else name
        if not any(other in self.faults.active() for other in CAMERA_FAULTS if other != name):
            self.faults.begin(name, now, self.capture.error)
        self.health.pause()

    def _check_model(self, now: float) -> None:
        """Replace a model that has failed for MODEL_FAILURE_S by the next one that can be loaded."""
        failure = self.pipeline.status.model_failure
        if failure is None or failure.last_at - failure.since < MODEL_FAILURE_S:
            return
        faults: Mapping[FaultName, str] = {FaultName.MODEL: failure.error}
        try:
            if self.next_pipeline is None:
                self.pipeline.drop_classifier()
            else:
                self.pipeline, faults = self.next_pipeline(failure.error)
        except AssistantError as err:  # the face detector works: go on without an expression model
            log.warning("no other model: %s", err)
            self.pipeline.drop_classifier()
        for name, detail in faults.items():
            self.faults.begin(name, now, detail)

    def _check_occlusion_model(self, now: float) -> None:
        """An occlusion classifier that fails is a fault. One that is missing has been announced as such before."""
        status = self.pipeline.status
        if status.occlusion_error:
            self.faults.begin(FaultName.OCCLUSION, now, status.occlusion_error)
        elif status.has_occlusion_classifier:
            self.faults.end(FaultName.OCCLUSION, now)

    def _check_names(self, now: float) -> None:
        """Friends who are to be recognized, and cannot be, are a fault: they stay "one person"."""
        status = self.pipeline.status
        if status.has_names:
            error = status.names_error
            self.faults.update(FaultName.FRIENDS, now, is_active=bool(error), detail=error)

    def _check_image(self, grey: NDArray[np.uint8] | None, at: float, now: float) -> None:
        """A frame uint8 [H, W] has come, or one that shows what the last one did (None): end the faults of the camera,
        and announce what is wrong with the pictures. The pipeline itself announces a covered lens."""
        for name in CAMERA_FAULTS:
            self.faults.end(name, now)
        self.faults.update(FaultName.TORN, now, is_active=self.capture.is_torn)
        if self.pipeline.status.is_lens_covered:
            self.health.pause()
            return
        for name, is_active in self.health.update(grey, at).items():
            self.faults.update(name, now, is_active=is_active)
