"""The espeak-ng voice: synthesized by the installed program or by the library of a wheel, played by our own player.

espeak-ng itself reports success without a sound card, so it never plays here: it only makes samples, which are checked.
"""

import importlib.util
import json
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.child_process import run_child
from assistant.voice.audio.player import Pcm, Player, check_audible, from_wav
from assistant.voice.speech.fallback_voice import RefusedSettings, Voice
from assistant.voice.voices import PreparedSpeech, finished, min_duration_s, play_finished, sanitize_text

SYNTHESIS_LIMIT_S = 2.0
"""Time limit of one text; a sentence takes some 10 ms, what takes longer than this hangs."""
NAME_RETRY_S = 60.0
"""Seconds for which the language's own voice speaks at once, after the one of voice.name could not."""
INSTALL_HINT = "install the package espeak-ng, or: pip install espeakng-loader"

LIBRARY_PROGRAM = """
import ctypes, json, os, sys
RETRIEVAL_IN_THIS_THREAD, DONT_EXIT, RATE, UTF8 = 2, 0x8000, 1, 1  # of speak_lib.h
order = json.load(sys.stdin)
library = ctypes.CDLL(order["library"])
rate = library.espeak_Initialize(RETRIEVAL_IN_THIS_THREAD, 0, order["data"].encode(), DONT_EXIT)
if rate <= 0:
    sys.exit("cannot read its data in " + order["data"])
if library.espeak_SetVoiceByName(order["voice"].encode()):
    sys.exit("there is no voice named " + order["voice"] + "; choose another one (voice.name)")
library.espeak_SetParameter(RATE, order["rate_wpm"], 0)
samples = bytearray()
@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
def take(wave, count, events):
    if wave:
        samples.extend(ctypes.string_at(wave, 2 * count))
    return 0
library.espeak_SetSynthCallback(take)
text = order["text"].encode() + bytes(1)
library.espeak_Synth(text, ctypes.c_size_t(len(text)), 0, 0, 0, UTF8, None, None)
sys.stdout.buffer.write(b"%d\\n" % rate + samples)
sys.stdout.flush()
os._exit(0)  # the library is not taken down: that is where it crashes
"""
"""Python program of the child process: reads a JSON object, writes the sample rate on a line, then the samples."""


class Synthesizer(Protocol):
    """Text to samples; None if cancelled. Raises VoiceError."""

    name: str
    """For the log."""

    def __call__(self, text: str, cancel: threading.Event) -> Pcm | None: ...


class EspeakVoice:
    """Speaks by one synthesizer and a player."""

    def __init__(
        self,
        synthesize: Synthesizer,
        settings: VoiceSettings,
        player: Player,
        own: Synthesizer | None = None,
        on_setting: Callable[[str, str], None] = lambda setting, reason: None,
    ) -> None:
        """own: speaks where `synthesize`, with the voice of voice.name, cannot; that setting is then refused, see
        `make_voice`. None: there is no other."""
        self.name = synthesize.name
        self._synthesize, self._own, self._settings, self._player = synthesize, own, settings, player
        self._refused, self._own_until = RefusedSettings(on_setting), 0.0
        self._prepared = PreparedSpeech()

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        text = sanitize_text(text)
        speech = self._prepared.take(text) or self._finished(text, cancel)
        return speech is not None and play_finished(speech, self._player, cancel)

    def prepare(self, text: str, cancel: threading.Event) -> None:
        """Make the speech of a text, for the next `say`; raises like it."""
        text = sanitize_text(text)
        self._prepared.keep(text, self._finished(text, cancel))

    def close(self) -> None:
        pass

    def _finished(self, text: str, cancel: threading.Event) -> Pcm | None:
        """The text as sound that is ready to be played; None: cancelled. Raises VoiceError."""
        speech = self._speech(text, cancel)
        return None if speech is None else finished(speech, text, self._settings)

    def _speech(self, text: str, cancel: threading.Event) -> Pcm | None:
        """The text by the voice of voice.name, else by the language's own. Raises VoiceError where neither can."""
        if self._own is None:
            return self._synthesize(text, cancel)
        if time.monotonic() < self._own_until:
            return self._own(text, cancel)
        try:
            speech = self._synthesize(text, cancel)
            if speech is not None:
                check_audible(speech, min_duration_s(text, self._settings.rate_wpm))
                self._refused.accept("voice.name")
            return speech
        except VoiceError as err:
            speech = self._own(text, cancel)  # where this fails too, the name is not to blame
            if speech is not None:
                self._own_until = time.monotonic() + NAME_RETRY_S
                self._refused.refuse("voice.name", f"{self._settings.name!r} does not speak: {err}")
            return speech


def espeak_voices(
    settings: VoiceSettings,
    language: str,
    player: Player,
    on_setting: Callable[[str, str], None] = lambda setting, reason: None,
) -> tuple[Voice, ...]:
    """The voices of the installed program and of the wheel's library, as far as they are there, in this order.

    Each speaks by the voice of voice.name, else by the language's own, so that a mistyped name does not cost the words.
    on_setting: see `make_voice`.
    """
    name = settings.name or language
    made = []
    for engine in _engines():
        own = engine(language, settings.rate_wpm) if name != language else None
        made.append(EspeakVoice(engine(name, settings.rate_wpm), settings, player, own, on_setting))
    return tuple(made)


def synthesizers(settings: VoiceSettings, language: str) -> tuple[Synthesizer, ...]:
    """Every synthesizer there is: with the configured voice, then with the language's own."""
    voices = dict.fromkeys((settings.name or language, language))
    return tuple(engine(voice, settings.rate_wpm) for voice in voices for engine in _engines())


def _engines() -> "list[type[EspeakProgram] | type[EspeakLibrary]]":
    """The installed program and the wheel's library, as far as they are there; where neither is, the library, whose
    error says what to install."""
    has_program = shutil.which("espeak-ng") is not None
    has_library = not has_program or importlib.util.find_spec("espeakng_loader") is not None
    return [*([EspeakProgram] if has_program else []), *([EspeakLibrary] if has_library else [])]


class EspeakProgram:
    """The program espeak-ng, one child process a text; the text never stands on a command line."""

    name = "espeak-ng"

    def __init__(self, voice: str, rate_wpm: int) -> None:
        self._command = ["espeak-ng", "--stdin", "--stdout", "-b", "1", "-s", str(rate_wpm), "-v", voice]

    def __call__(self, text: str, cancel: threading.Event) -> Pcm | None:
        done = run_child(self._command, text.encode(), SYNTHESIS_LIMIT_S, cancel)
        return None if done is None else from_wav(done.output)


class EspeakLibrary:
    """libespeak-ng of the wheel `espeakng_loader`, one child process a text.

    In a process of its own because it ends the process that uses it wrongly, keeps the last text's melody for the next
    one, and was seen to crash when it was set up several times in one process.
    """

    name = "espeak-ng library"

    def __init__(self, voice: str, rate_wpm: int) -> None:
        self._voice, self._rate_wpm = voice, rate_wpm

    def __call__(self, text: str, cancel: threading.Event) -> Pcm | None:
        try:
            import espeakng_loader

            library, data = espeakng_loader.get_library_path(), espeakng_loader.get_data_path()
        except (ImportError, RuntimeError) as err:
            raise VoiceError(f"espeak-ng is not there ({err}); {INSTALL_HINT}") from err
        order = {"library": library, "data": data, "voice": self._voice, "rate_wpm": self._rate_wpm, "text": text}
        command = [sys.executable, "-I", "-S", "-c", LIBRARY_PROGRAM]
        done = run_child(command, json.dumps(order).encode(), SYNTHESIS_LIMIT_S, cancel)
        if done is None:
            return None
        rate, _, samples = done.output.partition(b"\n")
        return Pcm(samples, int(rate))
