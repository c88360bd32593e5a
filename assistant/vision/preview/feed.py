"""Sends what the vision loop sees to the window of the preview, newest first, and never makes the loop wait.

The loop leaves a frame in a slot; another thread shrinks and sends it. Where there is no window, or it hangs or has
ended, frames are dropped.
"""

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from assistant.phrases import Phrases
from assistant.records import Frame, Utterance
from assistant.vision import marks
from assistant.vision.detectors import shrink
from assistant.vision.preview.message import Preview, encoded
from assistant.vision.queries.snapshot import SceneSnapshot
from assistant.vision.step import Step

log = logging.getLogger(__name__)

SEND_LIMIT_S = 1.0
"""A window that does not take a frame within this time hangs; its connection is closed."""
RETRY_S = 1.0
"""From one try to reach a window to the next."""
MIN_INTERVAL_S = 1 / 15
"""Between two frames that are sent: more cost power, and show nothing new."""
LONG_SIDE = 1280
"""Larger frames are sent smaller, pixels."""
CLOSE_LIMIT_S = 0.3
"""How long the end of the thread is awaited."""


class _Seen(NamedTuple):
    frame: Frame
    step: Step
    snapshot: SceneSnapshot | None


class PreviewFeed:
    """`offer`, `say` and `close` may be called from any thread, and return at once."""

    def __init__(self, path: Path, labels: Callable[[], Sequence[str]], phrases: Phrases, rate_wpm: int) -> None:
        """path: of the window's socket. labels: of the expression model in use. rate_wpm: that of the voice."""
        self._path, self._labels, self._phrases, self._rate_wpm = path, labels, phrases, rate_wpm
        self._changed, self._is_closing = threading.Condition(), False
        self._newest: _Seen | None = None
        self._is_new = False
        self._said, self._said_until = "", 0.0
        self._connection: socket.socket | None = None
        self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)
        self._thread.start()

    def offer(self, frame: Frame, step: Step, snapshot: SceneSnapshot | None) -> None:
        """A frame was processed: it replaces one that was not sent yet."""
        with self._changed:
            self._newest, self._is_new = _Seen(frame, step, snapshot), True
            self._changed.notify()

    def say(self, utterance: Utterance) -> None:
        """A sentence was given to the voice; it is shown for about as long as its words take."""
        with self._changed:
            self._said = utterance.text
            self._said_until = time.monotonic() + 1.0 + len(utterance.text.split()) * 60 / self._rate_wpm
            self._is_new = self._newest is not None
            self._changed.notify()

    def close(self) -> None:
        """End the thread, and the connection."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join(CLOSE_LIMIT_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_new or self._is_closing)
                if self._is_closing:
                    break
                newest, self._is_new = self._newest, False
                said = self._said if time.monotonic() < self._said_until else ""
            assert newest is not None
            try:
                self._send(newest, said)
            except OSError as err:
                log.debug("preview: %s", err)
                self._disconnect()
            except Exception:  # what cannot be shown must not end the assistant, nor the preview of what follows
                log.warning("preview: a frame could not be sent", exc_info=True)
                self._disconnect()
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing, MIN_INTERVAL_S)
        self._disconnect()

    def _send(self, seen: _Seen, said: str) -> None:
        if self._connection is None and not self._connect():
            return
        assert self._connection is not None
        frame = seen.frame
        picture, factor = shrink(frame.image if frame.colour is None else frame.colour(), LONG_SIDE)
        found = marks.marked_faces(seen.step, seen.snapshot, self._labels(), self._phrases)
        faces = tuple(face.moved(1 / factor) for face in found)
        for part in encoded(Preview(picture, faces, said)):
            self._connection.sendall(part)

    def _connect(self) -> bool:
        now = time.monotonic()
        if now < self._retry_at:
            return False
        self._retry_at = now + RETRY_S
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SEND_LIMIT_S)
        try:
            connection.connect(str(self._path))
        except OSError:  # there is no window yet, or no longer
            connection.close()
            return False
        self._connection = connection
        return True

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()
