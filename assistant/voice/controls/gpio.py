"""Devices on the GPIO pins of a Raspberry Pi, through gpiozero on lgpio: push buttons, the camera's LED, a motor."""

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from assistant.errors import ControlError
from assistant.voice.controls import RunCommand
from assistant.voice.controls.button_map import BUTTONS, GestureCommands, TakePress, take_none
from assistant.voice.controls.gestures import DEBOUNCE_S
from assistant.voice.controls.presses import PressDispatcher


class Buttons:
    """One to four push buttons, each between its pin and ground; `button_map.BUTTONS` says what they do."""

    def __init__(
        self,
        pins: Sequence[int],
        run_command: RunCommand,
        *,
        take_press: TakePress = take_none,
        factory: Any = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open the pins and watch them; a pin that cannot be used leaves the other buttons what they are.

        Raises ControlError if none can be used.

        pins: BCM numbers. factory: gpiozero's pin factory; None: see `lgpio_factory`.
        """
        self._own_factory: Any = None
        self._buttons: list[Any] = []
        self.keys: dict[str, GestureCommands] = {}
        """The buttons that work, by name, with what they do."""
        self.refused = ""
        """Which pins cannot be used, and why; empty where all can."""
        commands = {f"button {number}": row for number, row in enumerate(BUTTONS[len(pins)], 1)}
        with using_gpiozero(f"buttons at pins {', '.join(map(str, pins))}") as gpiozero, contextlib.ExitStack() as undo:
            self._presses = PressDispatcher(
                commands, run_command, debounce_s=DEBOUNCE_S, take_press=take_press, clock=clock
            )
            undo.callback(self.close)
            if factory is None:
                factory = self._own_factory = lgpio_factory()
            errors: dict[int, Exception] = {}
            for name, pin in zip(commands, pins, strict=True):
                try:
                    # No bounce_time: gpiozero would wait by its own clock, and `gestures` debounces.
                    button = gpiozero.Button(pin, pull_up=True, pin_factory=factory)
                except _gpio_errors(gpiozero) as err:
                    errors[pin] = err
                    continue
                self._buttons.append(button)
                self.keys[name] = commands[name]
                self._watch(button, name)
            if not self._buttons:
                raise next(iter(errors.values()))
            self.refused = "; ".join(f"button at pin {pin}: {err or type(err).__name__}" for pin, err in errors.items())
            undo.pop_all()

    def close(self) -> None:
        """Release the pins."""
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


WINK_ON_S, WINK_OFF_S = 1.8, 0.2
"""Seconds on and off of a camera LED that winks."""


class CameraLed:
    """The LED that shows bystanders that the camera is open; off at first. Where friends are recognized it winks.

    The voice process switches it: it has the pins, while the vision process, which has the camera, may touch neither
    pins nor sound.
    """

    def __init__(self, pin: int, *, winks: bool = False, factory: Any = None) -> None:
        """Open the pin. Raises ControlError if it cannot be used.

        pin: BCM number; the LED is between it and ground. winks: instead of being lit it goes out for a moment every
        two seconds. factory: gpiozero's pin factory; None: see `lgpio_factory`.
        """
        self._own_factory: Any = None
        self._led: Any = None
        self._name, self._winks = f"camera light at pin {pin}", winks
        with using_gpiozero(self._name) as gpiozero, contextlib.ExitStack() as undo:
            undo.callback(self.close)
            if factory is None:
                factory = self._own_factory = lgpio_factory()
            self._led = gpiozero.LED(pin, pin_factory=factory)
            undo.pop_all()

    def switch(self, *, is_on: bool) -> None:
        """Turn it on or off. Raises ControlError where the pin cannot be set."""
        if self._led is not None:
            with using_gpiozero(self._name):
                if is_on and self._winks:
                    self._led.blink(WINK_ON_S, WINK_OFF_S)
                else:
                    (self._led.on if is_on else self._led.off)()

    def close(self) -> None:
        """Turn it off and release the pin."""
        led, self._led = self._led, None
        if led is not None:
            led.close()
        if self._own_factory is not None:
            self._own_factory.close()


class VibrationMotor:
    """A vibration motor behind a transistor or a driver, at rest at first. Any pin will do: lgpio switches it."""

    STRENGTH, FREQUENCY_HZ = 0.9, 100
    """Duty cycle and frequency of the pulses. The motor does not get the full supply voltage, so that a motor with a
    high starting current does not pull the board's voltage down."""

    def __init__(self, pin: int, *, factory: Any = None) -> None:
        """Open the pin. Raises ControlError if it cannot be used.

        pin: BCM number. factory: gpiozero's pin factory; None: see `lgpio_factory`.
        """
        self._own_factory: Any = None
        self._output: Any = None
        self._name = f"vibration motor at pin {pin}"
        with using_gpiozero(self._name) as gpiozero, contextlib.ExitStack() as undo:
            undo.callback(self.close)
            if factory is None:
                factory = self._own_factory = lgpio_factory()
            self._output = gpiozero.PWMOutputDevice(pin, frequency=self.FREQUENCY_HZ, pin_factory=factory)
            undo.pop_all()

    def vibrate(self, pattern: tuple[float, ...], cancel: threading.Event) -> None:
        """Vibrate for the first number of seconds, rest for the second, and so on; returns early once `cancel` is set.
        Raises ControlError where the pin cannot be set."""
        with using_gpiozero(self._name):
            try:
                for at, seconds in enumerate(pattern):
                    self._output.value = 0 if at % 2 else self.STRENGTH
                    if cancel.wait(seconds):
                        break
            finally:
                self._output.value = 0

    def close(self) -> None:
        """Stop the motor and release the pin."""
        output, self._output = self._output, None
        if output is not None:
            output.close()
        if self._own_factory is not None:
            self._own_factory.close()


@contextlib.contextmanager
def using_gpiozero(purpose: str) -> Iterator[Any]:
    """Yields the module gpiozero; what it raises becomes a ControlError that begins with `purpose`.

    Raises ControlError also where gpiozero is not installed.
    """
    try:
        import gpiozero
    except ImportError as err:
        raise ControlError(f"{purpose}: {err}; install it: sudo apt install python3-gpiozero python3-lgpio") from err
    try:
        yield gpiozero
    except _gpio_errors(gpiozero) as err:
        raise ControlError(f"{purpose}: {err or type(err).__name__}") from err


def _gpio_errors(gpiozero: Any) -> tuple[type[Exception], ...]:
    """The exceptions for pins that cannot be used. lgpio has an error of its own, if it was imported at all."""
    lgpio = sys.modules.get("lgpio")
    return (gpiozero.GPIOZeroError, OSError, ImportError, *((lgpio.error,) if lgpio else ()))


def lgpio_factory() -> Any:
    """A pin factory on lgpio, to be closed by the caller; None where GPIOZERO_PIN_FACTORY names another.

    No other library is tried: gpiozero itself would go on to one that wants a network. Call it in `using_gpiozero`.
    """
    if "GPIOZERO_PIN_FACTORY" in os.environ:
        return None
    _import_lgpio()
    from gpiozero.pins.lgpio import LGPIOFactory

    return LGPIOFactory()


def _import_lgpio() -> Any:
    """Import lgpio with its side effects contained.

    On import lgpio makes a pipe in the working directory, which a service may not write to, or changes to the folder
    that LG_WD names and stays there. Here LG_WD names a temporary folder for that moment; afterwards the working
    directory and LG_WD are as before.
    """
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    named = os.environ.get("LG_WD")
    try:
        import tempfile

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
