"""The pyttsx3 voice, used so that none of its known defects can hang or silence the assistant.

pyttsx3 2.99 returns before it has spoken, reports success without a sound card, cannot be interrupted, loses the second
of two texts and leaves files behind. So each text gets an engine of its own in a child process of its own, which is
killed when it is late or cancelled, with a private folder that is removed. On Linux the engine only makes a file, which
is checked and played by our own player; elsewhere it speaks itself and must have taken the time that speech takes.
"""

import importlib.util
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.config.settings import VoiceSettings
from assistant.errors import VoiceError
from assistant.records import Priority
from assistant.system.child_process import run_child
from assistant.voice.audio.loudness import volume_factor
from assistant.voice.audio.player import Player, from_wav
from assistant.voice.speech.fallback_voice import RefusedSettings
from assistant.voice.voices import min_duration_s, play_speech, sanitize_text

FILE_LIMIT_S = 5.0
"""Time limit to start Python, load the engine and write a file: 0.3 s on a desktop, some seconds on a small board."""
SPEECH_LIMIT_FACTOR = 3.0
"""An engine that plays by itself is killed after this many times the words' duration, and FILE_LIMIT_S."""

UNKNOWN_VOICE = b"unknown voice"
"""The child process prints this where the engine does not know voice.name."""
ENGINE_PROGRAM = """
import ctypes, importlib.util, json, os, sys, threading, time
order = json.load(sys.stdin)
try:
    if sys.platform == "linux":
        ctypes.CDLL("libespeak-ng.so.1")
except OSError:  # not installed; the library of a wheel, once loaded, is found by pyttsx3 under the same name
    if importlib.util.find_spec("espeakng_loader") is None:
        sys.exit("no libespeak-ng; install the package libespeak-ng1, or: pip install espeakng-loader")
    import espeakng_loader
    os.environ["ESPEAK_DATA_PATH"] = espeakng_loader.get_data_path()
    ctypes.CDLL(espeakng_loader.get_library_path())
import pyttsx3
engine = pyttsx3.init()
# an engine takes a name that it does not know, and speaks by another voice: with espeak-ng by an English one
voices = order["voices"]
if sys.platform == "linux":
    from pyttsx3.drivers import _espeak
    known = {name: name for name in voices if _espeak.SetVoiceByName(name.encode()) == 0}
else:
    ids = {word: voice.id for voice in engine.getProperty("voices") for word in (voice.name, voice.id)}
    known = {name: ids[name] for name in voices if name in ids}
if known:
    order["properties"] = {"voice": known[min(known, key=voices.index)], **order["properties"]}
if voices and voices[0] not in known:
    print("unknown voice", flush=True)
# espeak-ng takes a rate from a queue, in its own time, and loads a voice at once, which may undo it: so say both twice
for _ in range(2 if sys.platform == "linux" else 1):
    for name, value in order["properties"].items():
        engine.setProperty(name, value)
    time.sleep(0.05)
finished = threading.Event()
engine.connect("finished-utterance", lambda name, completed: finished.set())
if order["file"]:
    engine.save_to_file(order["text"], order["file"])
else:
    engine.say(order["text"])
engine.runAndWait()
if order["file"]:  # runAndWait may return before the file is written
    finished.wait()
sys.stdout.flush()
os._exit(0)  # some of its drivers hang or crash when they are taken down
"""
"""Python program of the child process: reads a JSON object with the text, and speaks it or writes it to a file.

It prints "unknown voice" where the engine does not know the first of the order's voices; the next one that it knows
speaks, else the engine's own.
"""


class Pyttsx3Voice:
    """Speaks by the pyttsx3 engine; on macOS and Windows that is the system's own voice."""

    name = "pyttsx3"

    def __init__(
        self,
        settings: VoiceSettings,
        language: str,
        player: Player,
        platform: str = sys.platform,
        on_setting: Callable[[str, str], None] = lambda setting, reason: None,
    ) -> None:
        """language: the espeak-ng voice of the language. on_setting: see `make_voice`."""
        self._settings, self._language, self._player, self._platform = settings, language, player, platform
        self._refused = RefusedSettings(on_setting)

    def say(self, text: str, cancel: threading.Event, *, priority: Priority = Priority.ANSWER) -> bool:
        if importlib.util.find_spec("pyttsx3") is None:
            raise self._refuse_engine(
                VoiceError(
                    "pyttsx3 is missing; install.sh --extra pyttsx3, pip install pyttsx3, or choose voice.engine espeak"
                )
            )
        text = sanitize_text(text)
        with tempfile.TemporaryDirectory(prefix="emotion-assistant-", ignore_cleanup_errors=True) as folder:
            if self._platform == "linux":
                return self._synthesize_and_play(text, Path(folder), cancel)
            return self._let_engine_play(text, Path(folder), cancel)

    def close(self) -> None:
        pass

    def _synthesize_and_play(self, text: str, folder: Path, cancel: threading.Event) -> bool:
        file = folder / "speech.wav"
        names = [name for name in (self._settings.name, self._language) if name]
        order = {"text": text, "properties": {"rate": self._settings.rate_wpm}, "file": str(file), "voices": names}
        if self._run(order, folder, FILE_LIMIT_S, cancel) is None:
            return False
        try:
            speech = from_wav(file.read_bytes())
        except FileNotFoundError as err:
            raise VoiceError("pyttsx3 made no sound file") from err
        return play_speech(speech, text, self._settings, self._player, cancel)

    def _let_engine_play(self, text: str, folder: Path, cancel: threading.Event) -> bool:
        rate_wpm, min_s = self._settings.rate_wpm, min_duration_s(text, self._settings.rate_wpm)
        properties = {"rate": rate_wpm, "volume": volume_factor(self._settings.volume)}
        names = [self._settings.name] if self._settings.name else []
        order = {"text": text, "properties": properties, "file": "", "voices": names}
        limit_s = FILE_LIMIT_S + SPEECH_LIMIT_FACTOR * 60 / rate_wpm * (1 + len(text.split()))
        seconds = self._run(order, folder, limit_s, cancel)
        if seconds is not None and seconds < min_s:
            raise VoiceError(f"pyttsx3 was done after {seconds:.2f} s with what takes {min_s:.2f} s; it was not heard")
        return seconds is not None

    def _run(self, order: dict[str, Any], folder: Path, limit_s: float, cancel: threading.Event) -> float | None:
        """Run the engine in a child process; the seconds that it took, None if it was cancelled."""
        # -I: isolated, for this file has the name of the package that the child process imports.
        command = [sys.executable, "-I", "-c", ENGINE_PROGRAM]
        environment = {**os.environ, "TMPDIR": str(folder)}
        try:
            done = run_child(command, json.dumps(order).encode(), limit_s, cancel, environment)
        except VoiceError as err:
            raise self._refuse_engine(err) from err
        if done is None:
            return None
        self._refused.accept("voice.engine")
        name = self._settings.name
        if name and UNKNOWN_VOICE in done.output:
            self._refused.refuse("voice.name", f"{name!r} is no voice of pyttsx3")
        return done.seconds

    def _refuse_engine(self, err: VoiceError) -> VoiceError:
        """The engine cannot be used; returns `err`."""
        self._refused.refuse("voice.engine", str(err))
        return err
