"""The last voice: three beeps in place of the words, where no other voice can speak."""

import threading

from assistant.config.settings import VoiceSettings
from assistant.records import Priority
from assistant.voice.audio.loudness import with_volume
from assistant.voice.audio.player import Player, with_lead_in
from assistant.voice.speech.earcons import three_beeps


class ToneVoice:
    """Plays the beeps, whatever the text."""

    name = "tone"

    def __init__(self, settings: VoiceSettings, player: Player) -> None:
        self._settings, self._player = settings, player

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        sound = with_volume(three_beeps(), self._settings.volume)
        return self._player.play(with_lead_in(sound, self._settings.lead_in_ms), cancel)

    def close(self) -> None:
        pass
