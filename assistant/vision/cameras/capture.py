"""The capture thread, which keeps the newest frame: a camera driver that hangs cannot hang the rest.

There is one slot; a newer frame replaces an unread one, which is counted as dropped. A lost camera is opened again with
exponential backoff. A recording is played in real time and starts again when it ends.
"""

import contextlib
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from assistant.errors import CameraBusyError, CameraError, CameraExhaustedError
from assistant.records import Frame
from assistant.vision.cameras import Camera, Clock

FIRST_RETRY_S, LAST_RETRY_S = 0.5, 4.0
"""Seconds between tries to open a lost camera (exponential backoff): the first interval, doubled up to the last."""
STALE_S = 2.0
"""Seconds without a new picture after which a live camera is reopened: because of noise a working one never delivers
the same picture twice."""
FINGERPRINT_ROW_STEP = 8
"""One in so many rows counts in the checksum that tells pictures apart."""
MAX_PIXELS = 12_000_000
"""The settings allow no camera resolution near it; a larger picture is refused before it is copied."""
MIN_SIDE_PX, MAX_SIDE_PX = 2, 8192
"""Shortest and longest side of a usable picture: no camera delivers a strip of a few rows, and OpenCV cannot rotate a
picture longer than 32,767 pixels."""
READ_TIMEOUT_S, OPEN_TIMEOUT_S = 3.0, 12.0
"""A driver call, to read a frame or to open the camera, that takes longer hangs: picamera2 waits for a frame for 2 s,
and a USB camera may need several seconds to start."""
TORN_WINDOW_S, WHOLE_WINDOW_S = 5.0, 1.0
"""The pictures count as torn once most of those in the first window are unusable, and as whole again once most of those
in the second window are usable."""
MIN_WINDOW_SHARE = 0.9
"""Share of a window that the reads so far must span before it counts."""
UNUSABLE_PAUSE_S = 0.02
"""Pause after an unusable picture."""
ROTATIONS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class Capture:
    """Runs `open_camera()` and the camera's `read` on a thread of its own, until `close`.

    rotate_deg: 0, 90, 180 or 270, clockwise; repeat: False: the end of a recording, or the first error, ends the
    capture.
    """

    error: str
    """The camera's last error; empty while it works."""
    dropped: int
    """Frames that were replaced by a newer one before they were taken."""
    has_ended: bool
    is_open: bool
    """The camera is held open."""
    is_busy: bool
    """Another program holds the camera."""
    is_exhausted: bool
    """Only a new process can open the camera again."""
    cpu_ms: float
    """Milliseconds of CPU time that the newest frame has cost this thread: the camera's read, which decodes, and the
    checks. While the driver waits for a frame no time passes."""
    is_torn: bool
    """More than half of the latest pictures were unusable."""

    def __init__(
        self,
        open_camera: Callable[[], Camera],
        *,
        rotate_deg: int = 0,
        clock: Clock = time.monotonic,
        repeat: bool = True,
    ) -> None:
        self._open_camera, self._rotate_deg, self._clock, self._repeat = open_camera, rotate_deg, clock, repeat
        self._condition = threading.Condition()
        self._stop = threading.Event()
        self._newest: Frame | None = None
        self._seq = 0
        self._retry_s = FIRST_RETRY_S
        self._driver_call: tuple[float, float] | None = None
        self.dropped, self.cpu_ms = 0, 0.0
        self.error = ""
        self.has_ended = self.is_busy = self.is_exhausted = self.is_torn = self.is_open = False
        self._last_checksum: int | None = None
        self._reads: deque[tuple[float, bool]] = deque()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> "Capture":
        self._thread.start()
        return self

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame not yet taken, waiting for one at most `timeout_s`; None: there is none."""
        with self._condition:
            self._condition.wait_for(lambda: self._newest is not None or self.has_ended, timeout_s)
            frame, self._newest = self._newest, None
            return frame

    def is_stuck(self) -> bool:
        """Whether a driver call takes longer than its timeout; only a new process can end it."""
        call = self._driver_call
        return call is not None and self._clock() - call[0] > call[1]

    def close(self, timeout_s: float = 1.0) -> bool:
        """End the thread, which closes the camera; False where a blocked read kept it from doing so within
        `timeout_s`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._timed_call(OPEN_TIMEOUT_S):
                    opened = self._open_camera()
                self.is_open = True
                with contextlib.closing(opened) as camera:
                    self.error, self.is_busy = "", False
                    self._play(camera)
            except Exception as err:  # any driver error: the next try may succeed
                self.is_busy = isinstance(err, CameraBusyError)
                self.is_exhausted = isinstance(err, CameraExhaustedError)
                self.error = str(err) if isinstance(err, CameraError) else f"{type(err).__name__}: {err}"
            self.is_open = False
            if not self._repeat:
                break
            if self.error:
                self._stop.wait(self._retry_s)
                self._retry_s = min(2 * self._retry_s, LAST_RETRY_S)
        with self._condition:
            self.has_ended = True
            self._condition.notify_all()

    def _play(self, camera: Camera) -> None:
        """Offer the frames of an open camera up to the end of a recording. Raises CameraError where a live camera
        delivers nothing new for STALE_S."""
        began = fresh_at = self._clock()
        while not self._stop.is_set():
            cpu_s = time.thread_time()
            with self._timed_call(READ_TIMEOUT_S):
                frame = camera.read()
            if frame is None:
                return
            defect = _defect_of(frame.image)
            self._update_torn(not defect)
            if defect:
                self.error = f"the camera gives {defect}"
                if camera.is_live and self._clock() - fresh_at >= STALE_S:
                    raise CameraError(self.error)
                if self._stop.wait(UNUSABLE_PAUSE_S):
                    return
                continue
            if camera.is_live:
                # kept when the camera is reopened, which does not make a frozen picture a new one
                before, self._last_checksum = self._last_checksum, _checksum(frame.image)
                if self._last_checksum is None or self._last_checksum != before:
                    fresh_at = self._clock()
                elif self._clock() - fresh_at >= STALE_S:
                    raise CameraError(f"the camera gave the same picture for {STALE_S:g} s")
                else:
                    continue
            if not camera.is_live and self._stop.wait(max(0.0, began + frame.at - self._clock())):
                return
            self.error = ""
            self.cpu_ms = 1000 * (time.thread_time() - cpu_s)
            self._offer(frame)
            self._retry_s = FIRST_RETRY_S

    def _update_torn(self, is_usable: bool) -> None:
        """Set `is_torn` by the share of usable pictures in the last TORN_WINDOW_S or, once they are torn, in the last
        WHOLE_WINDOW_S."""
        now = self._clock()
        self._reads.append((now, is_usable))
        while now - self._reads[0][0] > TORN_WINDOW_S:
            self._reads.popleft()
        window_s = WHOLE_WINDOW_S if self.is_torn else TORN_WINDOW_S
        if now - self._reads[0][0] >= MIN_WINDOW_SHARE * window_s:
            latest = [is_usable for at, is_usable in self._reads if now - at <= window_s]
            self.is_torn = sum(latest) < 0.5 * len(latest)

    @contextlib.contextmanager
    def _timed_call(self, limit_s: float) -> Iterator[None]:
        self._driver_call = self._clock(), limit_s
        try:
            yield
        finally:
            self._driver_call = None

    def _offer(self, frame: Frame) -> None:
        image, colour = frame.image, frame.colour
        if self._rotate_deg:
            image = self._rotated(image)
            colour = None if colour is None else lambda make=colour: self._rotated(make())
        with self._condition:
            if self._newest is not None:
                self.dropped += 1
            self._seq += 1
            self._newest = Frame(image, self._clock(), self._seq, colour)
            self._condition.notify_all()

    def _rotated(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return cv2.rotate(image, ROTATIONS[self._rotate_deg]).astype(np.uint8, copy=False)


def _defect_of(image: NDArray[np.uint8]) -> str:
    """What makes an array unusable as a picture; empty for a usable one."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        return f"no picture but {getattr(image, 'dtype', type(image).__name__)}"
    if not image.size:
        return "nothing; was it unplugged?"
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)):
        return f"a picture of the shape {list(image.shape)}"
    if min(image.shape[:2]) < MIN_SIDE_PX or max(image.shape[:2]) > MAX_SIDE_PX:
        size = f"{image.shape[1]}x{image.shape[0]}"
        return f"a picture of {size} pixels; from {MIN_SIDE_PX} to {MAX_SIDE_PX} a side are taken"
    if image.shape[0] * image.shape[1] > MAX_PIXELS:
        return f"a picture of {image.shape[1]}x{image.shape[0]} pixels; at most {MAX_PIXELS // 10**6} million are taken"
    return ""


def _checksum(image: NDArray[np.uint8]) -> int | None:
    """A checksum that tells pictures apart; None for a picture of a single grey, which may equal the next one."""
    rows = image[::FINGERPRINT_ROW_STEP]
    if int(rows.max()) - int(rows.min()) <= 2:
        return None
    return zlib.crc32(rows.tobytes())
