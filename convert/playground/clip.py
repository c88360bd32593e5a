"""What the assistant would say of a clip, when and why: the work of `replay`, which can be watched and stopped."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.app.replay import AnnouncementOutcome, ReplaySummary, replay
from assistant.config.settings import Settings
from assistant.people import PersonView
from assistant.records import CANNOT_TELL, NOBODY, Box, Frame
from assistant.vision import factory
from assistant.vision.cameras import Camera, open_camera
from assistant.vision.cameras.demo import SHOTS
from assistant.vision.cameras.opencv import ClipCamera
from assistant.vision.decisions.announcement_log import Announcement
from assistant.vision.detectors import shrink
from assistant.vision.step import Step
from convert.playground import choices
from convert.playground.picture import FaceFound, FaceViewer
from convert.scenarios.run import transcript_line
from convert.scenarios.score import announcements, presence
from convert.scenarios.script.ground_truth import GroundTruth

VIEW_SIDE, MAX_VIEWS = 320, 60
"""Pixels of the longer side of a picture that is kept of a sentence, and how many are kept: 1 MB on the page."""


class StoppedError(Exception):
    """The work was stopped by the person who had begun it."""


@dataclass(frozen=True)
class Said:
    """A sentence of the assistant, or one that was not said."""

    noticed_at: float
    """Seconds of the clip at which the change was noticed that it tells."""
    started_at: float | None
    """Seconds of the clip at which its words begin; None: they were not said."""
    text: str
    why: str
    """What was seen, and for a sentence that was not said why not."""
    view: "View | None" = None
    """The picture with which the change was noticed; None where it is not kept."""
    verdict: str = ""
    """Whether it was true, by the ground truth: a verdict of `convert.scenarios.score`; empty where that says nothing,
    or where there is no ground truth."""


class View(NamedTuple):
    """A picture of the clip, and what was found in it."""

    image: NDArray[np.uint8]
    """BGR uint8 [H, W, 3] or grey [H, W]."""
    faces: tuple[FaceFound, ...]


class Stretch(NamedTuple):
    """A time in which a person looked the same."""

    start: float
    end: float
    state: str
    """An expression, or records.CANNOT_TELL."""


@dataclass(frozen=True)
class ClipResult:
    """What was said of a clip."""

    seconds: float
    frames: int
    people: int
    """How many were in view for at least a second."""
    said: tuple[Said, ...]
    states: dict[int, tuple[Stretch, ...]]
    """How each person looked to the assistant, by track."""
    voice: str
    """The espeak-ng voice of the language."""
    truth: GroundTruth | None = None


@dataclass(frozen=True)
class ClipProgress:
    """How far the work is."""

    seconds: float
    """Of the clip."""
    of_seconds: float
    """Length that the file promises; 0: it promises none."""
    view: View | None = None
    """The newest picture."""


def open_clip(path: Path) -> tuple[Camera, float]:
    """A clip, and the seconds that its header promises (0: none). Raises SourceError."""
    camera = ClipCamera(path)
    capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    rate, frames = capture.get(cv2.CAP_PROP_FPS), capture.get(cv2.CAP_PROP_FRAME_COUNT)
    capture.release()
    return camera, frames / rate if rate > 0 and frames > 0 else 0.0


def open_demo(settings: Settings) -> tuple[Camera, float]:
    """The demo's walk over its photographs, and its seconds. Raises SourceError."""
    demo = choices.with_demo_camera(settings)
    return open_camera(demo.camera), sum(shot.seconds for shot in SHOTS)


def watch(
    camera: Camera,
    of_seconds: float,
    settings: Settings,
    stop: threading.Event,
    *,
    on_progress: Callable[[ClipProgress], None] = lambda work: None,
    truth: GroundTruth | None = None,
) -> ClipResult:
    """Run a clip through the assistant; the camera is closed at the end.

    of_seconds: the clip's length, for the progress. on_progress: called after each frame. truth: what the clip really
    shows.

    Raises StoppedError within a frame after `stop` was set, CameraError, ModelError, DetectorError.
    """
    with contextlib.closing(camera):
        parts, phrases = choices.load_parts(settings), factory.load_phrases(settings)
        pipeline = parts.pipeline(settings)
        viewer = FaceViewer(pipeline, parts, phrases, settings)
        observer = _Observer(viewer, stop, lambda at, view: on_progress(ClipProgress(at, of_seconds, view)))
        outcomes, summary = list[AnnouncementOutcome](), ReplaySummary(0, 0.0, 0)
        for outcome in replay(camera, pipeline, settings, on_step=observer):
            if isinstance(outcome, AnnouncementOutcome):
                outcomes.append(outcome)
            elif isinstance(outcome, ReplaySummary):
                summary = outcome
    return ClipResult(
        summary.seconds,
        summary.frames,
        summary.people,
        _said(outcomes, observer, truth),
        observer.stretches(summary.seconds),
        phrases.voice,
        truth,
    )


class _Observer:
    """Watches the steps of a replay: the states of people, how sure each was, and whether to stop."""

    def __init__(
        self, viewer: FaceViewer, stop: threading.Event, on_view: Callable[[float, View | None], None]
    ) -> None:
        self._viewer, self._stop, self._on_view = viewer, stop, on_view
        self._kept: dict[int, tuple[Announcement, View]] = {}
        self._open: dict[int, tuple[float, str]] = {}
        self._closed: dict[int, list[Stretch]] = {}
        self.sure: dict[tuple[int, float], PersonView] = {}
        """What was known of a person at a change, by track and time."""

    def __call__(self, frame: Frame, step: Step) -> None:
        if self._stop.is_set():
            raise StoppedError
        snapshot = self._viewer.pipeline.snapshot
        if step.is_skipped or snapshot is None:
            return
        view = View(frame.image, self._viewer.faces(step))
        self._on_view(frame.at, view)
        for announcement in step.announcements if len(self._kept) < MAX_VIEWS else ():
            small = np.asarray(shrink(frame.image, VIEW_SIDE)[0], np.uint8)
            scale = small.shape[1] / frame.image.shape[1]
            self._kept[id(announcement)] = announcement, View(small, tuple(_scaled(each, scale) for each in view.faces))
        people = {each.track_id: each for each in snapshot.people if snapshot.seen_at is None}
        self.sure |= {
            (each.track_id, each.at): people[each.track_id] for each in step.changes if each.track_id in people
        }
        visible = {track.track_id for track in step.tracks}
        for track_id in [each for each in self._open if each not in visible]:
            self._close(track_id, frame.at)
        for track_id in visible & people.keys():
            self._note(track_id, people[track_id].state, frame.at)

    def view(self, announcement: Announcement) -> View | None:
        """The picture with which an announcement was made."""
        kept = self._kept.get(id(announcement))
        return kept[1] if kept else None

    def stretches(self, end: float) -> dict[int, tuple[Stretch, ...]]:
        """The states of each person, up to the end of the clip."""
        for track_id in list(self._open):
            self._close(track_id, end)
        return {track_id: tuple(found) for track_id, found in sorted(self._closed.items())}

    def _note(self, track_id: int, state: str, at: float) -> None:
        if track_id in self._open and self._open[track_id][1] == state:
            return
        self._close(track_id, at)
        self._open[track_id] = at, state

    def _close(self, track_id: int, at: float) -> None:
        if track_id in self._open:
            start, state = self._open.pop(track_id)
            self._closed.setdefault(track_id, []).append(Stretch(start, at, state))


def _said(outcomes: Sequence[AnnouncementOutcome], observer: _Observer, truth: GroundTruth | None) -> tuple[Said, ...]:
    lines = [transcript_line(each) for each in outcomes]
    verdicts = {}
    if truth is not None:
        found = (*announcements.verdicts(truth, lines), *presence.verdicts(truth, lines))
        verdicts = {id(each.line): each.kind for each in found}
    return tuple(
        Said(
            outcome.change.at,
            outcome.started_at,
            outcome.utterance.text,
            _why(outcome, observer.sure.get((outcome.change.track_id, outcome.change.at))),
            observer.view(outcome.announcement),
            verdicts.get(id(line), ""),
        )
        for outcome, line in zip(outcomes, lines, strict=True)
    )


def _why(outcome: AnnouncementOutcome, person: PersonView | None) -> str:
    """What was seen, in plain words."""
    change = outcome.change
    who = f"person {change.track_id}"
    if change.new == NOBODY:
        seen = f"{who} is gone; the last look was {change.old}" if change.old != CANNOT_TELL else f"{who} is gone"
    elif change.old == NOBODY:
        seen = f"{who} is new: {_as_seen(change.new)}"
    else:
        seen = f"{who}: {_as_seen(change.old)}, then {_as_seen(change.new)}"
    if change.reason:
        seen += f" ({change.reason.replace('_', ' ')})"
    if person is not None and person.probability and person.expression == change.new:
        seen += f", {person.probability:.0%} on average"
    return f"{seen}; {outcome.reason}" if outcome.reason else seen


def _as_seen(state: str) -> str:
    return "cannot be told" if state == CANNOT_TELL else f"looks {state}"


def _scaled(face: FaceFound, scale: float) -> FaceFound:
    return dataclasses.replace(face, box=Box(*(scale * value for value in face.box)))
