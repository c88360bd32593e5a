"""Phantoms: what the assistant announces of pictures without a face that are held before it with a shaking hand.

Each picture is in view for HELD_S seconds and goes through the whole assistant (`assistant.app.replay`): detector,
tracker, classifiers, decisions and speech queue. The pictures are drawn (`convert.synthesis.faceless`) and, where the
detector's training pictures are given, held-out pictures of rooms, animals and things without a face.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.app.replay import AnnouncementOutcome, replay
from assistant.config.settings import Settings
from assistant.records import Frame
from assistant.sentences import Sentence
from assistant.system.progress import track
from assistant.vision import factory
from convert.data import boxes, picture_files
from convert.synthesis import faceless
from convert.synthesis.shake import shake_offsets

WIDTH, HEIGHT = 640, 480
FPS, HELD_S = 10.0, 4.0
SHAKE_PX, BLUR_PX, NOISE = 10.0, 3, 4.0
"""Largest offset of the shaking camera, length of its motion blur, standard deviation of its noise: as in the scenes
with a shaking camera."""
DRAWN_EACH = 18
"""Drawn pictures of each kind."""
SEED = 7
PRESENCE = (Sentence.ONE_PERSON, Sentence.ONE_MORE_PERSON)
"""The sentences that tell of somebody without an expression."""


class ShakenCamera:
    """A camera before a still picture uint8 [H, W], which fills the frame; BGR frames in shades of grey."""

    is_live = False

    def __init__(self, picture: NDArray[np.uint8], seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._picture = _filling(picture)
        self._offsets = shake_offsets(self._random, round(HELD_S * FPS), SHAKE_PX)
        self._seq = 0

    def read(self) -> Frame | None:
        """The next frame, or None after the last."""
        if self._seq >= len(self._offsets):
            return None
        right, down = self._offsets[self._seq]
        move = np.array([[1, 0, right], [0, 1, down]])
        seen = cv2.warpAffine(self._picture, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)
        seen = cv2.blur(seen.astype(np.float32), (BLUR_PX, 1))
        seen = seen + self._random.standard_normal(seen.shape, np.float32) * NOISE
        image = np.repeat(np.clip(np.rint(seen), 0, 255).astype(np.uint8)[:, :, np.newaxis], 3, axis=2)
        self._seq += 1
        return Frame(image, (self._seq - 1) / FPS, self._seq)

    def close(self) -> None:
        """Nothing is open."""


def pictures(training: Path | None, drawn_each: int = DRAWN_EACH) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """The pictures and their kinds. training: folder of the detector's training pictures; drawn ones alone if None."""
    for number, kind in enumerate(faceless.KINDS):
        for index in range(drawn_each):
            random = np.random.default_rng((SEED, number, index))
            yield kind, faceless.draw(random, kind, faceless.backdrop(random, HEIGHT, WIDTH))
    for each in boxes.read_annotations(training) if training else ():
        name = each.path.name
        if not len(each.boxes) and boxes.is_held_out(name):
            yield "room" if name.startswith(boxes.ROOM_PREFIX) else "thing", picture_files.grey(each.path)


def evaluate(settings: Settings, training: Path | None, drawn_each: int = DRAWN_EACH) -> dict[str, Any]:
    """By kind and in all: the number of pictures, and of those of which a person, or an expression, was announced;
    ready for JSON. Raises DetectorError, ModelError or DatasetError."""
    settings = dataclasses.replace(settings, model=dataclasses.replace(settings.model, threads=1))
    parts = factory.parts(settings)
    counts: dict[str, dict[str, int]] = {}
    shown = list(pictures(training, drawn_each))
    for index, (kind, picture) in enumerate(track(shown, "shaken pictures", "pictures")):
        said = {
            each.announcement.sentence
            for each in replay(ShakenCamera(picture, SEED + index), parts.pipeline(settings), settings)
            if isinstance(each, AnnouncementOutcome) and each.started_at is not None
        }
        for key in (kind, "all"):
            row = counts.setdefault(key, {"pictures": 0, "person": 0, "expression": 0})
            row["pictures"] += 1
            row["person"] += not said.isdisjoint(PRESENCE)
            row["expression"] += not said.isdisjoint((Sentence.ARRIVED, Sentence.LOOKS))
    return {"seconds": HELD_S, "kinds": counts}


def as_text(report: dict[str, Any]) -> str:
    """The report as text, one line per kind."""
    lines = [f"Pictures without a face, held for {report['seconds']:g} s with a shaking hand; announced of them:"]
    lines += [
        f"{kind:10} a person of {row['person']}, an expression of {row['expression']}, of {row['pictures']} pictures"
        for kind, row in report["kinds"].items()
    ]
    return "\n".join(lines)


def _filling(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a picture, scaled so that it fills a frame."""
    height, width = picture.shape
    factor = max(WIDTH / width, HEIGHT / height)
    size = max(WIDTH, round(width * factor)), max(HEIGHT, round(height * factor))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
    top, left = (size[1] - HEIGHT) // 2, (size[0] - WIDTH) // 2
    return np.asarray(scaled[top : top + HEIGHT, left : left + WIDTH], np.uint8)
