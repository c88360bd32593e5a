"""The voices: text to something heard. One file a voice; `make` gives the ladder that a speaker climbs down."""

import sys
import threading
import unicodedata

from assistant.config import settings as config
from assistant.errors import VoiceError
from assistant.voice.audio.player import Pcm, Player, audible, with_lead_in, with_volume
from assistant.voice.speech.fallback_voice import Ladder, UnknownTextError, UnplayedError, Voice

MAX_CHARACTERS = 300
LEAST_SHARE_OF_WORDS = 0.35
"""Speech that lasts less than this share of its words at the set rate was cut short: real sentences reach 0.8."""


def make(settings: config.Voice, language: str, player: Player) -> Ladder:
    """The ladder: the chosen voice, then espeak-ng, its recordings, a tone; there is no rung that is silence.

    language: the espeak-ng voice of the language, e.g. "en". Words on a terminal need no second way to be told, and
    there sounds are words too.
    """
    from assistant.voice.voices import earcon

    engine = settings.engine
    if engine == "auto":
        engine = "espeak" if sys.platform == "linux" else "pyttsx3"
    if engine == "printed":
        from assistant.voice.voices.printed import Printed

        printed = Printed()
        return Ladder((printed,), earcon.Sounding(settings, printed.play))
    from assistant.voice.voices import espeak, recorded
    from assistant.voice.voices.tone import Tone

    chosen: list[Voice] = []
    if engine == "pyttsx3":
        from assistant.voice.voices.pyttsx3 import Pyttsx3

        chosen.append(Pyttsx3(settings, language, player))
    elif engine == "piper":
        from assistant.voice.voices.piper import Piper

        chosen.append(Piper(settings, player))
    elif engine == "speechd":
        from assistant.voice.voices.speechd import Speechd

        chosen.append(Speechd(settings, language))
    spoken = (*chosen, *espeak.rungs(settings, language, player))
    rungs = (*spoken, recorded.Recorded(settings, player, recorded.place()), Tone(settings, player))
    return Ladder(rungs, earcon.Sounding(settings, earcon.tones(settings, player)))


def plain(text: str) -> str:
    """A text that no synthesizer takes for a command: no control characters, no espeak-ng phonemes, not too long.

    Raises UnknownTextError if nothing is left.
    """
    kept = (
        " " if unicodedata.category(char) in ("Cc", "Cs", "Co", "Zl", "Zp") or char in "[]" else char for char in text
    )
    words = " ".join("".join(kept).split())[:MAX_CHARACTERS]
    if not words:
        raise UnknownTextError("there are no words to say")
    return words


def least_s(text: str, rate_wpm: int) -> float:
    """Seconds that the text takes to say at the very least."""
    words = sum(any(map(str.isalnum, word)) for word in text.split())
    return max(0.05, LEAST_SHARE_OF_WORDS * words * 60 / rate_wpm)


def play(speech: Pcm, text: str, settings: config.Voice, player: Player, cancel: threading.Event) -> bool:
    """Play what a synthesizer made of a text, as it is set. Raises VoiceError if it cannot be all of it, UnplayedError
    if only the player failed."""
    whole = audible(speech, least_s(text, settings.rate_wpm))
    try:
        return player.play(with_lead_in(with_volume(whole, settings.volume), settings.lead_in_ms), cancel)
    except VoiceError as err:
        raise UnplayedError(str(err)) from err
