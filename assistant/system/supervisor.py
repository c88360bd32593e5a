"""Supervises a process of the assistant on a desktop, as the service manager does on the device: starts it, kills it
when it hangs, restarts it, and ends it when the supervisor ends."""

import contextlib
import logging
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assistant.system.child_process import kill_process_group, python_command
from assistant.system.process_setup import EXIT_RESTART

log = logging.getLogger(__name__)

MIN_BACKOFF_S, MAX_BACKOFF_S = 0.2, 16.0
"""Pause before a process that ended is restarted: the first, doubled each time up to the last."""
HEALTHY_AFTER_S = 10.0
"""After a process has lived this long, the backoff starts again at MIN_BACKOFF_S."""
START_TIMEOUT_S, WATCHDOG_S = 60.0, 5.0
"""A process hangs that is not ready after START_TIMEOUT_S, or then sends nothing for WATCHDOG_S (as in the units)."""
TERM_GRACE_S = 0.2
"""From SIGTERM to SIGKILL, for a process that did not end by itself."""
POLL_S = 0.1
"""The end of a process is noticed at most this much late."""


class ProcessSupervisor:
    """One command of emotion-assistant as a child process, which reports over a socket of its own, see sd_notify(3)."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        on_exit: Callable[[str], None] = lambda reason: None,
        on_restart: Callable[[], None] = lambda: None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """name: for the log. arguments: of emotion-assistant's command line. folder: where the socket is made.

        on_exit(reason) is called, on the supervisor's thread, each time that the process ended or was killed because it
        hung, on_restart() each time that it was restarted, and on_ready() each time that it has become ready.
        """
        self._name, self._on_exit, self._on_restart, self._on_ready = name, on_exit, on_restart, on_ready
        self._command = python_command("-m", "assistant", *arguments)
        path = folder / f"{name}.notify"
        self._messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._messages.bind(str(path))
        self._messages.settimeout(POLL_S)
        notify = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6))}
        kept = {key: value for key, value in os.environ.items() if key != "WATCHDOG_PID"}
        self._environment = {**kept, **environment, **notify}
        self._closing = threading.Event()
        self.is_ready = False
        self._child = self._start()
        self._thread = threading.Thread(target=self._supervise, name=f"{name} supervisor", daemon=True)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether the supervisor's thread runs."""
        return self._thread.is_alive()

    def terminate(self) -> None:
        """Send SIGTERM, and do not restart the process."""
        self._closing.set()
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()

    def close(self, timeout_s: float) -> bool:
        """End the process for good. It has `timeout_s` to end by itself; else it gets SIGTERM, then SIGKILL together
        with every process that it started. Returns whether it ended by itself."""
        self._closing.set()
        child = self._child
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)
        has_ended = child.poll() is not None
        if not has_ended:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(TERM_GRACE_S)
        _kill_group(child)
        self._thread.join(POLL_S + TERM_GRACE_S)
        self._messages.close()
        return has_ended

    def _start(self) -> "subprocess.Popen[bytes]":
        self.is_ready = False
        return subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,  # held open, never written: its end tells the process that this one is gone
            start_new_session=True,  # Ctrl-C is for this process: the child must still announce its end
        )

    def _supervise(self) -> None:
        backoff_s = MIN_BACKOFF_S
        while True:
            began = time.monotonic()
            reason = self._wait_for_exit(began)
            if self._closing.is_set():
                return
            _kill_group(self._child)
            if reason:
                log.info("%s: %s; restarting it", self._name, reason)
                self._on_exit(reason)
            if time.monotonic() - began >= HEALTHY_AFTER_S:
                backoff_s = MIN_BACKOFF_S
            if self._closing.wait(backoff_s):
                return
            backoff_s = min(2 * backoff_s, MAX_BACKOFF_S)
            try:
                self._child = self._start()
            except OSError as err:  # no memory for it, for one: the next try may have some
                log.warning("%s: could not be started: %s", self._name, err)
                continue
            if self._closing.is_set():  # told to end while it was being started
                self._child.terminate()
                return
            self._on_restart()

    def _wait_for_exit(self, began: float) -> str:
        """Wait until the process has ended or hangs. Returns which, for the log; empty if it asked to be restarted."""
        last = began
        while True:
            message = b""
            with contextlib.suppress(TimeoutError, OSError):
                message = self._messages.recv(4096)
            now = time.monotonic()
            if message:
                last = now
                if message.startswith(b"READY=1") and not self.is_ready:
                    self.is_ready = True
                    self._on_ready()
            code = self._child.poll()
            if code == EXIT_RESTART:
                return ""
            if code is not None:
                return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            if self._closing.is_set():
                return "told to end"
            if now - last > (WATCHDOG_S if self.is_ready else START_TIMEOUT_S):
                return f"let nothing be heard for {now - last:.0f} s"


def _kill_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that it started, so that no player of a voice that ended plays on."""
    kill_process_group(child)
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
