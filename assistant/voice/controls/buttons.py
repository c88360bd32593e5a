"""Push buttons on the pins of a Raspberry Pi, through gpiozero."""

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from assistant.voice.controls import Do
from assistant.voice.controls.button_map import BUTTONS
from assistant.voice.controls.gestures import SETTLE_S
from assistant.voice.controls.pins import opening, own_factory
from assistant.voice.controls.presses import Presses


class Buttons:
    """One to three buttons, each between its pin (BCM number) and ground; what they do is in `layout.BUTTONS`.

    factory: gpiozero's pins; else those that GPIOZERO_PIN_FACTORY names, else lgpio's, and no others: gpiozero itself
    would go on to try one that wants a network. Raises ControlError if the pins cannot be used.
    """

    def __init__(
        self, pins: Sequence[int], do: Do, *, factory: Any = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._own_factory: Any = None
        self._buttons: list[Any] = []
        rows = {f"button {number}": row for number, row in enumerate(BUTTONS[len(pins)], 1)}
        with opening(f"buttons at pins {', '.join(map(str, pins))}") as gpiozero, contextlib.ExitStack() as undo:
            self._presses = Presses(rows, do, settle_s=SETTLE_S, clock=clock)
            undo.callback(self.close)
            if factory is None:
                factory = self._own_factory = own_factory()
            for name, pin in zip(rows, pins, strict=True):
                # No bounce_time: gpiozero would wait with its own clock, and `gestures` settles contacts itself.
                button = gpiozero.Button(pin, pull_up=True, pin_factory=factory)
                self._buttons.append(button)
                self._watch(button, name)
            undo.pop_all()

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
