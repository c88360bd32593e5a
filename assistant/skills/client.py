"""Asks the engines of the skills, each behind a socket; gives up in time, or as soon as nobody wants the answer."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import SkillError
from assistant.skills import protocol
from assistant.skills.session import SkillName
from assistant.skills.timed_connection import TimedConnection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONNECT_S = 1.0
"""Seconds to try again while the queue of new clients is full."""
RETRY_S = 0.05


class EngineClient:
    """Asks the engines whose sockets lie in a folder, NAME.sock each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def ask(
        self,
        skill: SkillName,
        request: Mapping[str, Any],
        image: NDArray[np.uint8] | None,
        limit_s: float,
        cancel: threading.Event,
    ) -> dict[str, Any]:
        """What an engine answers. Raises SkillError, see `session.Session.ask`; limit_s counts from when the engine is
        loaded, for which there are START_LIMIT_S."""
        content = protocol.encode_request(request, image, limit_s)
        try:
            with self._connect(skill, cancel) as connection:
                return _exchange(TimedConnection(connection, cancel), content, limit_s)
        except TimeoutError as err:
            raise SkillError(f"{skill}: no answer in time", "late") from err
        except OSError as err:
            raise SkillError(f"{skill}: its process ended: {err.strerror or err}") from err

    def _connect(self, skill: SkillName, cancel: threading.Event) -> socket.socket:
        path, until = self._folder / f"{skill}.sock", time.monotonic() + CONNECT_S
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.setblocking(False)
            error = connection.connect_ex(str(path))
            if not error:
                return connection
            connection.close()
            if error != errno.EAGAIN or time.monotonic() >= until:  # EAGAIN: its queue of new clients is full
                reason = "failed" if error == errno.EAGAIN else "missing"
                raise SkillError(f"{path}: {os.strerror(error)}; is the skill set up?", reason)
            cancel.wait(RETRY_S)


def _exchange(engine: TimedConnection, content: bytes, limit_s: float) -> dict[str, Any]:
    until = time.monotonic() + protocol.START_LIMIT_S
    with contextlib.suppress(ConnectionError):  # one that has refused the request may have said why
        engine.send(content, until)
    if (answer := protocol.decode_reply(engine.receive_line(until, protocol.MAX_REPLY_BYTES))) is not None:
        return answer
    until = time.monotonic() + limit_s
    if (answer := protocol.decode_reply(engine.receive_line(until, protocol.MAX_REPLY_BYTES))) is not None:
        return answer
    raise SkillError("an engine that is ready twice")
