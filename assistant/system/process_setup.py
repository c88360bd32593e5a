"""What a program needs before its work: standard streams that are there, no core files, quiet libraries, signals that
stop it."""

import contextlib
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator

EXIT_AGAIN = 75
"""A new process is wanted in this one's place (EX_TEMPFAIL of sysexits.h); whoever keeps it starts it."""


def open_streams() -> None:
    """Whoever starts us with a standard stream closed gets /dev/null there, not the next file that is opened."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number is the missing one
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115 - lives as long as we
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def no_cores() -> None:
    """A crash leaves no core file behind: there would be pictures in it."""
    with contextlib.suppress(ImportError, OSError, ValueError):  # not on Windows, and not where it is forbidden
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def quiet_libraries() -> None:
    """Keep FFmpeg, OpenCV and TensorFlow Lite from writing past us to the terminal, and OpenCV from waiting ten seconds
    for a camera that gives nothing, which counts as hanging; set before they are imported."""
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "2")


@contextlib.contextmanager
def stop_on_signal() -> Iterator[threading.Event]:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    kept = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
