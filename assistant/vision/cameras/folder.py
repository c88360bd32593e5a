"""The folder camera: shows the pictures of a folder one after the other, in the order of their names."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import CameraSettings
from assistant.errors import SourceError, shown
from assistant.records import Frame
from assistant.vision.cameras.picture_file import SUFFIXES, is_picture, read_picture


class FolderCamera:
    """Shows each picture for `camera.picture_s` seconds at `camera.fps` frames a second.

    Raises SourceError for a folder without pictures, and from `read` for a file that is not a picture.
    """

    is_live = False

    def __init__(self, settings: CameraSettings) -> None:
        folder = Path(settings.source)
        if folder.is_file() and is_picture(folder):
            self.files = [folder]
        elif folder.is_dir():
            self.files = sorted(file for file in folder.iterdir() if is_picture(file) and file.is_file())
        else:
            if os.path.lexists(folder):  # a FIFO, a device, a link to itself
                raise SourceError(f"{shown(folder)}: not a regular file; give a picture or a folder")
            raise SourceError(f"{shown(folder)}: no such folder or picture")
        if not self.files:
            raise SourceError(f"{shown(folder)}: no pictures in this folder; looked for {', '.join(sorted(SUFFIXES))}")
        self._fps = settings.fps
        self._frames_each = max(1, round(settings.picture_s * settings.fps))
        self.expected_frames = len(self.files) * self._frames_each
        self._seq = 0
        self._image: NDArray[np.uint8] | None = None

    def read(self) -> Frame | None:
        index, repeat = divmod(self._seq, self._frames_each)
        if index >= len(self.files):
            return None
        if not repeat:
            self._image = read_picture(self.files[index], colour=True)
        assert self._image is not None
        frame = Frame(self._image, self._seq / self._fps, self._seq + 1)
        self._seq += 1
        return frame

    def close(self) -> None:
        self._image = None
