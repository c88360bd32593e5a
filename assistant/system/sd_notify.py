"""Messages to the service manager: ready, status, watchdog, stopping; see sd_notify(3).

Nothing here runs by itself: the loop that does the work calls `alive` after each piece of it, so that a loop that hangs
sends no more watchdog messages and its process is restarted. Without $NOTIFY_SOCKET nothing is sent.
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping

WATCHDOG_SHARE = 0.2
"""Watchdog messages are at least this share of the watchdog's timeout apart."""


class Notifier:
    """Sends datagrams to $NOTIFY_SOCKET; never blocks, never fails."""

    def __init__(
        self, environment: Mapping[str, str] = os.environ, clock: Callable[[], float] = time.monotonic
    ) -> None:
        path = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self._clock, self._is_ready, self._status = clock, False, ""
        limit_us = environment.get("WATCHDOG_USEC", "")
        is_for_us = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self.watchdog_s = int(limit_us) / 1e6 if limit_us.isdecimal() and is_for_us else 0.0
        self._next = 0.0

    def ready(self) -> None:
        """The start is over; sent once."""
        if not self._is_ready:
            self._is_ready = True
            self._send("READY=1")

    def status(self, text: str) -> None:
        """What the process is doing, in a few words; sent when it changes."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def alive(self) -> None:
        """A piece of the work was done; resets the watchdog."""
        now = self._clock()
        if self.watchdog_s and now >= self._next:
            self._next = now + WATCHDOG_SHARE * self.watchdog_s
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The process has begun to end."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as target:
            target.setblocking(False)
            target.sendto(message.encode("utf-8", "replace"), self._address)
