"""The folder camera: shows the pictures of a folder one after the other, in the order of their names."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import CameraSettings
from assistant.errors import SourceError
from assistant.records import Frame

SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".pgm", ".ppm", ".tif", ".tiff"}


class FolderCamera:
    """Shows each picture for `camera.picture_s` seconds at `camera.fps` frames a second.

    Raises SourceError for a folder without pictures, and from `read` for a file that is not a picture.
    """

    is_live = False

    def __init__(self, settings: CameraSettings) -> None:
        folder = Path(settings.source)
        if not folder.is_dir():
            raise SourceError(f"{folder}: no such folder of pictures")
        self.files = sorted(file for file in folder.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file())
        if not self.files:
            raise SourceError(f"{folder}: no pictures in this folder; looked for {', '.join(sorted(SUFFIXES))}")
        self._fps = settings.fps
        self._frames_each = max(1, round(settings.picture_s * settings.fps))
        self._seq = 0
        self._image: NDArray[np.uint8] | None = None

    def read(self) -> Frame | None:
        index, repeat = divmod(self._seq, self._frames_each)
        if index >= len(self.files):
            return None
        if not repeat:
            image = cv2.imread(str(self.files[index]), cv2.IMREAD_COLOR)
            if image is None:
                raise SourceError(f"{self.files[index]}: not a picture that can be read; remove it or convert it")
            self._image = image.astype(np.uint8, copy=False)
        assert self._image is not None
        frame = Frame(self._image, self._seq / self._fps, self._seq + 1)
        self._seq += 1
        return frame

    def close(self) -> None:
        self._image = None
