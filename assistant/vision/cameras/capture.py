"""The thread that keeps the newest frame: a camera that hangs cannot hang the rest.

One slot, newest wins, what was dropped is counted. A lost camera is opened again, at growing intervals. A clip is
played in real time and starts again when it ends.
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
"""Interval between tries to open a lost camera: the first, doubled up to the last."""
STALE_S = 2.0
"""A live camera never gives the very same picture twice, for its noise; so long of nothing else, and it is opened
anew."""
FINGERPRINT_ROW_STEP = 8
"""Rows of which one is looked at to tell pictures apart."""
MAX_PIXELS = 12_000_000
"""No camera is asked for so many; a picture that claims them is refused before it is copied."""
MIN_SIDE_PX, MAX_SIDE_PX = 2, 8192
"""A strip of a few rows is no camera's picture, and OpenCV cannot turn one that is longer than 32,767 pixels."""
READ_TIMEOUT_S, OPEN_TIMEOUT_S = 3.0, 12.0
"""A read, or an opening, that takes longer hangs: picamera2 waits for a picture for 2 s, and a USB camera may need
several to start."""
TORN_WINDOW_S, WHOLE_WINDOW_S, MIN_WINDOW_SHARE = 5.0, 1.0, 0.9
"""Pictures are torn, or whole again, if that was so for most of them for so long; a share of that time is enough."""
UNUSABLE_PAUSE_S = 0.02
"""Pause after a picture that is none."""


class Capture:
    """Runs `open_camera()` and the camera's `read` on a thread of its own, until `close`.

    repeat False: the end of a clip, or the first trouble, is the end (`has_ended`). error: what the camera complained
    of last, empty while it works. is_busy: another program holds it; is_exhausted: only another process can open it;
    is_torn: more than half of its pictures of late were none; is_open: a camera is being held.
    """

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
        self._call: tuple[float, float] | None = None
        self.dropped = 0
        self.error = ""
        self.has_ended = self.is_busy = self.is_exhausted = self.is_torn = self.is_open = False
        self._mark: int | None = None
        self._reads: deque[tuple[float, bool]] = deque()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> "Capture":
        self._thread.start()
        return self

    def take(self, timeout_s: float) -> Frame | None:
        """The newest frame not yet taken, waiting at most `timeout_s`; None: there is none."""
        with self._condition:
            self._condition.wait_for(lambda: self._newest is not None or self.has_ended, timeout_s)
            frame, self._newest = self._newest, None
            return frame

    def is_stuck(self) -> bool:
        """Whether the driver has kept a call for longer than any that works: only a new process is rid of that."""
        call = self._call
        return call is not None and self._clock() - call[0] > call[1]

    def close(self, timeout_s: float = 1.0) -> bool:
        """Ends the thread, which closes the camera; False if a blocked read kept it from doing so in time."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with self._calling(OPEN_TIMEOUT_S):
                    opened = self._open_camera()
                self.is_open = True
                with contextlib.closing(opened) as camera:
                    self.error, self.is_busy = "", False
                    self._play(camera)
            except Exception as err:  # whatever a driver raises, the next try may succeed; Live says that none comes
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
        """Everything that an open camera gives, up to the end of a clip. Raises CameraError where a live one gives
        nothing new for STALE_S."""
        began = fresh_at = self._clock()
        while not self._stop.is_set():
            with self._calling(READ_TIMEOUT_S):
                frame = camera.read()
            if frame is None:
                return
            unusable = _defect_of(frame.image)
            self._count(not unusable)
            if unusable:
                self.error = f"the camera gives {unusable}"
                if camera.is_live and self._clock() - fresh_at >= STALE_S:
                    raise CameraError(self.error)
                if self._stop.wait(UNUSABLE_PAUSE_S):
                    return
                continue
            if camera.is_live:
                before, self._mark = (
                    self._mark,
                    _fingerprint(frame.image),
                )  # a frozen camera is no fresher for being reopened
                if self._mark is None or self._mark != before:
                    fresh_at = self._clock()
                elif self._clock() - fresh_at >= STALE_S:
                    raise CameraError(f"the camera gave the same picture for {STALE_S:g} s")
                else:
                    continue
            if not camera.is_live and self._stop.wait(max(0.0, began + frame.at - self._clock())):
                return
            self.error = ""
            self._offer(frame)
            self._retry_s = FIRST_RETRY_S

    def _count(self, is_picture: bool) -> None:
        """Whether the pictures of the last TORN_S, or once they are torn those of the last WHOLE_S, are mostly none."""
        now = self._clock()
        self._reads.append((now, is_picture))
        while now - self._reads[0][0] > TORN_WINDOW_S:
            self._reads.popleft()
        lasts_s = WHOLE_WINDOW_S if self.is_torn else TORN_WINDOW_S
        if now - self._reads[0][0] >= MIN_WINDOW_SHARE * lasts_s:
            late = [good for at, good in self._reads if now - at <= lasts_s]
            self.is_torn = sum(late) < 0.5 * len(late)

    @contextlib.contextmanager
    def _calling(self, limit_s: float) -> Iterator[None]:
        self._call = self._clock(), limit_s
        try:
            yield
        finally:
            self._call = None

    def _offer(self, frame: Frame) -> None:
        image, turns = (
            frame.image,
            {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE},
        )
        if self._rotate_deg:
            image = cv2.rotate(image, turns[self._rotate_deg]).astype(np.uint8, copy=False)
        with self._condition:
            if self._newest is not None:
                self.dropped += 1
            self._seq += 1
            self._newest = Frame(image, self._clock(), self._seq)
            self._condition.notify_all()


def _defect_of(image: NDArray[np.uint8]) -> str:
    """What an array is that is no picture; empty for one that is."""
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


def _fingerprint(image: NDArray[np.uint8]) -> int | None:
    """A number that tells pictures apart; None for one of a single grey, which need not differ from the next."""
    rows = image[::FINGERPRINT_ROW_STEP]
    if int(rows.max()) - int(rows.min()) <= 2:
        return None
    return zlib.crc32(rows.tobytes())
