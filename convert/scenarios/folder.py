"""Scenes as folders: a clip and its truth.json each, read from and written to disk."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2

from assistant.vision.cameras import Camera
from convert.datasets import DatasetError
from convert.scenarios import truth as truths
from convert.scenarios.scene import HEIGHT, WIDTH, Scene, truth_of
from convert.scenarios.truth import Truth

TRUTH, CLIP = "truth.json", "clip"
SUFFIXES = (".mp4", ".mkv", ".avi", ".mov", ".webm")
CODEC = "MJPG"
QUALITY = 95
"""Of the JPEG pictures in a written clip, percent."""


@dataclass(frozen=True)
class Clip:
    """A scene on disk."""

    path: Path
    truth: Truth


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
