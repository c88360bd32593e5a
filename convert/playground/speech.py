"""The assistant's own voice as a sound file, for the page to play."""

import functools
import threading

from assistant.config.settings import Settings, VoiceSettings
from assistant.errors import VoiceError
from assistant.voice.audio.player import to_wav
from assistant.voice.voices import finished, sanitize_text
from assistant.voice.voices.espeak import synthesizers

DEFAULT = Settings().voice


@functools.lru_cache(maxsize=256)
def wav(text: str, language: str, settings: VoiceSettings = DEFAULT) -> bytes:
    """A WAV file of a text as the assistant speaks it, 16-bit mono.

    language: the espeak-ng voice of the language, e.g. "en". Raises VoiceError where no voice can say it.
    """
    spoken, errors = sanitize_text(text), list[str]()
    for synthesize in synthesizers(settings, language):
        try:
            sound = synthesize(spoken, threading.Event())
            if sound is not None:
                return to_wav(finished(sound, spoken, settings))
        except VoiceError as err:
            errors.append(str(err))
    raise VoiceError(errors[0] if errors else "there is no voice")
