"""Keeps a voice process alive beside a running assistant: starts it, starts it again when it dies, ends it with us."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from assistant.config import Settings, to_toml
from assistant.link import control_socket

log = logging.getLogger(__name__)

FIRST_RETRY_S, LAST_RETRY_S = 0.2, 8.0
"""Pause before a voice that died is started again: the first, doubled up to the last."""
DIES_S = 0.2
"""A voice that did not end by itself is given so long after SIGTERM."""


MANAGERS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What a service manager told us alone: the voice must not speak for us there."""


class VoiceKeeper:
    """The voice as a child process that listens at `socket`.

    options: of the command line, for it too. on_return is called, from the keeper's thread, each time that a voice was
    started again.
    """

    def __init__(self, settings: Settings, options: tuple[str, ...], on_return: Callable[[], None]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="emotion-assistant-")
        self.socket = Path(self._folder.name) / "voice.sock"
        file = Path(self._folder.name) / "config.toml"
        file.write_text(to_toml(settings), "utf-8")
        self._command = [sys.executable, "-m", "assistant", *options, "voice", "--with-parent", "--config", str(file)]
        self._on_return, self._closing = on_return, threading.Event()
        self._child = self._start()
        self._thread = threading.Thread(target=self._keep, name="voice keeper", daemon=True)
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """End the voice: it may finish within `timeout_s` by itself, then it and its player are killed."""
        self._closing.set()
        child = self._child
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)
        if child.poll() is None:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(DIES_S)
        self._bury(child)
        self._thread.join(DIES_S)
        self._folder.cleanup()

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command,
            env={
                **{name: value for name, value in os.environ.items() if name not in MANAGERS},
                "EMOTION_ASSISTANT_SOCKET": str(self.socket),
                "EMOTION_ASSISTANT_CONTROL": str(control_socket()),
            },
            stdin=subprocess.PIPE,  # held open, never written: its end tells the voice that we are gone
            start_new_session=True,  # Ctrl-C is for us: the voice still has to say that we are stopping
        )

    def _keep(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            code = self._child.wait()
            if self._closing.is_set():
                return
            log.warning("voice: ended with exit code %d; starting it again", code)
            self._bury(self._child)
            if self._closing.wait(retry_s):
                return
            retry_s = min(2 * retry_s, LAST_RETRY_S)
            self._child = self._start()
            self._on_return()

    @staticmethod
    def _bury(child: "subprocess.Popen[bytes]") -> None:
        """No player of a voice that ended speaks on."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdin is not None:
            child.stdin.close()
