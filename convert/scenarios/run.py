"""Runs scenes through the whole assistant by `replay`'s path, several at a time, and keeps what was seen and said.

A scene is looked at once. What detector and classifier made of it is kept, so that decisions can be made again with
other settings without looking again: `again`.
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
import numpy as np
from numpy.typing import NDArray

from assistant.app.replay import Line, Reply, Summary, replay
from assistant.config.settings import Settings
from assistant.errors import AssistantError
from assistant.records import CANNOT_TELL, Box, Face, Frame, Reading, Thresholds, Track
from assistant.vision import factory
from assistant.vision.cameras import Camera
from assistant.vision.factory import VisionParts
from assistant.vision.pipeline import Pipeline, Step
from convert.scenarios.render import faces
from convert.scenarios.render.camera import SceneCamera
from convert.scenarios.score.announcements import Said
from convert.scenarios.script import scene
from convert.scenarios.script.folder import Clip, Played
from convert.scenarios.script.scene import HEIGHT, WIDTH, Scene
from convert.scenarios.script.truth import Truth

MID_GREY = 128


class Asked(NamedTuple):
    """An answer. state: the expression that was told, or CANNOT_TELL; box: of whom, None: of nobody."""

    at: float
    state: str
    reason: str
    text: str
    box: Box | None


class Taken(NamedTuple):
    """What one frame showed: faces, and the readings of the people they became."""

    at: float
    faces: tuple[Face, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True)
class Outcome:
    """What came of a scene. labels and thresholds: the classifier's; size: height and width of its frames."""

    truth: Truth
    said: tuple[Said, ...]
    asked: tuple[Asked, ...]
    taken: tuple[Taken, ...]
    labels: tuple[str, ...]
    thresholds: Thresholds
    frames: int
    size: tuple[int, int] = (HEIGHT, WIDTH)


@dataclass(frozen=True)
class Task:
    """What a worker needs: a scene, or a clip; the pictures' folder and half are needed for a scene only."""

    what: Scene | Clip
    settings: Settings
    data: Path | None = None
    half: str = ""


class _Recorder:
    """Keeps what each frame showed."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.size = (HEIGHT, WIDTH)

    def __call__(self, frame: Frame, step: Step) -> None:
        height, width = frame.image.shape[:2]
        self.size = (height, width)
        self.taken.append(Taken(frame.at, tuple(track.face for track in step.tracks), step.readings))


class _Recorded:
    """A detector and a source of readings that give what was recorded."""

    crop_margin, needs_colour = 0.0, False

    def __init__(self, taken: Sequence[Taken], labels: tuple[str, ...], thresholds: Thresholds) -> None:
        self._taken = iter(taken)
        self.labels, self.thresholds = labels, thresholds
        self._readings: dict[Face, Reading] = {}

    def find(self, image: NDArray[np.uint8], grey: NDArray[np.uint8]) -> list[Face]:
        taken = next(self._taken)
        self._readings = dict(zip(taken.faces, taken.readings, strict=True))
        return list(taken.faces)

    def read(self, grey: NDArray[np.uint8], tracks: Sequence[Track], at: float) -> tuple[Reading, ...]:
        # by the face: with other decisions the same person may have another track_id
        return tuple(dataclasses.replace(self._readings[each.face], track_id=each.track_id) for each in tracks)


class _Blank:
    """A camera for those who have already looked."""

    is_live = False

    def __init__(self, moments: Sequence[float], size: tuple[int, int]) -> None:
        self._moments = iter(moments)
        self._grey = np.full(size, MID_GREY, np.uint8)

    def read(self) -> Frame | None:
        at = next(self._moments, None)
        return None if at is None else Frame(self._grey, at, 0)

    def close(self) -> None:
        """Nothing is open."""


def run(tasks: Sequence[Task], workers: int = 2, progress: bool = True) -> list[Outcome]:
    """What comes of each task, in their order, whatever the number of workers.

    Raises AssistantError where a clip, a model or a picture cannot be used, or a clip is not as long as its truth says.
    """
    from tqdm import tqdm

    order = sorted(range(len(tasks)), key=lambda index: -_length(tasks[index]))  # the longest first: none waits for it
    done: dict[int, Outcome] = {}
    with tqdm(total=len(tasks), unit="scene", disable=None if progress else True) as bar:
        for index, outcome in zip(order, _outcomes([tasks[index] for index in order], workers), strict=True):
            done[index] = outcome
            bar.update()
    return [done[index] for index in range(len(tasks))]


def again(outcome: Outcome, settings: Settings, thresholds: Thresholds | None = None) -> tuple[Said, ...]:
    """What would have been said with other settings of decisions and words. thresholds: instead of the classifier's."""
    recorded = _Recorded(outcome.taken, outcome.labels, thresholds or outcome.thresholds)
    pipeline = Pipeline(recorded, None, settings, factory.load_phrases(settings), readings=recorded)
    camera = _Blank([each.at for each in outcome.taken], outcome.size)
    lines = replay(camera, pipeline, settings, outcome.truth.asks)
    return tuple(_said(line) for line in lines if isinstance(line, Line))


def _outcomes(tasks: Sequence[Task], workers: int) -> Iterator[Outcome]:
    if workers < 2 or len(tasks) < 2:
        yield from map(_work, tasks)
        return
    ignore = (signal.SIGINT, signal.SIG_IGN)  # at a terminal the workers are interrupted too: one line is enough
    pool = ProcessPoolExecutor(min(workers, len(tasks)), multiprocessing.get_context("spawn"), signal.signal, ignore)
    try:
        yield from pool.map(_work, tasks)
    except BaseException as err:
        for worker in multiprocessing.active_children():  # whoever stops it does not wait for the scenes under way
            worker.terminate()
        if isinstance(err, BrokenProcessPool):
            said = "a process that ran scenes was killed, perhaps for its memory; try --workers 1"
            raise AssistantError(said) from err
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _work(task: Task) -> Outcome:
    cv2.setNumThreads(1)  # the workers share the cores among them
    settings = dataclasses.replace(task.settings, model=dataclasses.replace(task.settings.model, threads=1))
    truth = scene.truth_of(task.what) if isinstance(task.what, Scene) else task.what.truth
    parts, recorder = _parts(settings), _Recorder()
    said, asked, frames = [], [], 0
    with closing(_camera(task)) as camera:
        for item in replay(camera, parts.pipeline(settings), settings, truth.asks, recorder):
            if isinstance(item, Summary):
                frames = item.frames
            elif isinstance(item, Reply):
                asked.append(_asked(item))
            else:
                said.append(_said(item))
    model = parts.classifier
    labels, thresholds = (model.labels, model.thresholds) if model else ((), Thresholds())
    return Outcome(truth, tuple(said), tuple(asked), tuple(recorder.taken), labels, thresholds, frames, recorder.size)


def _camera(task: Task) -> Camera:
    if isinstance(task.what, Clip):
        return Played(task.what)
    assert task.data is not None
    return SceneCamera(task.what, _cast(task.data, task.half))


@functools.lru_cache(maxsize=1)
def _cast(data: Path, half: str) -> faces.Cast:
    return faces.load(data, half)


@functools.lru_cache(maxsize=1)
def _parts(settings: Settings) -> VisionParts:
    """Detector and classifiers, loaded once in each worker."""
    return factory.parts(settings)


def _said(line: Line) -> Said:
    said = line.announcement
    return Said(line.change.at, line.started_at, said.sentence, said.expression, line.utterance.text, line.box)


def _asked(reply: Reply) -> Asked:
    state = CANNOT_TELL if reply.reason or not reply.seen else reply.seen.expression
    return Asked(reply.at, state, reply.reason, reply.utterance.text, reply.seen.box if reply.seen else None)


def _length(task: Task) -> float:
    return task.what.frames if isinstance(task.what, Scene) else 15 * task.what.truth.seconds
