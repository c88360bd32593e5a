"""Opens the device that vibrates: a motor at a GPIO pin, or pads on a sound card of their own."""

from collections.abc import Callable

from assistant.config.settings import HapticsSettings
from assistant.records import Utterance
from assistant.voice.audio.player import CommandPlayer
from assistant.voice.controls.gpio import VibrationMotor
from assistant.voice.speech.haptics import HapticDevice, SoundPads, Vibrator


def open_haptics(settings: HapticsSettings) -> HapticDevice | None:
    """The device of the settings; None where none is set up. Raises ControlError where its pin cannot be opened."""
    if not settings.device:
        return None
    pin = settings.pin
    return SoundPads(CommandPlayer(settings.device)) if pin is None else VibrationMotor(pin)


class NoVibrator:
    """Stands for a vibrator where none is set up."""

    def begin(self, utterance: Utterance) -> None:
        pass

    def close(self) -> None:
        pass


NO_VIBRATOR: NoVibrator | Vibrator = NoVibrator()


def open_vibrator(settings: HapticsSettings, on_error: Callable[[str], None]) -> NoVibrator | Vibrator:
    """The vibrator of these settings. on_error: see `Vibrator`. Raises ControlError where the pin of the
    settings cannot be opened."""
    device = open_haptics(settings)
    return NO_VIBRATOR if device is None else Vibrator(device, settings.events, on_error)
