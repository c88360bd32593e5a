"""The light that tells bystanders that the camera is open: a LED on a pin, through gpiozero.

The voice switches it, which has the pins; vision, which has the camera, may touch neither pins nor sound.
"""

import contextlib
from typing import Any

from assistant.voice.controls.pins import opening, own_factory


class Light:
    """A LED between its pin (BCM number) and ground, dark at first. factory: gpiozero's pins, else see
    `pins.own_factory`. Raises ControlError if the pin cannot be used."""

    def __init__(self, pin: int, *, factory: Any = None) -> None:
        self._own_factory: Any = None
        self._led: Any = None
        self._name = f"camera light at pin {pin}"
        with opening(self._name) as gpiozero, contextlib.ExitStack() as undo:
            undo.callback(self.close)
            if factory is None:
                factory = self._own_factory = own_factory()
            self._led = gpiozero.LED(pin, pin_factory=factory)
            undo.pop_all()

    def show(self, *, is_lit: bool) -> None:
        """Have it lit or dark. Raises ControlError where the pin does not obey."""
        if self._led is not None:
            with opening(self._name):
                (self._led.on if is_lit else self._led.off)()

    def close(self) -> None:
        """Dark, and the pin let go."""
        led, self._led = self._led, None
        if led is not None:
            led.close()
        if self._own_factory is not None:
            self._own_factory.close()
