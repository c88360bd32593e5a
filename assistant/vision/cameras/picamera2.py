"""The Raspberry Pi camera through picamera2, which comes from apt (python3-picamera2), never from pip.

Where grey is enough the luma plane of YUV420 is taken, which needs no conversion; the colour planes beside it are
converted when a skill asks for them.
"""

import contextlib
import errno
import gc
from collections.abc import Callable
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.config.settings import CameraSettings
from assistant.errors import CameraBusyError, CameraError, CameraExhaustedError
from assistant.records import Frame
from assistant.vision.cameras import Clock

FRAME_TIMEOUT_S = 2.0
"""Seconds; a frame that takes longer will not come. picamera2's own wait has no timeout."""
BUFFERS = 3
"""Frame buffers that picamera2 allocates."""
YUV_TO_BGR = {
    "YUV420": cv2.COLOR_YUV2BGR_I420,
    "YVU420": cv2.COLOR_YUV2BGR_YV12,
    "NV12": cv2.COLOR_YUV2BGR_NV12,
    "NV21": cv2.COLOR_YUV2BGR_NV21,
}
"""OpenCV's conversion of each format whose luma plane comes first."""


class PiCamera:
    """A Pi camera with one stream at a fixed frame rate.

    Raises CameraError where picamera2 is missing, the camera is absent or busy, or the granted format is not supported.
    """

    is_live = True

    def __init__(self, settings: CameraSettings, clock: Clock, *, colour: bool = False) -> None:
        try:
            from picamera2 import Picamera2
        except ImportError as err:
            raise CameraError(f"picamera2 cannot be used ({err}); sudo apt install python3-picamera2") from err
        number = int(settings.source) if settings.source.isdecimal() else 0
        self._clock, self._seq, self._camera = clock, 0, None
        try:
            self._camera = Picamera2(number)
            period_us = round(1_000_000 / settings.fps)
            self._camera.configure(
                self._camera.create_video_configuration(
                    main={"format": "RGB888" if colour else "YUV420", "size": (settings.width, settings.height)},
                    controls={"FrameDurationLimits": (period_us, period_us)},
                    buffer_count=BUFFERS,
                    queue=False,  # deliver the newest frame, not one that was waiting
                )
            )
            granted = self._camera.camera_configuration()["main"]  # not always what was asked for
            self._to_image = converter(granted["format"], tuple(granted["size"]), colour=colour)
            self._to_colour = None if colour else yuv_converter(granted["format"], tuple(granted["size"]))
            self._camera.start()
        except (RuntimeError, OSError, IndexError) as err:
            self.close()
            reason = str(err.__cause__ or err).rstrip(".")  # picamera2's own message says only that it did not complete
            if _is_out_of_memory(err):
                raise CameraExhaustedError(
                    f"Pi camera {number}: {reason}; only a new process gets memory for it"
                ) from err
            if "busy" in reason.lower():
                raise CameraBusyError(f"Pi camera {number}: {reason}; end the other program that uses it") from err
            raise CameraError(
                f"Pi camera {number}: {reason}; check its cable, and that no other program uses it"
            ) from err
        except CameraError:
            self.close()
            raise

    def read(self) -> Frame:
        assert self._camera is not None
        try:
            raw = self._camera.capture_array("main", wait=FRAME_TIMEOUT_S)
        except (TimeoutError, RuntimeError, OSError) as err:
            with contextlib.suppress(Exception):  # else the expired request stays queued
                self._camera.cancel_all_and_flush()
            raise CameraError(f"Pi camera: no picture within {FRAME_TIMEOUT_S:g} s ({err})") from err
        self._seq += 1
        colour = partial(self._to_colour, raw) if self._to_colour else None
        return Frame(self._to_image(raw), self._clock(), self._seq, colour)

    def close(self) -> None:
        camera: Any = self._camera
        self._camera = None
        if camera is not None:
            with contextlib.suppress(RuntimeError, OSError):
                camera.stop()
            with contextlib.suppress(RuntimeError, OSError):
                camera.close()
            del camera
            gc.collect()  # it holds a reference to itself, and its pipe and buffers while the next one opens


def _is_out_of_memory(err: BaseException | None) -> bool:
    """Whether an error, or what caused it, is a lack of memory."""
    return err is not None and (getattr(err, "errno", None) == errno.ENOMEM or _is_out_of_memory(err.__cause__))


def converter(
    granted: str, size: tuple[int, int], *, colour: bool = False
) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """A function from picamera2's array in the granted format to a grey [H, W] or BGR [H, W, 3] picture of `size`
    (width, height). Raises CameraError for a format that is not supported.

    picamera2 names formats by byte order in memory: its "RGB888" is B, G, R in NumPy, "BGR888" is R, G, B. The luma
    plane of YUV420 and NV12 is the first H rows.
    """
    width, height = size
    if colour and (to_colour := yuv_converter(granted, size)):
        return to_colour
    if granted in YUV_TO_BGR:
        return lambda raw: raw[:height, :width]
    if granted == "RGB888":
        return lambda raw: raw[:height, :width]
    if granted == "BGR888":
        return lambda raw: cv2.cvtColor(raw[:height, :width], cv2.COLOR_RGB2BGR)
    if granted in ("XRGB8888", "XBGR8888"):
        order = cv2.COLOR_BGRA2BGR if granted == "XRGB8888" else cv2.COLOR_RGBA2BGR
        return lambda raw: cv2.cvtColor(raw[:height, :width], order)
    raise CameraError(f"Pi camera: gives pictures as {granted}, which is not supported; please report this camera")


def yuv_converter(granted: str, size: tuple[int, int]) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | None:
    """A function from picamera2's array, uint8 [H * 3 / 2, stride], to a BGR [H, W, 3] picture of `size` (width,
    height); None for a format without luma plane, which `converter` gives in colour.

    The rows keep the padding of their stride, and in YUV420 those of the colour planes have half of it: the whole array
    is a picture as wide as the stride, whose right edge is cut off once it is converted.
    """
    code = YUV_TO_BGR.get(granted)
    if code is None:
        return None
    width, height = size
    return lambda raw: np.ascontiguousarray(cv2.cvtColor(raw[: height * 3 // 2], code)[:, :width], np.uint8)
