"""What a program sets up before its work: no core dumps, a rate limit for its log, quiet libraries, and signals that
stop it."""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

EXIT_RESTART = 75
"""Exit code by which a process asks its supervisor for a new process in its place (EX_TEMPFAIL of sysexits.h)."""
MAX_RECORDS, PERIOD_S = 10, 1.0
"""RateLimitFilter lets this many records pass in each period; it counts those beyond, and the count is logged with the
next record that passes."""


def disable_core_dumps() -> None:
    """A crash leaves no core file behind: there would be pictures in it."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on Windows, and not where it is forbidden
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def quiet_libraries() -> None:
    """Keep FFmpeg, OpenCV and TensorFlow Lite from writing past the log to the terminal, and OpenCV from waiting ten
    seconds for a camera that gives nothing, which counts as hanging. Call it before they are imported."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")


def limit_threads() -> None:
    """Keep OpenBLAS, of which NumPy and OpenCV bring one each, from starting a thread for each core: the matrices here
    are small, and each thread spins for a tenth of a second before it sleeps, which doubled the CPU time of the start.
    Call it before they are imported."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


@contextlib.contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    previous = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class RateLimitFilter(logging.Filter):
    """Lets MAX_RECORDS pass in each PERIOD_S: an error that comes a thousand times a second must not fill the log."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock, self._began, self._count = clock, clock(), 0

    def filter(self, record: logging.LogRecord) -> bool:
        now = self._clock()
        left_out = max(0, self._count - MAX_RECORDS)
        if now - self._began >= PERIOD_S:
            self._began, self._count = now, 0
            if left_out:
                record.msg, record.args = f"{record.getMessage()} ({left_out} lines before this one left out)", ()
        self._count += 1
        return self._count <= MAX_RECORDS
