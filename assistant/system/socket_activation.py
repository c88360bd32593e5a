"""Starts a process of the assistant on a desktop when somebody connects to its socket, as systemd's socket units do on
the device, and again after it has ended."""

import contextlib
import logging
import os
import select
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from assistant.system.child_process import kill_process_group, python_command

log = logging.getLogger(__name__)

BACKLOG = 4
"""So many clients may wait while the process starts or works."""
WATCHDOG_S = 90.0
"""A process that lets nothing be heard for so long hangs, and is killed; as in emotion-assistant-skill@.service."""
POLL_S = 0.05
"""The end of a process is noticed at most this much late."""
RESTART_PAUSE_S = 1.0
"""Seconds between two starts."""
SHORT_LIFE_S = 3.0
"""A process that fails earlier than this may never have come to its socket: those that wait there are sent away, for
they would start it again without end."""


class SocketActivatedProcess:
    """One command of emotion-assistant, with `--socket-fd` and `--with-parent` behind its arguments, behind a socket of
    its own. Nothing runs but a sleeping thread until somebody connects."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], path: Path) -> None:
        """name: for the log. arguments: of emotion-assistant's command line. path: of the socket. Raises OSError."""
        self._name, self._arguments = name, arguments
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(BACKLOG)
        self._messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        messages = path.with_suffix(".notify")
        self._messages.bind(str(messages))
        self._messages.settimeout(POLL_S)
        notify = {"NOTIFY_SOCKET": str(messages), "WATCHDOG_USEC": str(round(WATCHDOG_S * 1e6))}
        kept = {key: value for key, value in os.environ.items() if key != "WATCHDOG_PID"}
        self._environment = {**kept, **environment, **notify}
        self._closing = threading.Event()
        self._woken, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=f"{name} activation", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the process, if it runs, for good."""
        self._closing.set()
        self._waker.send(b"\0")
        self._thread.join(2 * POLL_S + 1.0)
        for each in (self._listener, self._messages, self._woken, self._waker):
            each.close()

    def _run(self) -> None:
        while True:
            select.select([self._listener, self._woken], [], [])
            if self._closing.is_set():
                return
            try:
                child = self._start()
            except OSError as err:  # no memory for it, for one
                log.warning("%s: could not be started: %s", self._name, err)
            else:
                began = time.monotonic()
                self._wait_for_end(child)
                kill_process_group(child)  # with what it has started
                child.wait()
                assert child.stdin
                child.stdin.close()
                if child.returncode and time.monotonic() - began < SHORT_LIFE_S:
                    self._send_away()
            if self._closing.wait(RESTART_PAUSE_S):
                return

    def _start(self) -> "subprocess.Popen[bytes]":
        number = self._listener.fileno()
        return subprocess.Popen(
            python_command("-m", "assistant", *self._arguments, "--with-parent", "--socket-fd", str(number)),
            env=self._environment,
            pass_fds=[number],
            stdin=subprocess.PIPE,  # held open, never written: its end tells the process that this one is gone
            start_new_session=True,
        )

    def _send_away(self) -> None:
        self._listener.setblocking(False)
        with contextlib.suppress(OSError):  # nobody waits any more
            while True:
                self._listener.accept()[0].close()
        self._listener.setblocking(True)

    def _wait_for_end(self, child: "subprocess.Popen[bytes]") -> None:
        """Wait until the process has ended, hangs or is to end."""
        last = time.monotonic()
        while child.poll() is None and not self._closing.is_set():
            with contextlib.suppress(TimeoutError, OSError):
                self._messages.recv(4096)
                last = time.monotonic()
            if time.monotonic() - last > WATCHDOG_S:
                log.warning("%s: let nothing be heard for %.0f s", self._name, time.monotonic() - last)
                return
        if child.returncode:
            log.info("%s: ended with exit code %d", self._name, child.returncode)
