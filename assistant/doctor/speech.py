"""Checks of the voice and of the sound device, each by itself; and the speaker of the findings."""

import dataclasses
import logging
import threading
import time
from collections.abc import Sequence

from assistant.config.settings import VoiceSettings
from assistant.doctor.finding import Finding, absent, bad, good
from assistant.doctor.sound_choice import SoundChoice
from assistant.errors import SoundCardBusyError, VoiceError
from assistant.records import Priority, Utterance
from assistant.voice import voices
from assistant.voice.aiming import has_one_side
from assistant.voice.audio.loudness import with_volume
from assistant.voice.audio.mixer import raise_volume
from assistant.voice.audio.player import CommandPlayer, Pcm, silence
from assistant.voice.audio.sound_cards import (
    AUTO,
    SoundCard,
    SoundCardPlayer,
    find_sound_cards,
    has_sound_server,
    preferred_device,
)
from assistant.voice.speech.earcons import three_beeps
from assistant.voice.speech.fallback_voice import FallbackVoice

log = logging.getLogger(__name__)

PLAY_TRIES, RETRY_PAUSE_S = 3, 1.0
"""How often a busy sound card is tried, and the seconds between two tries: it may be busy for a moment, for example
while the running assistant speaks."""
SILENCE_S = 0.5
"""Length of the silence with which a quiet check tests a device, seconds."""
MAX_SENTENCE_S = 20.0
"""Limit for one sentence, seconds. Each voice has limits of its own; this is for a voice that hangs all the same."""


class CapturingPlayer:
    """A player that stores the sound that it is given, and plays nothing."""

    def __init__(self) -> None:
        self.pcm: Pcm | None = None

    def play(self, pcm: Pcm, cancel: threading.Event) -> bool:
        self.pcm = pcm
        return not cancel.is_set()


class SpeechCheck:
    """Checks the voice and the sound device of the settings, in this order."""

    def __init__(
        self,
        settings: VoiceSettings,
        language: str,
        text: str,
        *,
        is_quiet: bool = False,
        choice: SoundChoice | None = None,
    ) -> None:
        """language: espeak-ng voice of the language. text: spoken for the check. is_quiet: check the device with
        silence. choice: asks on which sound device the assistant is heard; None: that is not asked."""
        self._settings, self._language, self._text, self._is_quiet = settings, language, text, is_quiet
        self._choice = None if is_quiet else choice
        self._spoken: Pcm | None = None
        self._plays_itself = False
        self._player: SoundCardPlayer | None = None  # retries a card that the running assistant holds
        self._played_on = ""

    def voice(self, cancel: threading.Event) -> Finding:
        """Whether the chosen voice makes speech of the text."""
        if self._settings.engine == "printed":
            return good("voice", detail="printed")
        errors: list[str] = []
        refused: dict[str, str] = {}
        player = CapturingPlayer()
        for voice in voices.make_voice(self._settings, self._language, player, refused.__setitem__):
            if voice.name in ("recorded", "tone"):  # fallbacks without a synthesizer: that they play shows nothing
                continue
            try:
                error = "" if voice.say(self._text, cancel) or cancel.is_set() else "ended before it had spoken"
            except Exception as err:  # any error of a voice: the next one is tried
                error = str(err) or type(err).__name__
            finally:
                voice.close()
            if error:
                errors.append(f"{voice.name}: {error}")
                continue
            self._spoken, self._plays_itself = player.pcm, player.pcm is None
            for setting, reason in refused.items():
                return bad(f"faults.{setting.replace('.', '_')}", "settings", detail=f"{setting}: {reason}")
            if errors:
                return bad("voice_second", "voice", detail="; ".join(errors))
            return good("voice", detail=voice.name)
        return bad("voice_none", "voice", detail="; ".join(errors))

    def sound(self, cancel: threading.Event) -> Finding:
        """Whether the chosen sound device plays what the voice has made, or else some beeps; and whether the tone of
        aiming has two sides on it, or one."""
        found = self._sound(cancel)
        if self._player is None or not found.ok:
            return found
        is_mono = has_one_side(dataclasses.replace(self._settings, device=self._played_on), cancel)
        return dataclasses.replace(found, keys=(*found.keys, "sound_mono" if is_mono else "sound_stereo"))

    def _sound(self, cancel: threading.Event) -> Finding:
        device = preferred_device(self._settings.device, cancel)
        if self._settings.engine == "printed":
            return absent("sound_none", detail="words are printed")
        raised = ("status.volume_raised",) if not self._is_quiet and raise_volume(device) else ()
        if self._plays_itself:
            self._use(device)
            return good("sound", *raised, detail="played by the voice itself")
        error = self._play(device, cancel)
        cards = find_sound_cards(cancel)
        if not error:
            self._use(device)
            is_open = self._settings.device == AUTO and len(cards) > 1 and not has_sound_server()
            return (self._ask(cards, raised, cancel) if is_open else None) or good("sound", *raised, detail=device)
        others = [card.device for card in cards if card.device != device]
        for other in ("", *others) if device else others:
            if not self._play(other, cancel):
                self._use(other)
                error += f"; {other or 'the default device'} plays: set voice.device to {other!r}"
                break
        chosen = self._ask([card for card in cards if card.device != device], raised, cancel)
        return chosen if chosen and "sound_chosen" in chosen.keys else bad("sound_silent", "sound", detail=error)

    def speaker(self) -> "FindingSpeaker":
        """A speaker on the device that was found to play; without such a device it is silent."""
        if self._player is None:
            return FindingSpeaker(None)
        return FindingSpeaker(voices.make_voice(self._settings, self._language, self._player))

    def is_answered(self, question: str, cancel: threading.Event) -> bool | None:
        """Ask a question on the device that plays; whether it was answered by a press. None where nothing is asked."""
        if self._choice is None:
            return None
        speaker = self.speaker()
        try:
            return self._choice.is_answered(lambda: speaker.say(question, cancel), cancel)
        finally:
            speaker.close()

    def _ask(self, cards: Sequence[SoundCard], raised: Sequence[str], cancel: threading.Event) -> Finding | None:
        """Ask in each sound card in turn whether it is heard there; None where that is not to be asked."""
        if self._choice is None:
            return None
        player = CapturingPlayer()
        voice = voices.make_voice(self._settings, self._language, player)
        utterance = Utterance(self._choice.question, Priority.ANSWER, "doctor")
        voice.speak(utterance, cancel, time.monotonic, lambda error: log.info("voice %s", error))
        voice.close()
        if player.pcm is None:
            return None
        question = player.pcm
        chosen = self._choice.ask(cards, lambda device: not self._play(device, cancel, question), cancel)
        if chosen is None:
            return good("sound", "sound_unanswered", *raised, detail=self._settings.device)
        self._use(chosen.device)
        return self._choice.keep(chosen, raised)

    def _use(self, device: str) -> None:
        """This device plays: the findings are spoken on it."""
        self._player, self._played_on = SoundCardPlayer(device), device

    def _play(self, device: str, cancel: threading.Event, pcm: Pcm | None = None) -> str:
        """Why the device does not play; empty if it does. pcm: None: what the voice has made."""
        error = ""
        if pcm is None and self._is_quiet:
            pcm = silence(SILENCE_S)
        pcm = pcm or self._spoken or with_volume(three_beeps(), self._settings.volume)
        for _ in range(PLAY_TRIES):
            try:
                CommandPlayer(device).play(pcm, cancel)
                return ""
            except SoundCardBusyError as err:
                error = str(err)
                if cancel.wait(RETRY_PAUSE_S):
                    break
            except VoiceError as err:
                return str(err)
        return error


class FindingSpeaker:
    """Speaks by a FallbackVoice; None: not at all. A voice that hangs is abandoned, and nothing more is spoken."""

    def __init__(self, voice: FallbackVoice | None) -> None:
        self._voice = voice

    def say(self, text: str, cancel: threading.Event) -> None:
        """Speak a sentence; returns when it has ended, or after MAX_SENTENCE_S."""
        voice = self._voice
        if voice is None:
            return
        utterance = Utterance(text, Priority.ANSWER, "doctor")

        def speak() -> None:
            voice.speak(utterance, cancel, time.monotonic, lambda error: log.info("voice %s", error))

        speaking = threading.Thread(target=speak, name="doctor's voice", daemon=True)
        speaking.start()
        speaking.join(MAX_SENTENCE_S)
        if speaking.is_alive():
            log.warning("the voice hangs; the rest is printed only")
            self._voice = None

    def close(self) -> None:
        """Close the voices."""
        if self._voice is not None:
            self._voice.close()
