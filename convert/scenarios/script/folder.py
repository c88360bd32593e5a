"""Scenes as folders: a clip and its truth.json each, read from and written to disk."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2

from assistant.records import Frame
from assistant.vision.cameras import Camera
from assistant.vision.cameras.opencv import ClipCamera
from convert.data.fer2013 import DatasetError
from convert.scenarios.script import truth as truths
from convert.scenarios.script.scene import HEIGHT, WIDTH, Scene, truth_of
from convert.scenarios.script.truth import Truth

TRUTH, CLIP = "truth.json", "clip"
SUFFIXES = (".mp4", ".mkv", ".avi", ".mov", ".webm")
CODEC = "MJPG"
QUALITY = 95
"""Of the JPEG pictures in a written clip, percent."""
SLACK_S = 1.0
"""A clip may be so much shorter or longer than its truth says."""


@dataclass(frozen=True)
class Clip:
    """A scene on disk."""

    path: Path
    truth: Truth


class Played:
    """The camera of a scene on disk. Raises SourceError where the clip is none; `read` raises DatasetError where the
    truth is not that clip's: it is longer or shorter, or ends before something is asked.

    The pictures' own times tell how long a clip is, for these are what the truth is compared with. A container may
    promise more: the length of the longer clip out of which this one was cut, or of one that was not cut off.
    """

    is_live = False

    def __init__(self, clip: Clip) -> None:
        self._clip, self._camera = clip, ClipCamera(clip.path)
        self._at, self._step = 0.0, 0.0

    def read(self) -> Frame | None:
        frame, truth = self._camera.read(), self._clip.truth
        if frame is None:
            self._check_end()
        else:
            self._at, self._step = frame.at, frame.at - self._at
            if frame.at > truth.seconds + SLACK_S:
                raise DatasetError(f"{self._clip.path}: goes on after {self._said}")
        return frame

    def close(self) -> None:
        self._camera.close()

    def _check_end(self) -> None:
        length, truth = self._at + self._step, self._clip.truth
        if length < truth.seconds - SLACK_S:
            raise DatasetError(f"{self._clip.path}: ends after {length:.1f} s, not after {self._said}")
        for at, what in truth.asks:
            if at > self._at:
                said = f"the last picture is of {self._at:.2f} s, and {TRUTH} beside it asks {what.value!r} at {at:g} s"
                raise DatasetError(f"{self._clip.path}: {said}")

    @property
    def _said(self) -> str:
        return f"the {self._clip.truth.seconds:g} s that {TRUTH} beside it says"


def read(folder: Path) -> list[Clip]:
    """The scenes of a folder, by name: those of its subfolders, or the folder itself. Raises DatasetError."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder of scenes")
    files = [folder / TRUTH] if (folder / TRUTH).is_file() else sorted(folder.glob(f"*/{TRUTH}"))
    if not files:
        raise DatasetError(f"{folder}: no {TRUTH} in it or in its subfolders")
    return [_clip(file) for file in files]


def write(scene: Scene, camera: Camera, folder: Path, tick: Callable[[], None] = lambda: None) -> Path:
    """Write a scene's clip and truth into a new subfolder of its name, which is there once both are whole. Raises
    DatasetError."""
    place = folder / scene.name
    if place.exists():
        raise DatasetError(f"{place}: is there already; name another folder, or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as hidden:
            unfinished = Path(hidden) / scene.name
            unfinished.mkdir()
            _write(scene, camera, unfinished, tick)
            unfinished.rename(place)
    except OSError as err:
        raise DatasetError(f"{place}: cannot write a scene here: {err.strerror}") from err
    return place


def _write(scene: Scene, camera: Camera, place: Path, tick: Callable[[], None]) -> None:
    path = place / f"{CLIP}.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), scene.fps, (WIDTH, HEIGHT))
    if not writer.isOpened():
        raise DatasetError(f"{path}: this clip cannot be written")
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, QUALITY)
    with closing(camera):
        while (frame := camera.read()) is not None:
            writer.write(frame.image)
            tick()
    writer.release()
    (place / TRUTH).write_text(truths.to_json(truth_of(scene)), "utf-8")


def _clip(file: Path) -> Clip:
    clips = [each for each in sorted(file.parent.iterdir()) if each.suffix.lower() in SUFFIXES]
    if len(clips) != 1:
        raise DatasetError(f"{file.parent}: {len(clips)} clips beside {TRUTH}; expected one ({', '.join(SUFFIXES)})")
    return Clip(clips[0], truths.read(file, file.parent.name))
