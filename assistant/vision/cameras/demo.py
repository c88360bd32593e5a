"""The demo camera: pans and zooms over two public-domain photographs that come with installed libraries.

NASA's portrait of Eileen Collins comes with scikit-image, the US Navy's of Grace Hopper with matplotlib. Between them
the camera shows a part of the first picture where there is no face.
"""

from importlib import util
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import CameraSettings
from assistant.dataclass import dataclass
from assistant.errors import CameraError, SourceError
from assistant.records import Frame

View = tuple[float, float, float]
"""Centre x and y (shares of the photograph's width and height) and height (share of its height) of the visible part."""


@dataclass(frozen=True)
class Shot:
    """The camera moves at constant speed from one view of a photograph to another."""

    photo: str
    """Key of PHOTOS."""
    seconds: float
    start: View
    end: View


SHOTS = (
    Shot("astronaut", 1.0, (0.12, 0.84, 0.30), (0.12, 0.84, 0.30)),
    Shot("astronaut", 6.0, (0.45, 0.30, 0.75), (0.44, 0.24, 0.55)),
    Shot("astronaut", 5.0, (0.12, 0.84, 0.30), (0.14, 0.84, 0.30)),
    Shot("hopper", 6.0, (0.50, 0.35, 0.80), (0.50, 0.32, 0.62)),
    Shot("astronaut", 4.0, (0.14, 0.84, 0.30), (0.12, 0.84, 0.30)),
)

PHOTOS = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "hopper": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}
"""The package that each photograph comes with, and its path in it."""


class DemoCamera:
    """Plays SHOTS one after the other. Raises CameraError where a photograph is not installed."""

    is_live = False

    def __init__(self, settings: CameraSettings) -> None:
        self._photos = {name: photograph(name) for name in PHOTOS}
        self._fps, self._seq = settings.fps, 0
        self._size = (settings.width, settings.height)

    def read(self) -> Frame | None:
        at = self._seq / self._fps
        in_shot_s = at
        for shot in SHOTS:
            if in_shot_s < shot.seconds - 1e-9:
                self._seq += 1
                return Frame(self._view(shot, in_shot_s / shot.seconds), at, self._seq)
            in_shot_s -= shot.seconds
        return None

    def _view(self, shot: Shot, share: float) -> NDArray[np.uint8]:
        x, y, view_height = (start + (end - start) * share for start, end in zip(shot.start, shot.end, strict=True))
        photo = self._photos[shot.photo]
        height, width = photo.shape[:2]
        scale = self._size[1] / (view_height * height)
        to_view = np.array(
            [[scale, 0, self._size[0] / 2 - x * width * scale], [0, scale, self._size[1] / 2 - y * height * scale]]
        )
        return cv2.warpAffine(photo, to_view, self._size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)

    def close(self) -> None:
        self._seq = 0


def photograph(name: str) -> NDArray[np.uint8]:
    """The photograph "astronaut" or "hopper", BGR uint8 [H, W, 3]. Raises CameraError where it is not installed.

    It is read by its path: importing these libraries would take a second.
    """
    package, inside = PHOTOS[name]
    spec = util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SourceError(
            f"the demo's photographs come with {package}, which is missing; pip install 'emotion-assistant[demo]'"
        )
    file = Path(spec.origin).parent / inside
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise CameraError(f"{file}: the demo's photograph is missing; reinstall {package}")
    return image.astype(np.uint8, copy=False)
