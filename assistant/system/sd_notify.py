"""What the service manager is told: that we are up, what keeps us, and, as long as it is so, that our work goes on.

Nothing here runs by itself: whoever does the work calls `alive` when a piece of it is done, so that a loop that hangs
falls silent and is started anew. Without $NOTIFY_SOCKET nobody has asked, and nothing is sent. See sd_notify(3).
"""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping

SHARE = 0.2
"""`alive` is passed on at most so often, in shares of the time after which silence counts as death."""


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
        self.limit_s = int(limit_us) / 1e6 if limit_us.isdecimal() and is_for_us else 0.0
        self._next = 0.0

    def ready(self) -> None:
        """The start is over; said once."""
        if not self._is_ready:
            self._is_ready = True
            self._send("READY=1")

    def status(self, text: str) -> None:
        """What it is doing, in a few words; said when it changes."""
        if text != self._status:
            self._status = text
            self._send(f"STATUS={text}")

    def alive(self) -> None:
        """A piece of the work was done."""
        now = self._clock()
        if self.limit_s and now >= self._next:
            self._next = now + SHARE * self.limit_s
            self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with contextlib.suppress(OSError, ValueError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as target:
            target.setblocking(False)
            target.sendto(message.encode("utf-8", "replace"), self._address)
