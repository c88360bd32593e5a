"""The piper voice: a neural voice that sounds like a person, from a voice file that the user names.

It takes seconds to load and milliseconds to speak, so it stays loaded, in a worker process that is killed when it is
late. It only makes samples, which are checked and played by our own player.
"""

import contextlib
import importlib.util
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.worker_process import WorkerProcess
from assistant.voice.audio.player import Pcm, Player
from assistant.voice.speech.fallback_voice import PlaybackError, RefusedSettings
from assistant.voice.voices import PreparedSpeech, finished, play_finished, sanitize_text

NATURAL_WPM = 175
"""The rate at which length_scale 1 speaks: three texts of 1.2, 4.1 and 10.9 s with the voice en_US-joe-medium take
espeak-ng 1.2, 4.4 and 11.1 s at 175 words a minute. Other voices may differ by a quarter."""
FIXED_SHARE = 0.24
"""The share of that time that no length_scale changes, because every sound lasts a whole number of frames."""
MIN_LENGTH_SCALE = 0.1
"""The smallest length scale that is asked of a voice."""
LOAD_LIMIT_S = 20.0
"""Time limit to start Python, import ONNX Runtime and read 60 MB: 1.5 s on a desktop."""
SYNTHESIS_LIMIT_S = 3.0
"""Time limit of one text, besides the time to say it: what takes longer hangs, or is too slow to be waited for."""
RELOAD_S = 600.0
"""A voice that could not be loaded is loaded again when its files have changed, or after so many seconds: on a small
board each attempt takes longer than the sentence."""
NO_PACKAGE = "piper-tts is not there"
INSTALL_HINT = "install.sh --extra piper, pip install 'piper-tts>=1.3'"

WORKER_PROGRAM = """
import json, os, sys
answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)  # what a library prints must not get between two answers
def answer(body=b"", **header):
    answers.write(json.dumps({"bytes": len(body), **header}).encode() + b"\\n" + body)
    answers.flush()
try:
    from piper import PiperVoice, SynthesisConfig
except ImportError as err:
    sys.exit("piper-tts is not there (%s); install it" % err)
voice = PiperVoice.load(sys.argv[1])
answer()
for line in sys.stdin:
    order = json.loads(line)
    settings = SynthesisConfig(length_scale=voice.config.length_scale * order["length_scale"])
    sound = b"".join(chunk.audio_int16_bytes for chunk in voice.synthesize(order["text"], settings))
    answer(sound, rate=voice.config.sample_rate)
"""
"""Python program of the worker process; see WorkerProcess for its protocol."""


class PiperVoice:
    """Speaks by piper-tts.

    The worker process starts at once, so that the voice is loaded when the first words come; a voice of the same file
    with another rate or volume takes it over.
    """

    name = "piper"

    def __init__(
        self,
        settings: VoiceSettings,
        player: Player,
        on_setting: Callable[[str, str], None] = lambda setting, reason: None,
    ) -> None:
        """on_setting: see `make_voice`."""
        self._settings, self._player, self._refused = settings, player, RefusedSettings(on_setting)
        self._files = (Path(settings.model), Path(f"{settings.model}.json"))
        self._has_spoken = False
        self._prepared = PreparedSpeech()
        self._failed: tuple[str, object, float] | None = None  # the error, the state of the files, when
        command = [sys.executable, "-I", "-c", WORKER_PROGRAM, settings.model]
        self._worker = WorkerProcess.acquire(self.name, command, LOAD_LIMIT_S)
        if not self._missing():  # what is missing is reported with the first words
            with contextlib.suppress(VoiceError):  # raised again with the first words
                self._worker.start()

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        text = sanitize_text(text)
        if missing := self._missing():
            self._refused.refuse(*missing)
            raise VoiceError(missing[1])
        if self._failed:
            error, state, at = self._failed
            if state == self._state() and time.monotonic() < at + RELOAD_S:
                raise VoiceError(error)
        try:
            is_whole = self._speak(text, cancel)
        except PlaybackError:
            raise
        except VoiceError as err:
            if not self._has_spoken:
                self._failed = str(err), self._state(), time.monotonic()
                self._refused.refuse("voice.engine" if NO_PACKAGE in str(err) else "voice.model", str(err))
            raise
        if is_whole:
            self._has_spoken, self._failed = True, None
            self._refused.accept("voice.engine", "voice.model")
        return is_whole

    def prepare(self, text: str, cancel: threading.Event) -> None:
        """Make the speech of a text, for the next `say`; raises VoiceError like it."""
        text = sanitize_text(text)
        if not self._missing() and not self._failed:
            self._prepared.keep(text, self._speech(text, cancel))

    def close(self) -> None:
        self._worker.release()

    def _speak(self, text: str, cancel: threading.Event) -> bool:
        """Speak; returns like `say`. Raises VoiceError."""
        speech = self._prepared.take(text) or self._speech(text, cancel)
        return speech is not None and play_finished(speech, self._player, cancel)

    def _speech(self, text: str, cancel: threading.Event) -> Pcm | None:
        """The text as sound that is ready to be played; None: cancelled. Raises VoiceError."""
        self._worker.start()
        rate_wpm = self._settings.rate_wpm
        limit_s = SYNTHESIS_LIMIT_S + len(text.split()) * 60 / rate_wpm
        order = {"text": text, "length_scale": length_scale(rate_wpm)}
        answer = self._worker.request(json.dumps(order).encode(), limit_s, cancel)
        if answer is None:
            return None
        rate = answer.header.get("rate")
        if not isinstance(rate, int) or rate < 1:
            raise VoiceError("piper sent a reply that cannot be parsed")
        return finished(Pcm(answer.body[: len(answer.body) // 2 * 2], rate), text, self._settings)

    def _missing(self) -> tuple[str, str] | None:
        """The setting without which nothing can be loaded, and what is missing; None where all is there."""
        if not self._settings.model:
            return "voice.model", "piper has no voice; set voice.model to the path of a piper voice's .onnx file"
        if importlib.util.find_spec("piper") is None:
            return "voice.engine", f"{NO_PACKAGE}; {INSTALL_HINT}, or choose voice.engine espeak"
        for file in self._files:
            try:
                is_there = file.is_file()
            except OSError as err:
                return "voice.model", f"{file}: {err.strerror}; put it where the assistant may read it, not at home"
            if not is_there:
                hint = "a piper voice is a .onnx file with its .onnx.json beside it"
                return "voice.model", f"{file}: no such file; {hint}"
        return None

    def _state(self) -> list[tuple[int, int]]:
        """The size and the time of change of each file of the voice; empty where one is gone."""
        try:
            return [(about.st_size, about.st_mtime_ns) for about in map(Path.stat, self._files)]
        except OSError:
            return []


def length_scale(rate_wpm: int) -> float:
    """The length scale at which a voice speaks `rate_wpm` words a minute.

    A text takes FIXED_SHARE of its normal time, and the rest of it times the length scale.
    """
    return max(MIN_LENGTH_SCALE, (NATURAL_WPM / rate_wpm - FIXED_SHARE) / (1 - FIXED_SHARE))
