"""Buttons, the camera's LED and the vibration device: whether they can be opened. Runs in a child process."""

import contextlib
import threading
import time
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import ControlError, VoiceError
from assistant.ipc.commands import Reply
from assistant.voice.controls.gpio import Buttons, CameraLed
from assistant.voice.haptic_devices import open_haptics
from assistant.voice.speech.haptics import PATTERNS

LIT_S = 1.0
"""Seconds for which the LED is lit, so that it can be seen."""
PAUSE_S = 0.5
"""Seconds from one vibration to the next."""


def buttons(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Open and close the pins of the buttons; no press is waited for."""
    pins = settings.controls.buttons
    trying("to open the pins")
    try:
        opened = Buttons(pins, lambda command: Reply(True))
        opened.close()
    except ControlError as err:
        return bad("faults.buttons", "pins", detail=str(err))
    if opened.refused:
        return bad("faults.button", "pins", detail=opened.refused)
    return good("buttons", detail=f"pins {', '.join(map(str, pins))}")


def camera_led(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Light the camera's LED for LIT_S."""
    pin = settings.camera.led[0]
    trying("to open the pin")
    try:
        with contextlib.closing(CameraLed(pin)) as led:
            led.switch(is_on=True)
            time.sleep(LIT_S)
    except ControlError as err:
        return bad("faults.camera_led", "pins", detail=str(err))
    return good("camera_led", detail=f"pin {pin}")


def haptics(settings: Settings, trying: Callable[[str], None]) -> Finding:
    """Play every vibration once."""
    device, cancel = settings.haptics.device, threading.Event()
    trying(f"to vibrate at {device}")
    try:
        opened = open_haptics(settings.haptics)
        assert opened is not None  # checked only where one is set up
        with contextlib.closing(opened):
            for pattern in PATTERNS.values():
                opened.vibrate(pattern, cancel)
                time.sleep(PAUSE_S)
    except (ControlError, VoiceError) as err:
        return bad("faults.haptics", "pins", detail=str(err))
    return good("haptics", detail=device)
