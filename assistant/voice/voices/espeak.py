"""The espeak-ng voice: synthesized by the installed program or by the library of a wheel, played by our own player.

espeak-ng itself reports success without a sound card, so it never plays here: it only makes samples, which are checked.
"""

import importlib.util
import json
import shutil
import sys
import threading
from typing import Protocol

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.child_process import run_child
from assistant.voice.audio.player import Pcm, Player, from_wav
from assistant.voice.speech.fallback_voice import Voice
from assistant.voice.voices import play_speech, sanitize_text

SYNTHESIS_LIMIT_S = 2.0
"""Time limit of one text; a sentence takes some 10 ms, what takes longer than this hangs."""
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

    def __init__(self, synthesize: Synthesizer, settings: VoiceSettings, player: Player) -> None:
        self.name = synthesize.name
        self._synthesize, self._settings, self._player = synthesize, settings, player

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        text = sanitize_text(text)
        speech = self._synthesize(text, cancel)
        return speech is not None and play_speech(speech, text, self._settings, self._player, cancel)

    def close(self) -> None:
        pass


def espeak_voices(settings: VoiceSettings, language: str, player: Player) -> tuple[Voice, ...]:
    """A voice for each of `synthesizers`."""
    return tuple(EspeakVoice(synthesize, settings, player) for synthesize in synthesizers(settings, language))


def synthesizers(settings: VoiceSettings, language: str) -> tuple[Synthesizer, ...]:
    """The installed program and the wheel's library, as far as they are there: with the configured voice, then with the
    language's own, so that a mistyped `voice.name` does not cost the words.

    Where neither is, the library's, whose error says what to install.
    """
    has_program = shutil.which("espeak-ng") is not None
    has_library = not has_program or importlib.util.find_spec("espeakng_loader") is not None
    made: list[Synthesizer] = []
    for voice in dict.fromkeys((settings.name or language, language)):
        made += [EspeakProgram(voice, settings.rate_wpm)] if has_program else []
        made += [EspeakLibrary(voice, settings.rate_wpm)] if has_library else []
    return tuple(made)


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
