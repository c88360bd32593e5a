"""A private Unix socket server for lines, with one thread for all clients; those that misbehave are cut off."""

import contextlib
import errno
import logging
import os
import selectors
import socket
import stat
import time
from abc import abstractmethod
from pathlib import Path

from assistant.errors import IPCError
from assistant.ipc.line_connection import FLUSH_TIMEOUT_S, LineConnection, LineThread

log = logging.getLogger(__name__)

MAX_CLIENTS = 8
"""More clients at once are refused."""


class LineServer(LineThread):
    """Takes lines at `path` once its thread is started.

    The folder of the socket is made if it is missing (0750, as the unit makes it) and must not be writable for all.
    Raises IPCError if another assistant listens there, or the folder is not ours.
    """

    def __init__(self, name: str, path: Path, line_s: float, *, mode: int) -> None:
        """line_s: seconds within which a line must be finished. mode: permissions of the socket."""
        self._server = bind(path, mode)
        super().__init__(name)
        self._name, self._path, self._line_s = name, path, line_s
        self._selector.register(self._server, selectors.EVENT_READ)
        self._clients: list[LineConnection] = []
        self.refused = 0
        """How many clients were refused or cut off."""

    @property
    def is_working(self) -> bool:
        """Whether the thread that takes the lines is alive."""
        return self._thread.is_alive()

    @abstractmethod
    def _handle_line(self, client: LineConnection, line: bytes) -> None:
        """Handle a line. Raises IPCError to cut the client off."""

    def _accept_client(self, client: LineConnection) -> None:
        """A client has just connected. Raises IPCError to refuse it."""

    def _send_refusal(self, connection: socket.socket, error: IPCError) -> None:
        """Send the last thing that a client receives before it is cut off."""

    def _run(self) -> None:
        end_at: float | None = None
        while end_at is None or time.monotonic() < end_at:
            ready = self._wait(self._clients)
            if self._server in ready:
                self._accept()
            for client in tuple(self._clients):
                self._serve(client)
            if self._closing.is_set():
                end_at = end_at or time.monotonic() + FLUSH_TIMEOUT_S
                if not any(client.unsent for client in self._clients):
                    break
        for client in tuple(self._clients):
            self._detach(client)
            client.connection.close()
        self._server.close()
        self._path.unlink(missing_ok=True)
        self._release()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._server.accept()
            client = LineConnection(connection, self._line_s)
            try:
                if len(self._clients) >= MAX_CLIENTS:
                    raise IPCError("too many clients at once; try again")
                self._accept_client(client)
            except IPCError as err:
                self._refuse(connection, err)
                return
            self._selector.register(connection, selectors.EVENT_READ)
            with self._lock:
                self._clients.append(client)

    def _serve(self, client: LineConnection) -> None:
        try:
            with self._lock:
                try:
                    client.flush()
                except ConnectionError:  # it has closed its end; what it sent before that is still to be read
                    client.unsent.clear()
            if client.is_stalled:
                raise IPCError("a client that does not read")
            for line in client.receive(time.monotonic()):
                self._handle_line(client, line)
                if client not in self._clients:  # detached by `_handle_line`
                    return
        except IPCError as err:
            self._detach(client)
            self._refuse(client.connection, err)
        except OSError:
            self._detach(client)
            client.connection.close()

    def _detach(self, client: LineConnection) -> None:
        """Serve a client no longer; its connection stays open."""
        with self._lock:
            self._clients.remove(client)
        self._selector.unregister(client.connection)

    def _refuse(self, connection: socket.socket, error: IPCError) -> None:
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:  # the 1st, 2nd, 4th, 8th …: thousands must not fill the journal
            log.warning("%s: %s (%d clients refused so far)", self._name, error, self.refused)
        with contextlib.suppress(OSError):
            self._send_refusal(connection, error)
        connection.close()


def bind(path: Path, mode: int) -> socket.socket:
    """A socket that listens at `path`, in place of one that a crash has left there. mode: its permissions, for those
    whom its folder lets in. Raises IPCError."""
    with contextlib.ExitStack() as undo:
        server = undo.enter_context(socket.socket(socket.AF_UNIX))
        try:
            _make_folder(path.parent)
            folder = path.parent.stat()
            if folder.st_mode & stat.S_IWOTH or folder.st_uid not in (0, os.getuid()):
                raise IPCError(f"{path.parent}: others may write here; name a private one: EMOTION_ASSISTANT_SOCKET")
            with socket.socket(socket.AF_UNIX) as other:
                other.setblocking(False)
                if other.connect_ex(str(path)) in (0, errno.EAGAIN):  # EAGAIN: its queue of new clients is full
                    raise IPCError(f"{path}: another assistant is running; stop that one first")
            if path.exists() and not path.is_socket():
                raise IPCError(f"{path}: this is no socket; name another place: EMOTION_ASSISTANT_SOCKET")
            path.unlink(missing_ok=True)
            server.bind(str(path))
            path.chmod(mode)
            server.listen(MAX_CLIENTS)
        except OSError as err:
            shorter = "" if err.errno else "; name a shorter one: EMOTION_ASSISTANT_SOCKET"  # Python's own: no number
            raise IPCError(f"{path}: cannot listen here: {err.strerror or err}{shorter}") from err
        server.setblocking(False)
        undo.pop_all()
    return server


def _make_folder(folder: Path) -> None:
    """Make a folder that its group may enter, whatever the umask; one that is there stays as it is."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o750, parents=True)
        folder.chmod(0o750)
