"""Pictures: any array that a camera driver may deliver is either refused as unusable or processed without a failed
step.

It takes every stage: capture, image health, grey, detector, tracker, quality, crop, model, stabilizer,
scene. Mostly the faces are invented, anywhere in the picture and beyond its edges; now and then the real detector runs.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from assistant.config.settings import Settings
from assistant.ipc.commands import Command
from assistant.records import Box, Face, Frame, Utterance
from assistant.vision import factory
from assistant.vision.cameras import capture
from assistant.vision.cameras.capture import MAX_PIXELS, Capture
from assistant.vision.loop import VisionLoop
from assistant.vision.pipeline import Pipeline
from assistant.vision.step import Step
from tests.fuzz.engine import Attack
from tests.support.standins import ScriptedCamera, ScriptedDetector

TYPES = (
    "uint8",
    "uint8",
    "uint8",
    "uint8",
    "uint8",
    "bool",
    "int8",
    "uint16",
    "float32",
    "float64",
    "complex64",
    "object",
    "S3",
)
FILLS = ("zeros", "full", "noise", "ramp", "checks", "grain", "nan")
SIDE = st.one_of(st.sampled_from((0, 1, 2, 3, 7, 8, 16, 47, 48, 49, 120, 160, 320, 640)), st.integers(0, 200))
SIDES = st.tuples(SIDE, SIDE)
LONG = (
    (1, 5000),
    (5000, 1),
    (2, 30_000),
    (20, 8000),
    (8193, 16),
    (3000, 4000),
    (3000, 4001),
    (1, MAX_PIXELS),
    (1080, 1920),
)
"""Sizes of a few pictures; the others are small, and cheap."""
MIN_FACE_PX = 16.0
"""Smallest face that the settings allow a detector to find."""


@dataclass(frozen=True)
class Shot:
    """How to make an array."""

    shape: tuple[int, ...]
    dtype: str
    fill: str
    """One of FILLS."""
    layout: int
    """0: contiguous; 1: rows reversed; 2: axes swapped; 3: Fortran order."""
    number: int
    """Seed; every third array is read-only."""


def shots() -> st.SearchStrategy[Shot]:
    """Pictures, and arrays that are not pictures."""
    sizes = st.builds(lambda size, which: LONG[which] if which < len(LONG) else size, SIDES, st.integers(0, 400))
    shape = st.one_of(
        sizes,
        sizes,
        st.builds(lambda size, channels: (*size, channels), sizes, st.sampled_from((1, 3, 3, 4, 0, 2, 5))),
        st.sampled_from(((), (0,), (9,), (1, 2, 3, 4), (0, 0, 0), (2, 48, 48, 3))),
    )
    kind = st.sampled_from(TYPES)
    return st.builds(_affordable, shape, kind, st.sampled_from(FILLS), st.integers(0, 3), st.integers(0, 999))


def _affordable(shape: tuple[int, ...], dtype: str, fill: str, *rest: Any) -> Shot:
    """A huge array takes too long to make unless all its bytes are equal."""
    return Shot(shape, dtype, fill, *rest) if np.prod(shape) < 400_000 else Shot(shape, "uint8", "full", *rest)


def made(shot: Shot) -> Any:
    """The array that a shot describes."""
    random = np.random.default_rng(shot.number)
    if shot.fill == "zeros":
        values: Any = np.zeros(shot.shape)
    elif shot.fill == "full":
        values = np.full(shot.shape, shot.number % 256, np.uint8)
    elif shot.fill == "nan":
        values = np.full(shot.shape, np.nan if shot.dtype.startswith("float") else 255)
    elif shot.fill == "ramp":
        values = np.arange(np.prod(shot.shape, dtype=int)).reshape(shot.shape) % 256
    elif shot.fill == "checks":
        values = np.indices(shot.shape).sum(axis=0) % 2 * 255 if shot.shape else np.zeros(())
    else:
        spread = 256 if shot.fill == "noise" else 24
        values = random.integers(0, spread, shot.shape, dtype=np.uint16) + (0 if spread == 256 else 90)
    with np.errstate(invalid="ignore"):
        image = np.asarray(values).astype(shot.dtype)
    if shot.layout == 1 and image.ndim:
        image = image[::-1]
    elif shot.layout == 2 and image.ndim > 1:
        image = image.swapaxes(0, 1)
    elif shot.layout == 3 and image.ndim > 1:
        image = np.asfortranarray(image)
    if image.dtype != object:
        image.flags.writeable = shot.number % 3 != 0
    return image


def faces() -> st.SearchStrategy[list[tuple[float, ...]]]:
    """Faces in shares of the picture: centre within it, any size; landmarks anywhere about it, or none."""
    inside, about = st.floats(0, 0.999), st.floats(-1, 2)
    size = st.one_of(st.floats(0.001, 0.6), st.sampled_from((1e-6, 1.0, 3.0)))
    box = st.tuples(inside, inside, size, size)
    return st.lists(st.builds(lambda a, b: (*a, *b), box, st.one_of(st.just(()), st.tuples(*[about] * 10))), max_size=2)


@contextlib.contextmanager
def target() -> Iterator[Attack]:
    capture.UNUSABLE_PAUSE_S = 0.0  # there is no next picture to wait for
    settings = Settings()
    real, phrases = factory.parts(settings), factory.load_phrases(settings)

    def check(drawn: tuple[list[Shot], list[tuple[float, ...]], bool, int]) -> float:
        recipes, found, is_real, rotate_deg = drawn
        script: list[Face] = []
        detector = real.detector if is_real else ScriptedDetector(lambda frame: script)
        rescan = real.rescan if is_real else None
        line = Pipeline(detector, real.classifier, settings, phrases, occlusion=real.occlusion, rescan=rescan)
        utterances: list[Utterance] = []
        spent_s = 0.0
        for number, recipe in enumerate(recipes):
            image = made(recipe)
            began = time.perf_counter()
            taken = _through(image, rotate_deg, line, phrases, utterances, script, found, number / 2)
            spent_s = max(spent_s, time.perf_counter() - began)
            refused = bool(capture._defect_of(image))
            assert taken == (0 if refused else 1), (recipe, utterances)
        assert not [each for each in utterances if each.topic == "fault step"], utterances
        for what in (Command.ASK, Command.MORE, Command.WHY, Command.AIM):
            assert line.answer(what, len(recipes) / 2).utterance.text
        return spent_s

    some = st.lists(shots(), min_size=1, max_size=2)
    yield Attack(
        st.tuples(
            some, faces(), st.integers(0, 39).map(lambda each: each == 39), st.sampled_from((0, 0, 90, 180, 270))
        ),
        check,
    )


def _through(
    image: Any,
    rotate_deg: int,
    line: Pipeline,
    phrases: Any,
    utterances: list[Utterance],
    script: list[Face],
    found: list[tuple[float, ...]],
    at: float,
) -> int:
    """Send one array through capture, loop and pipeline; returns the number of completed steps."""
    stop, steps = threading.Event(), []
    capture_thread = Capture(
        lambda: ScriptedCamera([Frame(image, 0.0, 1)], is_live=False),
        rotate_deg=rotate_deg,
        clock=lambda: at,
        repeat=False,
    ).start()
    if isinstance(image, np.ndarray) and image.ndim >= 2 and image.size:
        height, width = image.shape[:2] if rotate_deg % 180 == 0 else image.shape[1::-1]
        script[:] = [_face(each, width, height) for each in found]

    def note(step: Step | None) -> None:
        if step is not None:
            steps.append(step)

    VisionLoop(capture_thread, line, phrases, utterances.append, stop, on_step=note, clock=lambda: at).run()
    capture_thread.close()
    return len(steps)


def _face(numbers: tuple[float, ...], width: int, height: int) -> Face:
    x, y = numbers[0] * width, numbers[1] * height
    w, h = max(MIN_FACE_PX, numbers[2] * width), max(MIN_FACE_PX, numbers[3] * height)
    marks = [(numbers[n] * width, numbers[n + 1] * height) for n in range(4, len(numbers), 2)]
    return Face(Box(x - w / 2, y - h / 2, w, h), 0.9, tuple(marks) if marks else None)
