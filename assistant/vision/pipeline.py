"""One frame through all stages, in the order in which they stand here. The file to open first.

    frame → grey → faces → people → readings → changes → remarks → utterances
                                       └────────────────────→ sight → answers to who asks

Everything that looks at hardware reaches the pipeline as an argument; `step` knows no clock, no thread and no queue.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import Settings
from assistant.errors import ModelError
from assistant.faults import RepeatSchedule
from assistant.phrases import Phrases
from assistant.records import (
    CANNOT_TELL,
    Change,
    Fate,
    Frame,
    Priority,
    Reading,
    Thresholds,
    Track,
    Utterance,
    UtteranceKind,
)
from assistant.vision.cameras.lens_cover import LensCover, LensEvent
from assistant.vision.decisions.announcement_log import Remark
from assistant.vision.decisions.scene import Scene
from assistant.vision.decisions.stabilizer import Glance, Stabilizer
from assistant.vision.detectors import FaceDetector
from assistant.vision.detectors.rescan import Rescan
from assistant.vision.faces import preprocess, quality
from assistant.vision.faces.face_limit import FaceLimit
from assistant.vision.faces.tracker import COAST_S, Tracker
from assistant.vision.queries.answers import Answered, Answers
from assistant.vision.queries.snapshot import Sight
from assistant.vision.queries.snapshot_builder import Lookout

CHANGE_LIVES_S = 3.0
"""What could not be said within this time is no longer news, even if it is still true."""
PRESENCE = ("somebody", "another", "somebody_left", "nobody")
"""Sentences that tell of no expression: said only where there is silence, and room for them."""
SOONER_S = 0.3
"""Who comes back so long before having been gone for `dwell_s` is somebody new to the tracker already."""
PAUSES, PAUSE_AGAIN_S = 2, 900.0
"""That the lens is covered is told so often a minute at the most, and with the word that it sees again that makes four;
and while it is, again at the interval of a fault that stands: a scarf over the lens is forgotten."""
MOST_SAID = 64
"""So many utterances are remembered until it is known what became of them."""


class Reader(Protocol):
    """What reads a face crop uint8 [48, 48]: `ExpressionClassifier`, or a stand-in."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def thresholds(self) -> Thresholds: ...

    def probabilities(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class Judge(Protocol):
    """Whether a face crop uint8 [48, 48] is occluded: `OcclusionClassifier`, or a stand-in. error: why the last
    one could not be judged, empty if it could."""

    error: str

    def __call__(self, crop: NDArray[np.uint8]) -> bool: ...


@dataclass(frozen=True)
class Step:
    """What came of one frame. utterances: one for each remark; withdrawn: topics of which nothing that waits is true;
    status: of the assistant itself."""

    people: tuple[Track, ...] = ()
    readings: tuple[Reading, ...] = ()
    changes: tuple[Change, ...] = ()
    remarks: tuple[Remark, ...] = ()
    utterances: tuple[Utterance, ...] = ()
    withdrawn: tuple[str, ...] = ()
    status: tuple[Utterance, ...] = ()
    stage_ms: dict[str, float] = field(default_factory=dict)


class Pipeline:
    """The chain of stages with the memory that they keep from frame to frame.

    Without a reader (its model is missing) people are still found and told. covered: judges whether a face is covered,
    and without it each counts as bare; search: for who is not in view. sight: what the last frame showed, replaced as a
    whole, so that `answer` may be called from another thread. model_trouble: since when (`at` of a frame) the model has
    returned no probabilities, and what it did instead; such a face is unclear.

    By turns a frame's faces and their mirror images are read. A face has no preferred side, but a model has: the mean
    of a window is then one of both, which is right more often, at no further cost.
    """

    def __init__(
        self,
        detector: FaceDetector,
        reader: Reader | None,
        settings: Settings,
        phrases: Phrases,
        *,
        covered: Judge | None = None,
        search: Rescan | None = None,
    ) -> None:
        self.detector, self.reader, self.phrases, self.covered = detector, reader, phrases, covered
        self.most_faces = settings.detector.max_faces
        self.lens, self.crowd = LensCover(), FaceLimit(self.most_faces)
        self.tracker = Tracker(max(COAST_S, settings.decisions.dwell_s - SOONER_S))
        self.stabilizer = Stabilizer(
            settings.decisions, reader.labels if reader else (), reader.thresholds if reader else None
        )
        self.scene = Scene(settings.announcements, settings.camera.fov_deg)
        self._is_talkative = settings.announcements.verbosity not in ("quiet", "brief")
        self.search = search
        self.lookout = Lookout(search, covered, self.most_faces, settings.camera.fov_deg)
        is_by_clock = settings.announcements.verbosity == "full"
        self.answers = Answers(phrases, settings.announcements.expressions, is_by_clock=is_by_clock)
        self.sight: Sight | None = None
        self.model_trouble: tuple[float, str] | None = None
        self._pauses = RepeatSchedule((PAUSE_AGAIN_S,), max_announcements=PAUSES)
        self._is_mirrored = True
        self._at: float | None = None
        self._said_of: dict[Utterance, Remark] = {}
        self._untrue: set[int] = set()

    def step(self, frame: Frame) -> Step:
        """Look at one frame; frames must come in the order of their time."""
        stage_ms: dict[str, float] = {}
        with _timed(stage_ms, "grey"):
            grey = preprocess.to_grey(frame.image)
            shade = quality.frame_brightness(grey)
            is_back = self.lens.update(shade.is_flat, shade.mean, frame.at, shade.std) == LensEvent.UNCOVERED
            status = self._pause(frame.at)
        since, self._at = frame.at - (frame.at if self._at is None else self._at), frame.at
        if self.lens.is_covered:
            self.sight = Sight(frame.at, is_lens_covered=True)
            return Step(status=status, stage_ms=stage_ms)
        if self.lens.is_in_question:
            self._wait(frame, grey, since)
            return Step(status=status, stage_ms=stage_ms)
        if is_back:
            self._forget(frame.at)
        with _timed(stage_ms, "detect"):
            found = self.detector.find(frame.image, grey)
            if self.crowd.update(len(found), frame.at) and self._is_talkative:
                text = self.phrases.status("many")
                status += (Utterance(text, Priority.CHANGE, "many", frame.at + CHANGE_LIVES_S, f"{len(found)} faces"),)
            faces = found[: self.most_faces]
        with _timed(stage_ms, "track"):
            people = self.tracker.update(faces, frame.at)
        self._is_mirrored = not self._is_mirrored
        with _timed(stage_ms, "read"):
            readings = tuple(self._read(grey, person, frame.at) for person in people)
        with _timed(stage_ms, "decide"):
            changes = self.stabilizer.update(frame.at, readings)
            remarks = self.scene.update(changes, people, grey.shape, frame.at)
            utterances = tuple(self._utterance(remark, frame.at) for remark in remarks)
        with _timed(stage_ms, "sight"):
            partner = self.scene.partner.number
            self.sight = self.lookout.look(frame, grey, people, self._glance, partner, found=len(found))
        told = {remark.change.track_id for remark in remarks}
        untrue = self.scene.untrue(self.stabilizer.faded(frame.at), people)
        ended = {change.track_id for change in changes} | (untrue - self._untrue)
        withdrawn, self._untrue = tuple(_topic(number) for number in sorted(ended - told)), untrue
        return Step(people, readings, changes, remarks, utterances, withdrawn, status, stage_ms)

    def answer(self, what: str, now: float) -> Answered:
        """The answer to one of messages.ASKS, asked at `now` (seconds of the frames' clock); may be called from another
        thread than `step`."""
        last = self.scene.last(now)
        answered = self.answers.answer(what, self.sight, now, last.track_id if last else None)
        if answered.seen and not answered.reason and what != "aim":
            self.scene.answered(answered.seen.track_id, answered.seen.expression, now)
        return answered

    def wrong(self, now: float) -> Utterance:
        """The wearer says that the last expression was wrong: it is not said of that person for a while."""
        return self.answers.status("noted" if self.scene.wrong(now) else "nothing_named")

    def ended(self, utterance: Utterance, fate: Fate) -> None:
        """What became of an utterance: what was never heard is not remembered as said."""
        remark = self._said_of.pop(utterance, None)
        if remark is not None:
            self.scene.ended(remark, is_heard=fate in (Fate.SPOKEN, Fate.INTERRUPTED))

    def _read(self, grey: NDArray[np.uint8], person: Track, at: float) -> Reading:
        if self.reader is None:
            return Reading(person.track_id, at, None, "unclear")
        crop = preprocess.face_crop(grey, person.face, self.detector.crop_margin)
        if trouble := quality.rejection_reason(person.face, crop, grey, self.covered):
            return Reading(person.track_id, at, None, trouble)
        try:
            said = tuple(map(float, self.reader.probabilities(crop[:, ::-1] if self._is_mirrored else crop)))
        except ModelError as err:
            self.model_trouble = (self.model_trouble or (at, ""))[0], str(err)
            return Reading(person.track_id, at, None, "unclear")
        self.model_trouble = None
        return Reading(person.track_id, at, said)

    def _glance(self, number: int) -> Glance:
        """What is known of a person, without what the wearer called wrong."""
        glance = self.stabilizer.glance(number)
        if self.scene.is_wrong(number, glance.likely):
            return Glance(CANNOT_TELL, "", 0.0, "unclear", glance.since)
        return glance

    def _utterance(self, remark: Remark, at: float) -> Utterance:
        change = remark.change
        text = self.phrases.remark(
            remark.sentence, expression=remark.expression, where=remark.where, reason=remark.reason
        )
        note = f"person {change.track_id}: {change.old} -> {change.new}" + (
            f" ({change.reason})" if change.reason else ""
        )
        priority = Priority.STATUS if remark.sentence in PRESENCE else Priority.CHANGE
        earcon = remark.expression if remark.sentence in ("arrived", "looks") else ""
        utterance = Utterance(
            text, priority, _topic(change.track_id), at + CHANGE_LIVES_S, note, earcon, kind=UtteranceKind.ANNOUNCEMENT
        )
        self._said_of[utterance] = remark
        if len(self._said_of) > MOST_SAID:  # the voice is gone, and nobody tells what became of them
            self.ended(next(iter(self._said_of)), Fate.SPOKEN)
        return utterance

    def _pause(self, at: float) -> tuple[Utterance, ...]:
        """Tells of the lens, if it is time to: who was told that it is covered hears when it is no longer."""
        is_covered = self.lens.is_covered
        if not (self._pauses.begin(at) if is_covered else self._pauses.end()):
            return ()
        name = "lens_covered" if is_covered else "lens_uncovered"
        return (Utterance(self.phrases.status(name), Priority.PAUSE, "lens", None, name, is_over=not is_covered),)

    def _wait(self, frame: Frame, grey: NDArray[np.uint8], seconds: float) -> None:
        """Whether the lens is covered is not decided: everybody who was there is neither gone nor there for longer."""
        for stage in (self.tracker, self.stabilizer, self.scene):
            stage.wait(seconds)
        self.sight = self.lookout.look(frame, grey, (), self._glance, None, found=0)

    def _forget(self, at: float) -> None:
        """After a pause everybody in view is somebody new."""
        self.tracker.forget()
        self.stabilizer.forget()
        self.scene.forget(at)


def _topic(number: int) -> str:
    return f"person {number}"


@contextmanager
def _timed(stage_ms: dict[str, float], stage: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    stage_ms[stage] = (time.perf_counter() - began) * 1000
