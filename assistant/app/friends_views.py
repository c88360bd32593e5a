"""Views of a friend-to-be for `emotion-assistant friends add`: from pictures, a clip or the camera, each refused one
with its reason."""

from collections.abc import Callable, Iterator
from pathlib import Path

from assistant.app.api import frames, with_source
from assistant.config.settings import Settings
from assistant.errors import SourceError, shown
from assistant.records import Frame
from assistant.skills.friends.friend import MAX_VIEWS
from assistant.skills.friends.gates import Refusal
from assistant.skills.friends.view_collector import ViewCollector
from assistant.vision.cameras.picture_file import PictureError, is_picture, read_picture

REASONS = {
    Refusal.NO_FACE: "no face",
    Refusal.SEVERAL: "more than one person",
    Refusal.SAME_VIEW: "the same view as before",
    Refusal.FAR: "too small or too far away",
    Refusal.DARK: "too dark",
    Refusal.BRIGHT: "too bright",
    Refusal.BLURRED: "blurred",
    Refusal.TURN_LEFT: "turned too far, to their right",
    Refusal.TURN_RIGHT: "turned too far, to their left",
}
"""Why a view is left out, as it is printed."""
LOOK_INTERVAL_S = 0.5
"""Seconds between two frames of a clip or the camera that are looked at."""
CAMERA_LIMIT_S = 60.0
"""Seconds after which the camera is no longer looked at."""
MAX_PICTURES = 30
"""Of a folder, and views of a clip: more teach nothing, and each takes up to a tenth of a second on a Pi."""


def collect_pictures(collector: ViewCollector, folder: Path, tell: Callable[[str], None]) -> None:
    """Views from the pictures of a folder. tell: takes a line for each that is left out. Raises SourceError."""
    if not folder.is_dir():
        raise SourceError(f"{shown(folder)}: no such folder; name a folder of pictures of this person alone")
    files = sorted(file for file in folder.iterdir() if is_picture(file))
    if not files:
        raise SourceError(f"{shown(folder)}: no pictures in this folder")
    for file in files[:MAX_PICTURES]:
        try:
            refused = collector.add(read_picture(file, colour=True), file.name)
        except PictureError as err:
            tell(f"{err}; left out")
            continue
        if refused is not None:
            tell(f"{shown(file.name)}: {REASONS[refused]}; left out")
    if len(files) > MAX_PICTURES:
        tell(f"only the first {MAX_PICTURES} of {len(files)} pictures were looked at")


def collect_clip(collector: ViewCollector, file: Path, settings: Settings, tell: Callable[[str], None]) -> None:
    """Views from a clip. tell: takes a line for each reason for which views were left out. Raises CameraError."""
    counts: dict[Refusal, int] = {}
    for frame in _spaced(frames(with_source(settings, file).camera, colour=True)):
        refused = collector.add(frame.image, f"{shown(file.name)} at {frame.at:.1f} s")
        if refused is not None:
            counts[refused] = counts.get(refused, 0) + 1
        if len(collector.enrolment.views) >= MAX_PICTURES:
            break
    for refused, count in counts.items():
        tell(f"{REASONS[refused]}: {count} views; left out")


def collect_camera(collector: ViewCollector, settings: Settings, tell: Callable[[str, Refusal | None], None]) -> None:
    """MAX_VIEWS views from the camera of the settings. tell(line, refused): takes each view that was taken, and each
    new reason why one is not. Raises CameraError."""
    last, began = "", -1.0
    for frame in _spaced(frames(settings.camera, colour=True)):
        began = frame.at if began < 0 else began
        views = len(collector.enrolment.views)
        refused = collector.add(frame.image, f"view {views + 1}")
        line = f"view {views + 1} of {MAX_VIEWS}" if refused is None else _advice(refused)
        if line != last:
            tell(line, refused)
        last = line
        if len(collector.enrolment.views) >= MAX_VIEWS or frame.at - began >= CAMERA_LIMIT_S:
            return


def _advice(refused: Refusal) -> str:
    return "turn your head a little" if refused is Refusal.SAME_VIEW else REASONS[refused]


def _spaced(found: Iterator[Frame]) -> Iterator[Frame]:
    """Frames at least LOOK_INTERVAL_S apart."""
    next_at = float("-inf")
    for frame in found:
        if frame.at >= next_at:
            next_at = frame.at + LOOK_INTERVAL_S
            yield frame
