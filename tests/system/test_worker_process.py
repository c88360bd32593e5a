"""Worker processes: how they end. Requests, limits and sharing are tested with the voice that uses one, piper."""

import sys
import threading

import pytest

from assistant.errors import VoiceError
from assistant.system.worker_process import WorkerProcess


def test_a_worker_that_cannot_be_started() -> None:
    worker = WorkerProcess("parrot", ["/no/such/parrot"], 1.0)
    with pytest.raises(VoiceError, match="parrot could not be started: No such file"):
        worker.request(b"hello", 1.0, threading.Event())
    worker.close()


def test_the_last_error_line_of_a_worker_is_reported() -> None:
    code = "import sys; [print('line', n, file=sys.stderr) for n in range(9999)]; sys.exit('the last words')"
    worker = WorkerProcess("parrot", [sys.executable, "-I", "-S", "-c", code], 5.0)
    with pytest.raises(VoiceError, match="parrot ended with exit code 1: the last words"):
        worker.request(b"hello", 1.0, threading.Event())
