"""A terminal's keyboard in place of a button, where no assistant runs: the digits 1 to 4 are the gestures.

A terminal tells that a key was pressed, and not for how long; so each gesture has a key of its own. Enter is a short
press as well, Escape and q end the guide.
"""

import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator

from assistant.voice.controls.button_map import MAIN_BUTTON, Press
from assistant.voice.controls.gestures import Gesture

NAME = "keyboard"
"""The key that the keyboard stands for."""
POLL_S = 0.1
"""How often the end is looked for while nothing is typed."""
GESTURES = {**dict(zip("1234", Gesture, strict=True)), "\n": Gesture.SHORT, "\r": Gesture.SHORT}
"""What each character stands for."""
ENDS = ("q", "\x1b")
"""What ends the guide, like a long press."""


def is_there() -> bool:
    """Whether somebody can type."""
    return os.name == "posix" and sys.stdin is not None and sys.stdin.isatty()


def to_press(character: str) -> Press | None:
    """The press for which a character stands."""
    gesture = GESTURES.get(character)
    return Press(NAME, gesture, MAIN_BUTTON[gesture]) if gesture else None


@contextlib.contextmanager
def typed_presses(take: Callable[[Press], object], leave: Callable[[], object]) -> Iterator[None]:
    """Give each typed press to `take`, and call `leave` for one of ENDS, on a thread of its own, until the end of the
    block."""
    import termios
    import tty

    source, closing = sys.stdin.fileno(), threading.Event()

    def read() -> None:
        while not closing.is_set():
            if select.select([source], [], [], POLL_S)[0]:
                typed = os.read(source, 64).decode("utf-8", "replace")
                if not typed:
                    return
                for character in typed:
                    if character in ENDS:
                        leave()
                    elif press := to_press(character):
                        take(press)

    before = termios.tcgetattr(source)
    tty.setcbreak(source)
    thread = threading.Thread(target=read, name="keyboard", daemon=True)
    try:
        thread.start()
        yield
    finally:
        closing.set()
        thread.join(1.0)
        termios.tcsetattr(source, termios.TCSANOW, before)
