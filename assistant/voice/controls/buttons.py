"""Push buttons on the pins of a Raspberry Pi, through gpiozero."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from assistant.records import ControlError
from assistant.voice.controls import Do
from assistant.voice.controls.gestures import SETTLE_S
from assistant.voice.controls.layout import BUTTONS
from assistant.voice.controls.presses import Presses


class Buttons:
    """One to three buttons, each between its pin (BCM number) and ground; what they do is in `layout.BUTTONS`.

    factory: gpiozero's pins; else those that GPIOZERO_PIN_FACTORY names, else lgpio's, and no others: gpiozero itself
    would go on to try one that wants a network. Raises ControlError if the pins cannot be used.
    """

    def __init__(
        self, pins: Sequence[int], do: Do, *, factory: Any = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        try:
            import gpiozero
        except ImportError as err:
            raise ControlError(f"buttons: {err}; install it: sudo apt install python3-gpiozero python3-lgpio") from err
        self._own_factory: Any = None
        self._buttons: list[Any] = []
        rows = {f"button {number}": row for number, row in enumerate(BUTTONS[len(pins)], 1)}
        self._presses = Presses(rows, do, settle_s=SETTLE_S, clock=clock)
        expected: tuple[type[Exception], ...] = (gpiozero.GPIOZeroError, OSError, ImportError)
        try:
            if factory is None and "GPIOZERO_PIN_FACTORY" not in os.environ:
                lgpio = _lgpio()
                expected += (lgpio.error,)
                from gpiozero.pins.lgpio import LGPIOFactory

                factory = self._own_factory = LGPIOFactory()
            for name, pin in zip(rows, pins, strict=True):
                # No bounce_time: gpiozero would wait with its own clock, and `gestures` settles contacts itself.
                button = gpiozero.Button(pin, pull_up=True, pin_factory=factory)
                self._buttons.append(button)
                self._watch(button, name)
        except expected as err:
            self.close()
            raise ControlError(f"buttons at pins {', '.join(map(str, pins))}: {err or type(err).__name__}") from err

    def close(self) -> None:
        """Let the pins go."""
        for button in self._buttons:
            button.close()
        if self._own_factory is not None:
            self._own_factory.close()
        self._presses.close()

    def _watch(self, button: Any, name: str) -> None:
        def pressed() -> None:
            self._presses.put(name, is_down=True)

        def released() -> None:
            self._presses.put(name, is_down=False)

        button.when_pressed, button.when_released = pressed, released


def _lgpio() -> Any:
    """lgpio. On import it makes a pipe in the working directory, which a service may not write to, or goes to the
    folder that LG_WD names and stays there; it is given one for that moment, and afterwards we are where we were."""
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    named = os.environ.get("LG_WD")
    try:
        with tempfile.TemporaryDirectory(prefix="emotion-assistant-lgpio-") as folder:
            os.environ["LG_WD"] = folder
            import lgpio
    finally:
        os.fchdir(here)
        os.close(here)
        if named is None:
            os.environ.pop("LG_WD", None)
        else:
            os.environ["LG_WD"] = named
    return lgpio
