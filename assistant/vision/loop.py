"""The loop of a running assistant: newest frame, one step, words out; whatever goes wrong is said.

It knows neither the voice nor the link: `say` takes an utterance, `withdraw` a topic of which nothing that waits is
true any more, neither blocks; `on_step` is told of each completed step. Used by `run` and by `demo`.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from assistant.errors import AssistantError, CameraExhaustedError
from assistant.faults import FaultAnnouncer
from assistant.phrases import Phrases
from assistant.records import Fate, FaultName, Frame, Priority, Utterance, UtteranceKind
from assistant.vision.cameras import Clock
from assistant.vision.cameras.capture import Capture
from assistant.vision.cameras.image_health import ImageHealth
from assistant.vision.faces import preprocess
from assistant.vision.pipeline import Pipeline, Step

log = logging.getLogger(__name__)

NO_FRAME_S = 2.0
"""So long without a new picture is a fault."""
ABSENT_S = 1.0
"""At the start, where opening it has failed, so long is enough."""
NO_PICTURES = (FaultName.CAMERA, FaultName.CAMERA_LOST, FaultName.CAMERA_BUSY)
"""The names of that fault: what it is called first it is called until it has ended."""
MODEL_FAILS_S = 5.0
"""So long without a single probability, and the model is given up."""
TAKE_S = 0.25
"""Longest wait for a frame; then the loop looks whether it is to stop."""
REPORT_S = 5.0
"""Interval of the stage times in the debug log."""


@dataclass
class Live:
    """One running assistant's eyes. Call `run`; it returns when `stop` is set, or when a clip that is not repeated has
    ended. other_model(what is wrong with this one): a pipeline with another model, and the faults to tell."""

    capture: Capture
    pipeline: Pipeline
    phrases: Phrases
    say: Callable[[Utterance], None]
    stop: threading.Event
    withdraw: Callable[[str], None] = lambda topic: None
    on_step: Callable[[Step | None], None] = lambda step: None
    other_model: Callable[[str], tuple[Pipeline, dict[FaultName, str]]] | None = None
    clock: Clock = time.monotonic
    announcer: FaultAnnouncer | None = None
    health: ImageHealth = field(default_factory=ImageHealth)
    steps: int = 0
    _ends: "deque[tuple[Utterance, Fate]]" = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.faults = self.announcer or FaultAnnouncer(self.phrases, self.say)

    def run(self) -> None:
        """Look until told to stop. Raises CameraExhaustedError where only a new process can open the camera again."""
        last_frame = last_report = self.clock()
        while not self.stop.is_set():
            frame = self.capture.take(TAKE_S)
            now = self.clock()
            self.faults.repeat(now)
            if frame is None:
                if self.capture.has_ended:
                    return
                is_known = self.capture.error and not self.steps
                if now - last_frame >= (ABSENT_S if is_known else NO_FRAME_S):
                    self._camera_is_gone(now)
                if self.capture.is_exhausted or self.capture.is_stuck():
                    raise CameraExhaustedError(self.capture.error or "the camera's driver hangs")
                self.on_step(None)
                continue
            last_frame = now
            self._examine(frame, now)
            step = self._step(frame, now)
            if step is not None and log.isEnabledFor(logging.DEBUG) and now - last_report >= REPORT_S:
                last_report = now
                stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in step.stage_ms.items())
                log.debug("ms: %s; frames dropped so far: %d", stages, self.capture.dropped)

    def _step(self, frame: Frame, now: float) -> Step | None:
        """One frame through the pipeline, and what came of it to the voice; None if the step failed."""
        while self._ends:
            self.pipeline.ended(*self._ends.popleft())
        try:
            step = self.pipeline.step(frame)
        except Exception as err:  # a step that fails must not end the assistant; it is said, and the next one tried
            log.debug("a step failed", exc_info=True)
            self.faults.begin(FaultName.STEP, now, f"{type(err).__name__}: {err}")
            return None
        self.faults.end(FaultName.STEP, now)
        self._judge_model(frame.at, now)
        self._judge_cover(now)
        if not self.steps:
            self.tell(UtteranceKind.READY)
        self.steps += 1
        for topic in step.withdrawn:
            self.withdraw(topic)
        for utterance in (*step.status, *step.utterances):
            self.say(utterance)
        self.on_step(step)
        return step

    def _camera_is_gone(self, now: float) -> None:
        name = FaultName.CAMERA_LOST if self.steps else FaultName.CAMERA
        name = FaultName.CAMERA_BUSY if self.capture.is_busy else name
        if not any(other in self.faults.active() for other in NO_PICTURES if other != name):
            self.faults.begin(name, now, self.capture.error)
        self.health.pause()

    def _judge_model(self, at: float, now: float) -> None:
        """A model that fails for long is taken out, and the next one that can be had is used."""
        trouble = self.pipeline.model_trouble
        if trouble is None or at - trouble[0] < MODEL_FAILS_S or self.pipeline.reader is None:
            return
        troubles = {FaultName.MODEL: trouble[1]}
        try:
            if self.other_model is None:
                self.pipeline.reader = None
            else:
                self.pipeline, troubles = self.other_model(trouble[1])
        except AssistantError as err:  # what looks for faces works: go on with that, and without a model
            log.warning("no other model: %s", err)
            self.pipeline.reader = None
        for name, detail in troubles.items():
            self.faults.begin(name, now, detail)

    def _judge_cover(self, now: float) -> None:
        """Who is not told of a mask or a hand must know that it is so; where there is no judge that is told already."""
        judge = self.pipeline.covered
        if judge is not None and judge.error:
            self.faults.begin(FaultName.OCCLUSION, now, judge.error)
        elif judge is not None:
            self.faults.end(FaultName.OCCLUSION, now)

    def _examine(self, frame: Frame, now: float) -> None:
        """Pictures come: says what keeps them from showing anything; a lens that is covered on purpose has had its
        words."""
        for name in NO_PICTURES:
            self.faults.end(name, now)
        self.faults.update(FaultName.TORN, now, is_active=self.capture.is_torn)
        if self.pipeline.lens.is_covered:
            self.health.pause()
            return
        for name, stands in self.health.update(preprocess.to_grey(frame.image), frame.at).items():
            self.faults.update(name, now, is_active=stands)

    def answer(self, what: str) -> Utterance:
        """The answer to one of messages.ASKS, at once and from any thread."""
        now = self.clock()
        return self.pipeline.wrong(now) if what == "wrong" else self.pipeline.answer(what, now).utterance

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """What became of an utterance; from any thread."""
        self._ends.append((utterance, fate))

    def tell(self, kind: UtteranceKind) -> None:
        """Say that vision is READY, or STOPPING."""
        self.say(Utterance(self.phrases.status(kind), Priority.ANSWER, "status", None, kind, kind=kind))
