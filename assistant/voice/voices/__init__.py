"""The voices: each speaks a text, one file an engine; `make_voice` puts them in order."""

import sys
import threading
import unicodedata
from collections.abc import Callable

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.system.friends_folder import friends_folder
from assistant.voice.audio.aim_tone import AimTone
from assistant.voice.audio.loudness import at_volume
from assistant.voice.audio.player import Pcm, Player, check_audible, with_lead_in
from assistant.voice.speech.fallback_voice import FallbackVoice, PlaybackError, UnknownTextError, Voice

MAX_CHARACTERS = 300
"""Longer texts are cut."""
MIN_DURATION_SHARE = 0.35
"""Speech that lasts less than this share of its words at the set rate was cut short: real sentences reach 0.8."""


def make_voice(
    settings: VoiceSettings,
    language: str,
    player: Player,
    on_setting: Callable[[str, str], None] = lambda setting, reason: None,
    aim_tone: AimTone | None = None,
) -> FallbackVoice:
    """The chosen voice, then espeak-ng, its recordings and a tone; no fallback is silence.

    language: the espeak-ng voice of the language, e.g. "en". The printed voice has no fallback, and prints the names of
    sounds. on_setting(setting, reason): a voice cannot use a setting, such as "voice.name", and something else speaks;
    an empty reason: it can again. aim_tone: the tone of aiming; without it, words take its place.
    """
    from assistant.voice.voices.earcon import EarconVoice, aim_player, earcon_player

    engine = settings.engine
    if engine == "auto":
        engine = "espeak" if sys.platform == "linux" else "pyttsx3"
    if engine == "printed":
        from assistant.voice.voices.printed import PrintedVoice

        printed = PrintedVoice()
        return FallbackVoice((printed,), EarconVoice(settings, printed.play))
    from assistant.voice.voices.espeak import espeak_voices
    from assistant.voice.voices.recorded import RecordedVoice, recordings_folder
    from assistant.voice.voices.tone import ToneVoice
    from assistant.voice.voices.voice_tags import VoiceTags

    chosen: list[Voice] = []
    if engine == "pyttsx3":
        from assistant.voice.voices.pyttsx3 import Pyttsx3Voice

        chosen.append(Pyttsx3Voice(settings, language, player, on_setting=on_setting))
    elif engine == "piper":
        from assistant.voice.voices.piper import PiperVoice

        chosen.append(PiperVoice(settings, player, on_setting=on_setting))
    elif engine == "speechd":
        from assistant.voice.voices.speechd import SpeechDispatcherVoice

        chosen.append(SpeechDispatcherVoice(settings, language, on_setting=on_setting))
    if engine in ("pyttsx3", "speechd"):  # voice.name is one of their voices, which espeak-ng need not know
        chosen += espeak_voices(settings, language, player)
    else:
        chosen += espeak_voices(settings, language, player, on_setting)
    chosen += (RecordedVoice(settings, player, recordings_folder()), ToneVoice(settings, player))
    aim = aim_player(settings, player, aim_tone) if aim_tone else None
    folder = friends_folder()
    names = VoiceTags(settings, folder) if folder is not None else None
    return FallbackVoice(chosen, EarconVoice(settings, earcon_player(settings, player), aim), names, player.play)


class PreparedSpeech:
    """The finished speech of one text, made before it may be spoken. Used from one thread."""

    def __init__(self) -> None:
        self._text, self._speech = "", None  # type: str, Pcm | None

    def keep(self, text: str, speech: Pcm | None) -> None:
        """Keep the speech of a text, in place of any other; None: there is none."""
        self._text, self._speech = text, speech

    def take(self, text: str) -> Pcm | None:
        """The speech of a text, once; None where it was not made ahead."""
        speech = self._speech if text == self._text else None
        self._text, self._speech = "", None
        return speech


def sanitize_text(text: str) -> str:
    """The text without anything that a synthesizer takes for a command: control characters, espeak-ng's phonemes in
    brackets; cut to MAX_CHARACTERS.

    Raises UnknownTextError if nothing is left.
    """
    kept = (
        " " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") or char in "[]" else char for char in text
    )
    words = " ".join("".join(kept).split())[:MAX_CHARACTERS]
    if not words:
        raise UnknownTextError("there are no words to say")
    return words


def min_duration_s(text: str, rate_wpm: int) -> float:
    """Seconds that the text takes to say at the very least, at a rate in words a minute."""
    words = sum(any(map(str.isalnum, word)) for word in text.split())
    return max(0.05, MIN_DURATION_SHARE * words * 60 / rate_wpm)


def finished(speech: Pcm, text: str, settings: VoiceSettings) -> Pcm:
    """What a synthesizer made of a text, at the configured volume and after the configured lead-in.

    Raises VoiceError if the speech cannot be all of the text.
    """
    whole = check_audible(speech, min_duration_s(text, settings.rate_wpm))
    return with_lead_in(at_volume(whole, settings.volume), settings.lead_in_ms)


def play_finished(speech: Pcm, player: Player, cancel: threading.Event) -> bool:
    """Play speech that is finished; returns like a voice's `say`. Raises PlaybackError."""
    try:
        return player.play(speech, cancel)
    except VoiceError as err:
        raise PlaybackError(str(err)) from err


def play_speech(speech: Pcm, text: str, settings: VoiceSettings, player: Player, cancel: threading.Event) -> bool:
    """Finish and play what a synthesizer made of a text; returns and raises like both."""
    return play_finished(finished(speech, text, settings), player, cancel)
