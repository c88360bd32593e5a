"""Keeps a process of ours alive on a desktop, as the service manager does on the device: starts it, ends it when it
hangs, starts it again, and takes it along when we end."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from assistant.system.process_setup import EXIT_AGAIN

log = logging.getLogger(__name__)

FIRST_RETRY_S, LAST_RETRY_S = 0.2, 16.0
"""Pause before a process that ended is started again: the first, doubled up to the last."""
LIVED_S = 10.0
"""A process that lived for so long was well: the pauses begin anew."""
START_S, HANGS_S = 60.0, 5.0
"""A process hangs that is not ready after START_S, or then lets nothing be heard for HANGS_S (as in the units)."""
DIES_S = 0.2
"""A process that did not end by itself is given so long after SIGTERM."""
HEAR_S = 0.1
"""The end of a process is seen so late at the most."""


class Keeper:
    """One command of ours as a child process; it tells how it does over a socket of its own, see sd_notify(3).

    arguments: of our command line. folder: where that socket is made. on_end(why) is called, from the keeper's thread,
    each time that the process ended or was killed for hanging, on_return() each time that it was started again.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        *,
        on_end: Callable[[str], None] = lambda why: None,
        on_return: Callable[[], None] = lambda: None,
    ) -> None:
        self._name, self._on_end, self._on_return = name, on_end, on_return
        self._command = [sys.executable, *(["-I"] if sys.flags.isolated else []), "-m", "assistant", *arguments]
        path = folder / f"{name}.notify"
        self._heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._heard.bind(str(path))
        self._heard.settimeout(HEAR_S)
        told = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": str(round(HANGS_S * 1e6))}
        kept = {key: value for key, value in os.environ.items() if key != "WATCHDOG_PID"}
        self._environment = {**kept, **environment, **told}
        self._closing = threading.Event()
        self.is_ready = False
        self._child = self._start()
        self._thread = threading.Thread(target=self._keep, name=f"{name} keeper", daemon=True)
        self._thread.start()

    @property
    def is_working(self) -> bool:
        """Whether somebody looks after the process."""
        return self._thread.is_alive()

    def terminate(self) -> None:
        """Ask the process to end, and do not start it again."""
        self._closing.set()
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()

    def close(self, timeout_s: float) -> bool:
        """End it: it may finish within `timeout_s` by itself; else it is told to, and at last killed with all that it
        started, and the answer is False."""
        self._closing.set()
        child = self._child
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout_s)
        has_ended = child.poll() is not None
        if not has_ended:
            child.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(DIES_S)
        _bury(child)
        self._thread.join(HEAR_S + DIES_S)
        self._heard.close()
        return has_ended

    def _start(self) -> "subprocess.Popen[bytes]":
        self.is_ready = False
        return subprocess.Popen(
            self._command,
            env=self._environment,
            stdin=subprocess.PIPE,  # held open, never written: its end tells the process that we are gone
            start_new_session=True,  # Ctrl-C is for us: there are still words to be said
        )

    def _keep(self) -> None:
        retry_s = FIRST_RETRY_S
        while True:
            began = time.monotonic()
            why = self._watch(began)
            if self._closing.is_set():
                return
            _bury(self._child)
            if why:
                log.info("%s: %s; starting it again", self._name, why)
                self._on_end(why)
            if time.monotonic() - began >= LIVED_S:
                retry_s = FIRST_RETRY_S
            if self._closing.wait(retry_s):
                return
            retry_s = min(2 * retry_s, LAST_RETRY_S)
            try:
                self._child = self._start()
            except OSError as err:  # no memory for it, for one: the next try may have some
                log.warning("%s: could not be started: %s", self._name, err)
                continue
            if self._closing.is_set():  # told to end while it was being started
                self._child.terminate()
                return
            self._on_return()

    def _watch(self, began: float) -> str:
        """Wait until the process has ended or hangs, and say which; empty if it wants to be started afresh."""
        last = began
        while True:
            message = b""
            with contextlib.suppress(TimeoutError, OSError):
                message = self._heard.recv(4096)
            now = time.monotonic()
            if message:
                last = now
                self.is_ready = self.is_ready or message.startswith(b"READY=1")
            code = self._child.poll()
            if code == EXIT_AGAIN:
                return ""
            if code is not None:
                return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            if self._closing.is_set():
                return "told to end"
            if now - last > (HANGS_S if self.is_ready else START_S):
                return f"let nothing be heard for {now - last:.0f} s"


def _bury(child: "subprocess.Popen[bytes]") -> None:
    """Kill a process and all that it started; no player of a voice that ended speaks on."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stdin is not None:
        child.stdin.close()
