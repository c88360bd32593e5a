"""Runs scenes through the whole assistant (`assistant.app.replay`) in parallel and records the outcomes.

Detector and classifier run once for each scene. Their results are recorded, so that `rerun` can repeat the decisions
with other settings.
"""

import dataclasses
import functools
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2

from assistant.app.replay import AnnouncementOutcome, AnswerOutcome, ReplaySummary, attempts
from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.records import CANNOT_TELL, Face, Frame, Reading, Thresholds
from assistant.system.progress import Progress
from assistant.vision import factory
from assistant.vision.cameras import Camera
from assistant.vision.factory import VisionParts
from assistant.vision.step import Step
from convert.scenarios import known_friends
from convert.scenarios.render import assets
from convert.scenarios.render.camera import SceneCamera
from convert.scenarios.score.transcript import TranscriptAnswer, TranscriptLine
from convert.scenarios.script.annotate import annotate
from convert.scenarios.script.folder import SceneClip, SceneClipCamera
from convert.scenarios.script.ground_truth import GroundTruth
from convert.scenarios.script.scene import HEIGHT, WIDTH, Scene

CLIP_FPS = 15
"""Assumed frame rate of a clip, to estimate which scenes take longest."""


class FrameRecord(NamedTuple):
    """The detections and readings of one frame."""

    at: float
    """Seconds."""
    faces: tuple[Face, ...]
    readings: tuple[Reading, ...]
    """Readings of these faces, in the same order."""


@dataclass(frozen=True)
class Outcome:
    """The outcome of a scene."""

    truth: GroundTruth
    lines: tuple[TranscriptLine, ...]
    answers: tuple[TranscriptAnswer, ...]
    records: tuple[FrameRecord, ...]
    """One for each frame on which the detector was run."""
    labels: tuple[str, ...]
    """Labels of the classifier."""
    thresholds: Thresholds
    """Thresholds of the classifier."""
    frames: int
    """Number of frames."""
    size: tuple[int, int] = (HEIGHT, WIDTH)
    """Height and width of the frames."""
    friends: tuple[str, ...] = ()
    """Names of the people who were known to the assistant."""


@dataclass(frozen=True)
class Task:
    """A scene for a worker process."""

    source: Scene | SceneClip
    settings: Settings
    data: Path | None = None
    """The folder of the data sets; required for a Scene."""
    half: str = ""
    """One of assets.HALVES; required for a Scene."""


class _Recorder:
    """Observer of a replay: records the detections and readings of each frame."""

    def __init__(self) -> None:
        self.records: list[FrameRecord] = []
        self.size = (HEIGHT, WIDTH)

    def __call__(self, frame: Frame, step: Step) -> None:
        if step.is_skipped:
            return
        height, width = frame.image.shape[:2]
        self.size = (height, width)
        self.records.append(FrameRecord(frame.at, tuple(track.face for track in step.tracks), step.readings))


def run(tasks: Sequence[Task], workers: int = 2) -> list[Outcome]:
    """Run the tasks in parallel; returns their outcomes in the order of the tasks.

    Raises AssistantError where a clip, a model or a picture cannot be used, or where the length of a clip is not that
    in its ground truth.
    """
    order = sorted(
        range(len(tasks)), key=lambda index: -_length(tasks[index])
    )  # longest first, so that none of them starts last
    done: dict[int, Outcome] = {}
    outcomes = _outcomes([tasks[index] for index in order], workers)
    with Progress("scenes", len(tasks), "scenes") as progress:
        for index, outcome in zip(order, outcomes, strict=True):
            done[index] = outcome
            progress.update()
    return [done[index] for index in range(len(tasks))]


def transcript_line(line: AnnouncementOutcome) -> TranscriptLine:
    """The line of a transcript from an announcement of `replay`."""
    announcement = line.announcement
    return TranscriptLine(
        line.change.at,
        line.started_at,
        announcement.sentence,
        announcement.expression,
        line.utterance.text,
        line.box,
        line.change.track_id,
        announcement.people,
        announcement.is_cue,
        announcement.name.text if announcement.name else "",
        announcement.name is not None and not announcement.name.is_certain,
    )


def _outcomes(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    if workers < 2 or len(tasks) < 2:
        yield from map(_run_task, tasks)
        return
    ignore = (
        signal.SIGINT,
        signal.SIG_IGN,
    )  # Ctrl-C at a terminal reaches the workers too, which must not print tracebacks
    pool = ProcessPoolExecutor(min(workers, len(tasks)), multiprocessing.get_context("spawn"), signal.signal, ignore)
    try:
        yield from pool.map(_run_task, tasks)
    except BaseException as err:
        for worker in multiprocessing.active_children():  # do not wait for running scenes
            worker.terminate()
        if isinstance(err, BrokenProcessPool):
            problem = "a process that ran scenes was killed, perhaps for its memory; try --workers 1"
            raise AssistantError(problem) from err
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _run_task(task: Task) -> Outcome:
    cv2.setNumThreads(1)  # the cores are used by parallel workers
    settings = dataclasses.replace(task.settings, model=dataclasses.replace(task.settings.model, threads=1))
    truth = annotate(task.source) if isinstance(task.source, Scene) else task.source.truth
    parts, recorder = _parts(settings), _Recorder()
    lines, answers, frames = [], [], 0
    names, friends = None, tuple[str, ...]()
    if isinstance(task.source, Scene) and task.source.friends and task.data is not None:
        friends = task.source.friends
        names = known_friends.names(task.settings, _assets(task.data, task.half).portraits, friends)
    with closing(_camera(task)) as camera:
        for item in attempts(camera, parts.pipeline(settings, names), settings, truth.questions, recorder):
            if isinstance(item, ReplaySummary):
                frames = item.frames
            elif isinstance(item, AnswerOutcome):
                answers.append(_transcript_answer(item))
            else:
                lines.append(transcript_line(item))
    model = parts.classifier
    labels, thresholds = (model.labels, model.thresholds) if model else ((), Thresholds())
    return Outcome(
        truth, tuple(lines), tuple(answers), tuple(recorder.records), labels, thresholds, frames, recorder.size, friends
    )


def _camera(task: Task) -> Camera:
    if isinstance(task.source, SceneClip):
        return SceneClipCamera(task.source)
    assert task.data is not None
    return SceneCamera(task.source, _assets(task.data, task.half))


@functools.lru_cache(maxsize=1)
def _assets(data: Path, half: str) -> assets.Assets:
    return assets.load(data, half)


@functools.lru_cache(maxsize=1)
def _parts(settings: Settings) -> VisionParts:
    """Detector and classifiers, loaded once per worker process."""
    return factory.parts(settings)


def _transcript_answer(reply: AnswerOutcome) -> TranscriptAnswer:
    state = CANNOT_TELL if reply.reason or not reply.person else reply.person.expression
    return TranscriptAnswer(reply.at, state, reply.reason, reply.person.box if reply.person else None)


def _length(task: Task) -> float:
    """Estimated number of frames."""
    return task.source.frames if isinstance(task.source, Scene) else CLIP_FPS * task.source.truth.seconds
