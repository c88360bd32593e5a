"""The command `sounds`: a spoken tour of the short sounds, then of the vibrations where there are any."""

import contextlib
import threading
from collections.abc import Callable

from assistant.config.settings import Settings
from assistant.phrases import load as load_locale
from assistant.voice.audio.sound_cards import preferred_player
from assistant.voice.haptic_devices import open_haptics
from assistant.voice.speech.earcons import sound_tour
from assistant.voice.speech.haptics import haptic_tour
from assistant.voice.voices import make_voice


def tour(settings: Settings, stop: threading.Event, on_setting: Callable[[str, str], None]) -> bool:
    """Lead through all of them; False if `stop` was set meanwhile. on_setting: see `make_voice`.

    Raises VoiceError where nothing can be played.
    """
    phrases = load_locale(settings.announcements.locale, settings.announcements.wording)
    with contextlib.ExitStack() as stack:
        voice = make_voice(settings.voice, phrases.voice, preferred_player(settings.voice.device), on_setting)
        stack.callback(voice.close)
        assert voice.earcons  # make_voice always gives some
        is_whole = sound_tour(phrases, voice[0], voice.earcons, stop)
        if is_whole and (device := open_haptics(settings.haptics)):
            stack.callback(device.close)
            is_whole = haptic_tour(phrases, voice[0], device, settings.haptics.events, stop)
        return is_whole
