"""The thread that turns presses into commands, for whatever is pressed."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from assistant.voice.controls import Do, ask
from assistant.voice.controls.button_map import Row
from assistant.voice.controls.gestures import Contact, Gesture

log = logging.getLogger(__name__)

END_S = 1.2
"""`close` waits so long for a command that is being done."""


class Presses:
    """Takes what happens to the buttons of `rows`, by name, from any thread, and has done what the presses ask for.

    A press is stamped when it comes in: however long a command takes, the next press is still known for what it was.
    """

    def __init__(
        self,
        rows: Mapping[str, Row],
        do: Do,
        *,
        settle_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rows, self._do, self._clock = rows, do, clock
        self._contacts = {name: Contact(row, settle_s) for name, row in rows.items()}
        self._came: SimpleQueue[tuple[str, bool | None, float] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presses", daemon=True)
        self._thread.start()

    def put(self, name: str, *, is_down: bool) -> None:
        """A button went down or up just now."""
        self._came.put((name, is_down, self._clock()))

    def forget(self, name: str) -> None:
        """A button is gone: it is neither held nor was it let go."""
        self._came.put((name, None, self._clock()))

    def look(self) -> None:
        """Look at the clock at once, which is otherwise done when something is due."""
        self._came.put(None)

    def close(self) -> None:
        """Do no more commands."""
        self._closing.set()
        self.look()
        self._thread.join(END_S)

    def _run(self) -> None:
        while True:
            item = self._next()
            if self._closing.is_set():
                return
            if item is None:
                for name, contact in self._contacts.items():
                    self._act(name, contact.look(self._clock()))
                continue
            name, is_down, at = item
            if is_down is None:
                self._contacts[name].forget()
            else:
                self._act(name, self._contacts[name].feed(is_down, at))

    def _next(self) -> tuple[str, bool | None, float] | None:
        """What came in, else None when something is due: what came in is older, so it goes first."""
        dues = [contact.due for contact in self._contacts.values()]
        due = min((due for due in dues if due is not None), default=None)
        try:
            return self._came.get(timeout=None if due is None else max(0.0, due - self._clock()))
        except Empty:
            return None

    def _act(self, name: str, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            command = self._rows[name].get(gesture)
            if command is not None:
                log.info("%s, %s: %s", name, gesture, command)
                ask(self._do, command)
