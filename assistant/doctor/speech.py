"""Voice and sound device, checked apart; and the mouth by which the doctor says what it finds."""

import logging
import threading
import time

from assistant.config.settings import VoiceSettings
from assistant.doctor.finding import Finding, bad, good
from assistant.errors import VoiceError
from assistant.records import Priority, Utterance
from assistant.voice import voices
from assistant.voice.audio.mixer import raise_volume
from assistant.voice.audio.player import CommandPlayer, Pcm, silence
from assistant.voice.audio.sound_cards import SoundCardPlayer, list_sound_cards
from assistant.voice.speech.earcons import three_beeps
from assistant.voice.speech.fallback_voice import FallbackVoice

log = logging.getLogger(__name__)

TRIES, AGAIN_S = 3, 1.0
"""A card may be taken for a moment, by the running assistant for one."""
SILENCE_S = 0.5
SAY_S = 20.0
"""For what is said of one finding; each voice has limits of its own, this is for what they do not know of."""


class Ear:
    """A player that keeps what it is given."""

    def __init__(self) -> None:
        self.heard: Pcm | None = None

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        self.heard = pcm
        return not cancel.is_set()


class Speech:
    """The voice that is set, and what becomes of it. text: what it is to say; is_quiet: the device is tried with
    silence."""

    def __init__(self, settings: VoiceSettings, language: str, text: str, *, is_quiet: bool = False) -> None:
        self._settings, self._language, self._text, self._is_quiet = settings, language, text, is_quiet
        self._spoken: Pcm | None = None
        self._plays_itself = False
        self._player: SoundCardPlayer | None = None  # it waits where the running assistant speaks

    def voice(self, cancel: threading.Event) -> Finding:
        """Whether the chosen voice makes speech of the text."""
        if self._settings.engine == "printed":
            return good("voice", detail="printed")
        troubles: list[str] = []
        ear = Ear()
        for voice in voices.make_voice(self._settings, self._language, ear):
            if voice.name in ("recorded", "tone"):  # they are what is left where no voice can speak
                continue
            try:
                trouble = "" if voice.say(self._text, cancel) or cancel.is_set() else "ended before it had spoken"
            except Exception as err:  # whatever a voice does, the next one is tried
                trouble = str(err) or type(err).__name__
            finally:
                voice.close()
            if trouble:
                troubles.append(f"{voice.name}: {trouble}")
                continue
            self._spoken, self._plays_itself = ear.heard, ear.heard is None
            if troubles:
                return bad("voice_second", "voice", detail="; ".join(troubles))
            return good("voice", detail=voice.name)
        return bad("voice_none", "voice", detail="; ".join(troubles))

    def sound(self, cancel: threading.Event) -> Finding:
        """Whether the chosen sound device plays what the voice has made, or else some beeps."""
        device = self._settings.device
        if self._settings.engine == "printed":
            return good("sound_none", detail="words are printed")
        turned = ("status.volume_raised",) if not self._is_quiet and raise_volume(device) else ()
        trouble = "" if self._plays_itself else self._play(device, cancel)
        if not trouble:
            self._player = SoundCardPlayer(device)
            return good("sound", *turned, detail="played by the voice itself" if self._plays_itself else device)
        for other in ("", *list_sound_cards(cancel)) if device else list_sound_cards(cancel):
            if not self._play(other, cancel):
                self._player = SoundCardPlayer(other)
                trouble += f"; {other or 'the default device'} plays: set voice.device to {other!r}"
                break
        return bad("sound_silent", "sound", detail=trouble)

    def mouth(self) -> "Mouth":
        """Says what is found, by whatever device was found to play; mute where there is none."""
        if self._player is None:
            return Mouth(None)
        return Mouth(voices.make_voice(self._settings, self._language, self._player))

    def _play(self, device: str, cancel: threading.Event) -> str:
        """Why the device does not play; empty if it does."""
        trouble = ""
        pcm = silence(SILENCE_S) if self._is_quiet else self._spoken or three_beeps()
        for _ in range(TRIES):
            try:
                CommandPlayer(device).play(pcm, cancel)
                return ""
            except VoiceError as err:
                trouble = str(err)
            if "busy" not in trouble or cancel.wait(AGAIN_S):
                break
        return trouble


class Mouth:
    """Speaks by a FallbackVoice; None: not at all. A voice that hangs is abandoned, and nothing more is said."""

    def __init__(self, voice: FallbackVoice | None) -> None:
        self._voice = voice

    def say(self, text: str, cancel: threading.Event) -> None:
        """Say it, and come back when it was said."""
        voice = self._voice
        if voice is None:
            return
        utterance = Utterance(text, Priority.ANSWER, "doctor")

        def tell() -> None:
            voice.speak(utterance, cancel, time.monotonic, lambda error: log.info("voice %s", error))

        speaking = threading.Thread(target=tell, name="doctor's voice", daemon=True)
        speaking.start()
        speaking.join(SAY_S)
        if speaking.is_alive():
            log.warning("the voice hangs; the rest is printed only")
            self._voice = None

    def close(self) -> None:
        """Nothing more to say."""
        if self._voice is not None:
            self._voice.close()
