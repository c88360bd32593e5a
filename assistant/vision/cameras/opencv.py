"""USB cameras and video clips (mp4, mkv, avi, gif) through OpenCV."""

import logging
import os
import stat
from pathlib import Path

import cv2
import numpy as np

from assistant.config.settings import CameraSettings
from assistant.errors import CameraBusyError, CameraError, SourceError, shown
from assistant.records import Frame
from assistant.vision.cameras import Camera, Clock, v4l2, yuyv

log = logging.getLogger(__name__)

DISCARDED_FRAMES = 2
"""Frames that are discarded after opening a device: the first of an MJPEG stream may be torn."""
MIN_LENGTH_SHARE = 0.8
"""A clip that ends before this share of the length that its header promises was cut off; the promise is an estimate.
Its number of frames promises nothing: where the rate varies it is the length times the highest rate."""


def open_opencv(settings: CameraSettings, clock: Clock, *, colour: bool = False) -> Camera:
    """A camera where the source is empty, a number or a device node, else a clip. colour: as for `open_camera`. Raises
    CameraError, SourceError."""
    source = settings.source
    if source.isdecimal() or not source:
        return DeviceCamera(settings, clock, colour=colour)
    try:
        is_device = stat.S_ISCHR(Path(source).stat().st_mode)
    except OSError as err:
        kind: type[CameraError] = CameraError if source.startswith("/dev/") else SourceError
        raise kind(f"{source}: {err.strerror}; give a video device, a clip or a folder of pictures") from err
    return DeviceCamera(settings, clock, colour=colour) if is_device else ClipCamera(Path(source))


class DeviceCamera:
    """A camera, through V4L2 on Linux: the named one, else the first that delivers a picture. Where reading a frame
    fails its image is empty. Where grey is enough and the camera gives YUYV, its luma is taken."""

    is_live = True

    def __init__(self, settings: CameraSettings, clock: Clock, *, colour: bool = False) -> None:
        self._clock, self._seq = clock, 0
        sources = [settings.source] if settings.source else v4l2.camera_numbers()
        if not sources:
            raise CameraError("no camera: there is no /dev/video…; plug one in, or name one with --source")
        errors = []
        for source in sources:
            try:
                self._capture = _open_device(source, settings)
            except CameraError as err:
                errors.append(err)
            else:
                self.source = source
                self._is_yuyv = not colour and yuyv.ask_for(self._capture)
                return
        raise next((err for err in errors if isinstance(err, CameraBusyError)), errors[0])

    def read(self) -> Frame:
        is_there, image = self._capture.read()
        self._seq += 1
        if not is_there or image is None:
            image = np.empty((0, 0), np.uint8)
        elif self._is_yuyv:
            return yuyv.frame(np.asarray(image, np.uint8), self._clock(), self._seq)
        return Frame(image.astype(np.uint8, copy=False), self._clock(), self._seq)

    def close(self) -> None:
        self._capture.release()


def _open_device(source: str, settings: CameraSettings) -> cv2.VideoCapture:
    """The opened device, its first frames discarded. Raises CameraError."""
    is_linux = os.name == "posix" and os.uname().sysname == "Linux"
    path = Path(f"/dev/video{source}" if source.isdecimal() else source)
    if is_linux and not path.exists():
        raise CameraError(f"no camera: {path} does not exist; plug one in, or name one with --source")
    target: int | str = int(source) if source.isdecimal() else source
    capture = cv2.VideoCapture(target, cv2.CAP_V4L2 if is_linux else cv2.CAP_ANY)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, settings.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, settings.height)
        capture.set(cv2.CAP_PROP_FPS, settings.fps)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if [capture.read()[0] for _ in range(DISCARDED_FRAMES)][-1]:
            return capture
    capture.release()
    if is_linux and v4l2.is_busy(path):
        raise CameraBusyError(f"camera {source}: another program is using it; end that one")
    raise CameraError(f"camera {source}: gives no picture; is it a camera, and is its cable fast in its place?")


def _ffmpeg_name(path: Path, descriptor: int) -> str:
    """The name by which FFmpeg opens a file: absolute, since it takes the beginning of `2026-11-30T12:30:15.mkv` for a
    protocol; through the open file's descriptor where the name is not UTF-8, on which OpenCV crashes."""
    absolute = str(path.absolute())
    return absolute if shown(absolute) == absolute else f"/dev/fd/{descriptor}"


class ClipCamera:
    """A video file, read frame by frame; `Frame.at` is the time in the clip."""

    is_live = False

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise SourceError(f"{shown(path)}: not a video file; give a clip or a folder of pictures")
        with open(path, "rb") as file:
            self._capture = cv2.VideoCapture(_ffmpeg_name(path, file.fileno()), cv2.CAP_FFMPEG)
        self._seq, self._at, self._first_stamp = 0, -1.0, 0.0
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self._step_s = 1 / rate if 0.1 <= rate <= 1000 else 0.1
        count = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.expected_frames = int(count) if 0 < count < 1e9 else None
        self._first = self._next() if self._capture.isOpened() else None
        if self._first is None:
            self._capture.release()
            raise SourceError(f"{shown(path)}: not a video that can be read; try mp4, mkv, avi or gif")

    def read(self) -> Frame | None:
        if self._first is not None:
            frame, self._first = self._first, None
            return frame
        return self._next()

    def _next(self) -> Frame | None:
        is_there, image = self._capture.read()
        if not is_there or image is None:
            promised_s = self._capture.get(cv2.CAP_PROP_FRAME_COUNT) * self._step_s
            if self._seq and self._at + self._step_s < MIN_LENGTH_SHARE * promised_s:
                message = "%s: ends after %.1f of %.1f seconds; is the file cut off?"
                log.warning(message, shown(self.path), self._at + self._step_s, promised_s)
            return None
        stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if not self._seq:
            self._first_stamp = stamp  # a piece cut out of a longer clip keeps the time stamps of that clip
        at = stamp - self._first_stamp
        if not self._at < at < self._at + 60:  # without usable time stamps: by the frame rate
            at = self._at + self._step_s
        self._seq, self._at = self._seq + 1, at
        return Frame(image.astype(np.uint8, copy=False), at, self._seq)

    def close(self) -> None:
        self._capture.release()
