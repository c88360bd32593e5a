"""The process of one engine: takes requests at its socket, one at a time, and ends after idle minutes.

systemd starts it at the first request (emotion-assistant-skill@.socket), `run` does so on a desktop. It is expected to
die: a request that takes too long ends the process, whatever its libraries are doing, and the next one starts another.
"""

import contextlib
import faulthandler
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator

from assistant.errors import SkillError
from assistant.skills import protocol
from assistant.skills.session import Engine
from assistant.skills.timed_connection import TimedConnection
from assistant.system.sd_notify import Notifier

log = logging.getLogger(__name__)

IDLE_S = 180.0
"""Seconds without a request after which the process ends and its memory is free; loading it again takes a second."""
GRACE_S = 0.5
"""The process ends so much later than the client gives up, so that an answer in time is never cut off, seconds."""
TRANSFER_S = 5.0
"""Seconds in which a request must have come in, or a reply be taken."""
POLL_S = 0.5
"""A request to end is obeyed at most so much late, seconds."""
FIRST_FD = 3
"""The descriptor of the socket that systemd passes, see sd_listen_fds(3)."""
STDERR = 2
NO_MEMORY = -4
"""The code of a cv2.error for want of memory."""
NO_MEMORY_WORDS = ("bad_alloc", "cannot map zero-fill pages", "Cannot allocate memory", "failed to map segment")
"""What C++ and the dynamic linker say for want of memory."""


def passed_socket(descriptor: int | None) -> socket.socket:
    """The listening socket that was passed to this process: by `run` as `descriptor`, else by systemd. Raises
    SkillError."""
    if descriptor is None:
        is_passed = os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS") == "1"
        if not is_passed:
            raise SkillError("no socket was passed: this command is for emotion-assistant-skill@.socket and `run`")
        descriptor = FIRST_FD
    try:
        return socket.socket(fileno=descriptor)
    except OSError as err:
        raise SkillError(f"descriptor {descriptor} is no socket: {err.strerror}") from err


def serve(
    listener: socket.socket,
    open_engine: Callable[[], Engine],
    stop: threading.Event,
    *,
    idle_s: float = IDLE_S,
    notifier: Notifier | None = None,
) -> None:
    """Answer requests until `stop` is set, until idle_s seconds without one, or until the engine cannot be used any
    more: it could not be loaded, or memory was not enough."""
    service, notifier = _Service(open_engine), notifier or Notifier()
    idle_until = time.monotonic() + idle_s
    notifier.ready()
    with contextlib.closing(service):
        while not stop.is_set() and not service.is_spent and time.monotonic() < idle_until:
            notifier.alive()
            wait_s = min(POLL_S, idle_until - time.monotonic())
            if not select.select([listener], [], [], max(0.0, wait_s))[0]:
                continue
            with listener.accept()[0] as connection:
                notifier.alive()
                service.answer(TimedConnection(connection))
            idle_until = time.monotonic() + idle_s


class _Service:
    """The engine, loaded at the first request."""

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self._open_engine = open_engine
        self._engine: Engine | None = None
        self.is_spent = False
        """Whether only a new process can go on."""

    def answer(self, client: TimedConnection) -> None:
        """Take one request and answer it."""
        try:
            reply = self._reply(client)
        except SkillError as err:
            log.warning("%s", err)
            reply = protocol.encode_error(err)
        except OSError:  # the client is gone, or too slow
            return
        except MemoryError:  # not even for the picture
            self.is_spent = True
            reply = protocol.encode_error(SkillError("not enough memory for the request", "memory"))
        with contextlib.suppress(OSError):
            client.send(reply, time.monotonic() + TRANSFER_S)

    def close(self) -> None:
        """Close the engine, if it was opened."""
        if self._engine is not None:
            self._engine.close()

    def _reply(self, client: TimedConnection) -> bytes:
        until = time.monotonic() + TRANSFER_S
        header = protocol.decode_header(client.receive_line(until, protocol.MAX_REQUEST_BYTES))
        image = protocol.picture(header, client.receive_bytes(header.picture_bytes, until))
        if self._engine is None:
            with self._work(protocol.START_LIMIT_S):
                self._engine = self._open()
        client.send(protocol.encode_ready(), time.monotonic() + TRANSFER_S)
        with self._work(header.limit_s):
            return protocol.encode_answer(self._engine.handle(header.request, image))

    def _open(self) -> Engine:
        try:
            return self._open_engine()
        except BaseException:
            self.is_spent = True  # what was imported by half stays so, and the next process may find the weights
            raise

    @contextlib.contextmanager
    def _work(self, limit_s: float) -> Iterator[None]:
        """End the process where this takes longer than limit_s: not even a library that hangs can prevent that. Every
        error becomes a SkillError."""
        faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True, file=STDERR)
        try:
            yield
        except Exception as err:  # of any library
            if _is_out_of_memory(err):
                self.is_spent = True
                raise SkillError(f"not enough memory: {err}", "memory") from err
            if isinstance(err, SkillError):
                raise
            if isinstance(err, ImportError):
                raise SkillError(f"a library is missing: {err}", "missing") from err
            log.warning("the engine failed", exc_info=True)
            raise SkillError(f"{type(err).__name__}: {err}") from err
        finally:
            faulthandler.cancel_dump_traceback_later()


def _is_out_of_memory(err: BaseException | None) -> bool:
    """Whether an error, or what caused it, is a lack of memory: engines take what OpenCV says for a wrong file."""
    if err is None:
        return False
    is_itself = isinstance(err, MemoryError) or getattr(err, "code", None) == NO_MEMORY
    return is_itself or any(word in str(err) for word in NO_MEMORY_WORDS) or _is_out_of_memory(err.__cause__)
