"""A socket at a path that several clients may use: private, one thread for all, whoever misbehaves cut off, counted."""

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
from assistant.ipc.line_connection import FLUSH_S, Endpoint, Peer

log = logging.getLogger(__name__)

MAX_CLIENTS = 8


class Host(Endpoint):
    """Takes lines at `path` once its thread is started; a line must be finished within `line_s` seconds.

    The folder of the socket is made if it is missing (0750, as the unit makes it) and must not be writable for all.
    mode: of the socket. Raises IPCError if another assistant listens there, or the folder is not ours. refused: how
    many clients were turned away or cut off.
    """

    def __init__(self, name: str, path: Path, line_s: float, *, mode: int) -> None:
        self._server = bind(path, mode)
        super().__init__(name)
        self._name, self._path, self._line_s = name, path, line_s
        self._selector.register(self._server, selectors.EVENT_READ)
        self._peers: list[Peer] = []
        self.refused = 0

    @property
    def is_working(self) -> bool:
        """Whether the thread lives that takes what comes in."""
        return self._thread.is_alive()

    @abstractmethod
    def _take(self, peer: Peer, line: bytes) -> None:
        """A line that came in. Raises IPCError to cut its sender off."""

    def _welcome(self, peer: Peer) -> None:
        """A client that has just come. Raises IPCError to turn it away."""

    def _dismiss(self, connection: socket.socket, why: str) -> None:
        """The last that a client hears that is turned away or cut off."""

    def _run(self) -> None:
        end_at: float | None = None
        while end_at is None or time.monotonic() < end_at:
            stirred = self._wait(self._peers)
            if self._server in stirred:
                self._accept()
            for peer in tuple(self._peers):
                self._serve(peer)
            if self._closing.is_set():
                end_at = end_at or time.monotonic() + FLUSH_S
                if not any(peer.unsent for peer in self._peers):
                    break
        for peer in tuple(self._peers):
            self._let_go(peer)
            peer.connection.close()
        self._server.close()
        self._path.unlink(missing_ok=True)
        self._end()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._server.accept()
            peer = Peer(connection, self._line_s)
            try:
                if len(self._peers) >= MAX_CLIENTS:
                    raise IPCError("too many clients at once; try again")
                self._welcome(peer)
            except IPCError as err:
                self._refuse(connection, str(err))
                return
            self._selector.register(connection, selectors.EVENT_READ)
            with self._lock:
                self._peers.append(peer)

    def _serve(self, peer: Peer) -> None:
        try:
            with self._lock:
                try:
                    peer.flush()
                except ConnectionError:  # it has gone, and hears nothing more; what it said last is still to be taken
                    peer.unsent.clear()
            if peer.deaf:
                raise IPCError("a client that does not read")
            for line in peer.receive(time.monotonic()):
                self._take(peer, line)
                if peer not in self._peers:  # taken over by `_take`
                    return
        except IPCError as err:
            self._let_go(peer)
            self._refuse(peer.connection, str(err))
        except OSError:
            self._let_go(peer)
            peer.connection.close()

    def _let_go(self, peer: Peer) -> None:
        """From now on this client is not ours; its connection stays open."""
        with self._lock:
            self._peers.remove(peer)
        self._selector.unregister(peer.connection)

    def _refuse(self, connection: socket.socket, why: str) -> None:
        self.refused += 1
        if self.refused & (self.refused - 1) == 0:  # the 1st, 2nd, 4th, 8th …: thousands must not fill the journal
            log.warning("%s: %s (%d clients refused so far)", self._name, why, self.refused)
        with contextlib.suppress(OSError):
            self._dismiss(connection, why)
        connection.close()


def bind(path: Path, mode: int) -> socket.socket:
    """A socket that listens at `path`, in place of one that a crash has left there. mode: who may use it, of those whom
    its folder lets in. Raises IPCError."""
    with contextlib.ExitStack() as undo:
        server = undo.enter_context(socket.socket(socket.AF_UNIX))
        try:
            _make_folder(path.parent)
            folder = path.parent.stat()
            if folder.st_mode & stat.S_IWOTH or folder.st_uid not in (0, os.getuid()):
                raise IPCError(f"{path.parent}: others may write here; name a private one: EMOTION_ASSISTANT_SOCKET")
            with socket.socket(socket.AF_UNIX) as other:
                other.setblocking(False)
                if other.connect_ex(str(path)) in (0, errno.EAGAIN):  # EAGAIN: so many knock there already
                    raise IPCError(f"{path}: another assistant is running; stop that one first")
            if path.exists() and not path.is_socket():
                raise IPCError(f"{path}: this is no socket; name another place: EMOTION_ASSISTANT_SOCKET")
            path.unlink(missing_ok=True)
            server.bind(str(path))
            path.chmod(mode)
            server.listen(MAX_CLIENTS)
        except OSError as err:
            raise IPCError(f"{path}: cannot listen here: {err.strerror or err}") from err
        server.setblocking(False)
        undo.pop_all()
    return server


def _make_folder(folder: Path) -> None:
    """Make a folder that its group may enter, whatever the umask; one that is there stays as it is."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o750, parents=True)
        folder.chmod(0o750)
