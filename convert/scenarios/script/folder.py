"""Folders of scenes on disk: for each scene a subfolder with a video clip and its truth.json."""

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2

from assistant.records import Frame
from assistant.vision.cameras import Camera
from assistant.vision.cameras.opencv import ClipCamera
from convert.data.fer2013_labels import DatasetError
from convert.scenarios.script import ground_truth
from convert.scenarios.script.annotate import annotate
from convert.scenarios.script.ground_truth import GroundTruth
from convert.scenarios.script.scene import Scene

TRUTH_FILE, CLIP_STEM = "truth.json", "clip"
CLIP_SUFFIXES = (".mp4", ".mkv", ".avi", ".mov", ".webm")
CODEC = "MJPG"
JPEG_QUALITY_PERCENT = 95
"""JPEG quality of the frames in a written clip."""
LENGTH_SLACK_S = 1.0
"""Largest difference between the length of a clip and that in its ground truth."""


@dataclass(frozen=True)
class SceneClip:
    """A scene on disk: the file of its clip, and its ground truth."""

    path: Path
    truth: GroundTruth


class SceneClipCamera:
    """A camera that reads the clip of a scene on disk.

    Raises SourceError where the clip cannot be opened. `read` raises DatasetError where the ground truth does not fit
    the clip: the clip is longer or shorter, or ends before a question.

    The length of a clip is taken from the timestamps of its frames, with which the ground truth is compared. That in
    the container may be larger, if the clip was cut out of a longer one or is truncated.
    """

    is_live = False

    def __init__(self, clip: SceneClip) -> None:
        self._clip, self._camera = clip, ClipCamera(clip.path)
        self._at, self._step = 0.0, 0.0

    def read(self) -> Frame | None:
        frame, truth = self._camera.read(), self._clip.truth
        if frame is None:
            self._check_end()
        else:
            self._at, self._step = frame.at, frame.at - self._at
            if frame.at > truth.seconds + LENGTH_SLACK_S:
                raise DatasetError(f"{self._clip.path}: goes on after {self._stated_length}")
        return frame

    def close(self) -> None:
        self._camera.close()

    def _check_end(self) -> None:
        length, truth = self._at + self._step, self._clip.truth
        if length < truth.seconds - LENGTH_SLACK_S:
            raise DatasetError(f"{self._clip.path}: ends after {length:.1f} s, not after {self._stated_length}")
        for at, question in truth.questions:
            if at > self._at:
                question_text = f"{TRUTH_FILE} beside it asks {question.value!r} at {at:g} s"
                problem = f"the last picture is of {self._at:.2f} s, and {question_text}"
                raise DatasetError(f"{self._clip.path}: {problem}")

    @property
    def _stated_length(self) -> str:
        return f"the {self._clip.truth.seconds:g} s that {TRUTH_FILE} beside it says"


def read(folder: Path) -> list[SceneClip]:
    """The scenes in the subfolders of a folder, sorted by name, or the one scene in the folder. Raises DatasetError."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder of scenes")
    files = [folder / TRUTH_FILE] if (folder / TRUTH_FILE).is_file() else sorted(folder.glob(f"*/{TRUTH_FILE}"))
    if not files:
        raise DatasetError(f"{folder}: no {TRUTH_FILE} in it or in its subfolders")
    return [_clip(file) for file in files]


def write(scene: Scene, camera: Camera, folder: Path, on_frame: Callable[[], None] = lambda: None) -> Path:
    """Write a scene's clip and ground truth into a new subfolder of its name, which is created once both are complete.

    on_frame: called after each frame. Raises DatasetError.
    """
    place = folder / scene.name
    if place.exists():
        raise DatasetError(f"{place}: is there already; name another folder, or remove it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder) as temporary:
            unfinished = Path(temporary) / scene.name
            unfinished.mkdir()
            _write(scene, camera, unfinished, on_frame)
            unfinished.rename(place)
    except OSError as err:
        raise DatasetError(f"{place}: cannot write a scene here: {err.strerror}") from err
    return place


def _write(scene: Scene, camera: Camera, place: Path, on_frame: Callable[[], None]) -> None:
    path = place / f"{CLIP_STEM}.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*CODEC), scene.fps, scene.size)
    if not writer.isOpened():
        raise DatasetError(f"{path}: this clip cannot be written")
    writer.set(cv2.VIDEOWRITER_PROP_QUALITY, JPEG_QUALITY_PERCENT)
    with closing(camera):
        while (frame := camera.read()) is not None:
            writer.write(frame.image)
            on_frame()
    writer.release()
    (place / TRUTH_FILE).write_text(ground_truth.to_json(annotate(scene)), "utf-8")


def _clip(file: Path) -> SceneClip:
    clips = [each for each in sorted(file.parent.iterdir()) if each.suffix.lower() in CLIP_SUFFIXES]
    if len(clips) != 1:
        raise DatasetError(
            f"{file.parent}: {len(clips)} clips beside {TRUTH_FILE}; expected one ({', '.join(CLIP_SUFFIXES)})"
        )
    return SceneClip(clips[0], ground_truth.read(file, file.parent.name))
