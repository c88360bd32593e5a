"""The thread that turns the presses of buttons and keys into commands."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

from assistant.voice.controls import RunCommand, run_safely
from assistant.voice.controls.button_map import GestureCommands, Press, TakePress, take_none
from assistant.voice.controls.gestures import Gesture, GestureRecognizer

log = logging.getLogger(__name__)

CLOSE_TIMEOUT_S = 1.2
"""`close` waits at most so long for a command that is being carried out."""


class PressDispatcher:
    """Takes level changes of named buttons from any thread, and carries out the commands of their gestures on its own.

    A change gets its time stamp when it comes in: however long a command takes, the next press is still recognized for
    what it was.
    """

    def __init__(
        self,
        buttons: Mapping[str, GestureCommands],
        run_command: RunCommand,
        *,
        debounce_s: float,
        take_press: TakePress = take_none,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """buttons: the commands of each, by name. run_command: carries one out, unless take_press takes the press.
        debounce_s: `gestures.DEBOUNCE_S`."""
        self._buttons, self._run_command, self._take_press, self._clock = buttons, run_command, take_press, clock
        self._recognizers = {name: GestureRecognizer(commands, debounce_s) for name, commands in buttons.items()}
        self._incoming: SimpleQueue[tuple[str, bool | None, float] | None] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="presses", daemon=True)
        self._thread.start()

    def put(self, name: str, *, is_down: bool) -> None:
        """The button of that name went down or up just now."""
        self._incoming.put((name, is_down, self._clock()))

    def reset(self, name: str) -> None:
        """The device of that button is gone: the button is neither held nor was it released."""
        self._incoming.put((name, None, self._clock()))

    def poll(self) -> None:
        """Read the clock at once; otherwise that is done when a gesture is due."""
        self._incoming.put(None)

    def close(self) -> None:
        """Carry out no more commands."""
        self._closing.set()
        self.poll()
        self._thread.join(CLOSE_TIMEOUT_S)

    def _run(self) -> None:
        while True:
            item = self._next()
            if self._closing.is_set():
                return
            if item is None:
                for name, recognizer in self._recognizers.items():
                    self._carry_out(name, recognizer.poll(self._clock()))
                continue
            name, is_down, at = item
            if is_down is None:
                self._recognizers[name].reset()
            else:
                self._carry_out(name, self._recognizers[name].feed(is_down, at))

    def _next(self) -> tuple[str, bool | None, float] | None:
        """The next change that came in, else None when a gesture is due: what came in is older, so it goes first."""
        deadlines = [recognizer.next_deadline for recognizer in self._recognizers.values()]
        first = min((deadline for deadline in deadlines if deadline is not None), default=None)
        try:
            return self._incoming.get(timeout=None if first is None else max(0.0, first - self._clock()))
        except Empty:
            return None

    def _carry_out(self, name: str, gestures: list[Gesture]) -> None:
        for gesture in gestures:
            command = self._buttons[name].get(gesture)
            if command is not None and not self._is_taken(Press(name, gesture, command)):
                log.info("%s, %s: %s", name, gesture, command)
                run_safely(self._run_command, command)

    def _is_taken(self, press: Press) -> bool:
        try:
            return self._take_press(press)
        except Exception:  # a guide that fails must not end the thread that reads the buttons
            log.exception("%s, %s", press.key, press.gesture)
            return False
