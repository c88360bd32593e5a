"""Buttons and the camera's light: whether their pins can be had. Runs in a child process."""

import contextlib
import time
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import ControlError
from assistant.ipc.commands import Reply
from assistant.voice.controls.gpio import Buttons, CameraLed

LIT_S = 1.0
"""For who stands by to see it."""


def buttons(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """The pins of the buttons, opened and closed. Whether somebody presses, a check cannot wait for."""
    pins = settings.controls.buttons
    trying("to open the pins")
    try:
        Buttons(pins, lambda command: Reply(True)).close()
    except ControlError as err:
        return bad("faults.buttons", "pins", detail=str(err))
    return good("buttons", detail=f"pins {', '.join(map(str, pins))}")


def camera_led(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """The camera's light, lit for a moment."""
    pin = settings.camera.led[0]
    trying("to open the pin")
    try:
        with contextlib.closing(CameraLed(pin)) as led:
            led.switch(is_on=True)
            time.sleep(LIT_S)
    except ControlError as err:
        return bad("faults.camera_led", "pins", detail=str(err))
    return good("camera_led", detail=f"pin {pin}")
